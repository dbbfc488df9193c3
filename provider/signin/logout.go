package signin

import (
	"net/http"

	"loge/provider/web"
)

// Logout asks whether to sign out; a browser that is not signed in is told so.
func (s *Signin) Logout(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r)
	if err != nil {
		return err
	}
	page := "logout"
	if v.Session.ID == "" {
		page = "loggedout"
	}
	return s.render(w, r, v, web.View{Template: page, Data: stepPage{Flow: v.Flow.ID}})
}

// SubmitLogout signs out. A second time, or without a session, it says the same.
func (s *Signin) SubmitLogout(w http.ResponseWriter, r *http.Request) error {
	return s.signOut(w, r, "signed out")
}

// Stop leaves the sign-in in the middle; what was saved stays.
func (s *Signin) Stop(w http.ResponseWriter, r *http.Request) error {
	return s.signOut(w, r, "stopped")
}

func (s *Signin) signOut(w http.ResponseWriter, r *http.Request, reason string) error {
	v, err := s.visit(w, r)
	if err != nil {
		return err
	}
	if err := s.end(w, r, &v, reason); err != nil {
		return err
	}
	return s.render(w, r, v, web.View{Template: "loggedout", Data: stepPage{Flow: v.Flow.ID}})
}
