package signin

import (
	"net/http"

	"loge/provider/web"
)

type refusedPage struct {
	Flow string
	Kind string
	Back string // to the text
}

// Refuse says what not accepting a text means. It stores nothing: what was
// saved before stays, and the text can be accepted at any later time.
func (s *Signin) Refuse(w http.ResponseWriter, r *http.Request) error {
	return s.arrive(w, r, func(w http.ResponseWriter, r *http.Request, v visit) error {
		next := Next(v.State)
		if next != Rules && next != Terms {
			return s.leave(w, r, v, next)
		}
		return s.render(w, r, v, web.View{Template: "refused",
			Data: refusedPage{Flow: v.request(), Kind: string(next), Back: v.with(next.path())}})
	})
}
