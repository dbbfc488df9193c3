package signin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// warning is how long before the end of an idle session the page asks whether
// somebody is still there (RGAA 13.1, WCAG 2.2.1: 20 seconds at least).
const warning = 2 * time.Minute

// timeLimit is that of a page: nil without a session, on the sign-in page, which
// does its work without one, and when the absolute end comes first, because
// then nothing a person answers would put it off.
//
// Help and footer pages have none either: no session ends what they are for.
func (s *Signin) timeLimit(v visit) *web.TimeLimit {
	if v.Session.ID == "" || Next(v.State) == Login {
		return nil
	}
	left := s.Sessions.Remaining(v.Session)
	if left == 0 {
		return nil
	}
	return &web.TimeLimit{Left: left, Ahead: min(warning, s.Sessions.Idle/2), Over: v.with("/connexion/expiration")}
}

// Remaining tells the page's script how long the session lasts, and is no use
// of it: a page that nobody looks at may ask for ever.
func (s *Signin) Remaining(w http.ResponseWriter, r *http.Request) error {
	return s.remaining(w, r, s.Sessions.Look)
}

// Extend is the answer « Rester connecté ».
func (s *Signin) Extend(w http.ResponseWriter, r *http.Request) error {
	return s.remaining(w, r, s.Sessions.Extend)
}

// remaining answers 204 with the seconds that are left in Session-Remaining, 0
// when nothing would put the end off any more; 410 when the session has ended.
func (s *Signin) remaining(w http.ResponseWriter, r *http.Request, find func(*http.Request) (storage.Session, error)) error {
	w.Header().Set("Cache-Control", "no-store")
	current, err := find(r)
	switch {
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrExpired):
		w.WriteHeader(http.StatusGone)
	case err != nil:
		return err
	default:
		w.Header().Set("Session-Remaining", strconv.Itoa(int(s.Sessions.Remaining(current).Seconds())))
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// Expiration is where the script leads when time is up. The page it leaves may
// have come from a POST, which cannot be asked for again; and every tab of the
// session is told, although the first one makes the browser forget its cookie.
func (s *Signin) Expiration(w http.ResponseWriter, r *http.Request) error {
	return s.arrive(w, r, func(w http.ResponseWriter, r *http.Request, v visit) error {
		if v.Session.ID != "" {
			return s.leave(w, r, v, Next(v.State))
		}
		return s.expired(w, r, v)
	})
}

type expiredPage struct {
	Flow string
	Idle string // how long a session may rest
}

func (s *Signin) expired(w http.ResponseWriter, r *http.Request, v visit) error {
	s.Sessions.Clear(w)
	return s.render(w, r, v, web.View{Template: "expired", Status: http.StatusForbidden,
		Data: expiredPage{Flow: v.request(), Idle: text.Duration(s.Sessions.Idle)}})
}
