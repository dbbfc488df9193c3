package signin

import (
	"errors"
	"net/http"

	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// Logout asks whether to sign out; a browser that is not signed in is told so.
func (s *Signin) Logout(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r)
	if err != nil {
		return err
	}
	if err := s.rest(r, &v); err != nil {
		return err
	}
	if v.Session.ID == "" {
		return s.render(w, r, v, web.View{Template: "loggedout", Data: stepPage{Flow: v.request()}})
	}
	return s.render(w, r, v, web.View{Template: "logout", Data: web.LogoutPage{Action: "/deconnexion"}})
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
	if err := s.rest(r, &v); err != nil {
		return err
	}
	ended := v.Session.ID
	if err := s.end(w, r, &v, reason); err != nil {
		return err
	}
	s.Wake() // the applications are told at once
	frames, err := s.Sessions.Frames(r.Context(), ended, s.Issuer)
	if err != nil {
		return err
	}
	return s.render(w, r, v, web.View{Template: "loggedout", Data: stepPage{Flow: v.request()}, Frames: frames})
}

// rest makes a visit whose session is idle one of that session, which is to be
// ended or to go on: applications count on it still.
func (s *Signin) rest(r *http.Request, v *visit) error {
	if v.Session.ID != "" {
		return nil
	}
	resting, err := s.Sessions.Resting(r)
	if errors.Is(err, session.ErrNone) {
		return nil
	}
	v.Session, v.User = resting, storage.User{ID: resting.UserID}
	return err
}
