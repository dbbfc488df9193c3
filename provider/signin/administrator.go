package signin

import (
	"fmt"
	"net/http"

	"loge/provider/web"
	"loge/storage"
)

type administratorPage struct {
	stepPage
	CompanyName string
	Number      string
}

// Administrator tells the first person of an organisation what signing in
// means, before anything happens.
func (s *Signin) Administrator(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Administrator, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return s.render(w, r, v, web.View{Template: "administrator", Data: administratorPage{
			stepPage: v.page(0), CompanyName: v.Account.CompanyName, Number: v.Account.Number}})
	})
}

// SubmitAdministrator notes the decision on the session: the appointment itself
// comes with the own password, so that whoever only looked has taken nothing.
func (s *Signin) SubmitAdministrator(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Administrator, func(w http.ResponseWriter, r *http.Request, v visit) error {
		switch v.Form.Get("choix") {
		case "continuer":
			err := s.DB.InTx(r.Context(), func(q *storage.Queries) error {
				return q.AcceptAdministrator(r.Context(), v.Session.ID, storage.At(s.Now()))
			})
			if err != nil {
				return fmt.Errorf("accept administrator: %w", err)
			}
			return s.onward(w, r, v)
		case "refuser":
			return s.decline(w, r, v)
		}
		web.SeeOther(w, r, v.with(Administrator.path()))
		return nil
	})
}

type declinedPage struct {
	Flow  string
	Until string
}

func (s *Signin) decline(w http.ResponseWriter, r *http.Request, v visit) error {
	err := s.DB.InTx(r.Context(), func(q *storage.Queries) error {
		if err := s.Sessions.End(r.Context(), q, v.Session.ID); err != nil {
			return err
		}
		if err := q.ForgetFirstSignIn(r.Context(), v.User.ID, v.Session.ID); err != nil {
			return err
		}
		return q.Audit(r.Context(), s.event(v.User, "administrator.declined", map[string]string{"account": v.Account.ID}))
	})
	if err != nil {
		return fmt.Errorf("decline administrator: %w", err)
	}
	s.Sessions.Clear(w)
	return s.render(w, r, v, web.View{Template: "declined", Data: declinedPage{Flow: v.request(), Until: v.page(0).Until}})
}
