package signin

import "net/http"

// Suite asks the table and redirects: to the step whose turn it is, or to the
// end. A person who refused to share or to add a factor, or may not open the
// application, goes back to the application, which is told. Who comes from an application with a session that has expired has lost
// nothing on a page, and simply signs in.
func (s *Signin) Suite(w http.ResponseWriter, r *http.Request) error {
	return s.arrive(w, r, func(w http.ResponseWriter, r *http.Request, v visit) error {
		next := Next(v.State)
		if (next == Consent || next == Access || next == Enrolment) && !v.Flow.DeniedAt.IsZero() {
			next = Done
		}
		v.Expired = false
		return s.leave(w, r, v, next)
	})
}
