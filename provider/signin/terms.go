package signin

import "net/http"

// Terms shows the terms of use, which an organisation's person accepts in its
// name.
func (s *Signin) Terms(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Terms, s.terms().show)
}

// SubmitTerms stores their acceptance.
func (s *Signin) SubmitTerms(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Terms, s.terms().accept)
}
