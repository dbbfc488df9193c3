package signin

import (
	"fmt"
	"net/http"

	"loge/provider/web"
	"loge/storage"
)

type choosePage struct {
	Flow        string
	Name        string
	CompanyName string // of an organisation, else ""
	Number      string
}

// Choose asks who is signed in already whether this is the account to use: an
// application wanted it asked (prompt=select_account), because people with
// housing in several départements have an account for each.
func (s *Signin) Choose(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Choose, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return s.render(w, r, v, web.View{Template: "choose", Data: choosePage{
			Flow: v.request(), Name: v.User.Name(), CompanyName: v.Account.CompanyName, Number: v.Account.Number}})
	})
}

// SubmitChoose goes on with the account, or to the sign-in of another one. The
// session here ends only when that has been proven.
func (s *Signin) SubmitChoose(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Choose, func(w http.ResponseWriter, r *http.Request, v visit) error {
		var store func(q *storage.Queries) error
		switch v.Form.Get("choix") {
		case "continuer":
			store = func(q *storage.Queries) error { return q.SetFlowSession(r.Context(), v.Flow.ID, v.Session.ID) }
		case "changer":
			store = func(q *storage.Queries) error { return q.SetFlowForceSignIn(r.Context(), v.Flow.ID) }
		default:
			web.SeeOther(w, r, v.with(Choose.path()))
			return nil
		}
		if err := s.DB.InTx(r.Context(), store); err != nil {
			return fmt.Errorf("choose account: %w", err)
		}
		return s.onward(w, r, v)
	})
}
