package signin

import "net/http"

// Rules shows the rules of use, which each person accepts.
func (s *Signin) Rules(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Rules, s.rules().show)
}

// SubmitRules stores their acceptance.
func (s *Signin) SubmitRules(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Rules, s.rules().accept)
}
