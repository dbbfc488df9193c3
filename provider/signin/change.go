package signin

import "net/http"

// Change is « Changer de compte »: the sign-in page for who is signed in already
// and has an account in another département. The session here ends only when the
// other one has been proven.
func (s *Signin) Change(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return s.showLogin(w, r, v, http.StatusOK, nil, nil)
	})
}
