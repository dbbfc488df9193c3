package signin

import (
	"net/http"

	"loge/provider/session"
)

// SignedIn runs h for people who have finished the sign-in, and sends all others
// to the step that is missing.
func (s *Signin) SignedIn(h func(http.ResponseWriter, *http.Request, session.Visit) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
			return h(w, r, session.Visit{Session: v.Session, User: v.User, Account: v.Account, Form: v.Form, TimeLimit: s.timeLimit(v)})
		})
	}
}

// Turn runs h when it is that step's turn, and sends everybody else to the step
// that is missing: for steps whose pages are those of another feature.
func (s *Signin) Turn(step Step, h func(http.ResponseWriter, *http.Request, session.Visit) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.turn(w, r, step, func(w http.ResponseWriter, r *http.Request, v visit) error {
			return h(w, r, session.Visit{Session: v.Session, User: v.User, Account: v.Account, Form: v.Form, TimeLimit: s.timeLimit(v),
				Step: string(step), Flow: v.Flow, Request: v.request()})
		})
	}
}
