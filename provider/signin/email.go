package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"loge/provider/emailcode"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

type emailPage struct {
	stepPage
	Email    string
	Validity string // how long a code works
	Sent     bool   // a new code was just sent
}

// Email asks for the code that was sent to a new address.
func (s *Signin) Email(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Email, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return s.showEmail(w, r, v, nil)
	})
}

func (s *Signin) showEmail(w http.ResponseWriter, r *http.Request, v visit, faults web.FieldErrors) error {
	return s.render(w, r, v, web.View{Template: "email", Errors: faults, Data: emailPage{
		stepPage: v.page(1), Email: v.EmailChange.Email,
		Validity: text.Duration(s.Security.EmailCode), Sent: len(faults) == 0 && r.URL.Query().Get("envoye") != ""}})
}

// SubmitEmail takes the code. The attempt is counted before it is compared.
func (s *Signin) SubmitEmail(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Email, func(w http.ResponseWriter, r *http.Request, v visit) error {
		if v.Form.Get("code") == "" {
			return s.showEmail(w, r, v, web.FieldErrors{{Field: "code", Key: "email.error.code_missing"}})
		}
		ctx, now := r.Context(), storage.At(s.Now())
		var right bool
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			change, ok, err := emailcode.Try(ctx, q, s.Master, v.EmailChange, v.Form.Get("code"), now)
			if err != nil || !ok {
				return err // nil commits the attempt
			}
			if err := q.ConfirmEmail(ctx, v.User.ID, change.Email, change.EmailKey, now); err != nil {
				return err
			}
			right = true
			return q.Audit(ctx, s.event(v.User, "email.confirmed", map[string]string{"by": "code"}))
		})
		switch {
		case errors.Is(err, storage.ErrConflict): // another user confirmed it first
			return s.addressTaken(w, r, v)
		case err != nil:
			return fmt.Errorf("confirm e-mail address: %w", err)
		case !right:
			return s.showEmail(w, r, v, web.FieldErrors{{Field: "code", Key: "email.error.code_wrong"}})
		}
		return s.onward(w, r, v)
	})
}

// addressTaken goes back to the details: this address can never be confirmed.
func (s *Signin) addressTaken(w http.ResponseWriter, r *http.Request, v visit) error {
	ctx := r.Context()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		return errors.Join(q.DropEmailChange(ctx, v.User.ID, storage.OwnAddress), q.ReopenDetails(ctx, v.User.ID))
	})
	if err != nil {
		return fmt.Errorf("drop e-mail address: %w", err)
	}
	return s.showDetails(w, r, v, web.FieldErrors{{Field: "email", Key: "details.error.email_taken"}}, detailsOf(v.User, v.EmailChange.Email))
}

// ResendCode has another code sent.
func (s *Signin) ResendCode(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Email, func(w http.ResponseWriter, r *http.Request, v visit) error {
		err := s.DB.InTx(r.Context(), func(q *storage.Queries) error {
			return emailcode.Ask(r.Context(), q, v.User, storage.OwnAddress, v.EmailChange.Email, v.EmailChange.EmailKey, storage.At(s.Now()))
		})
		if errors.Is(err, emailcode.ErrTooMany) {
			fault, err := s.tooManyCodes(r.Context(), v, "")
			if err != nil {
				return err
			}
			return s.showEmail(w, r, v, web.FieldErrors{fault})
		}
		if err != nil {
			return fmt.Errorf("send another code: %w", err)
		}
		s.Wake()
		path := Email.path() + "?envoye=1"
		if v.request() != "" {
			path += "&demande=" + url.QueryEscape(v.request())
		}
		web.SeeOther(w, r, path)
		return nil
	})
}

// ChangeEmail goes back to the details for another address.
func (s *Signin) ChangeEmail(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Email, func(w http.ResponseWriter, r *http.Request, v visit) error {
		err := s.DB.InTx(r.Context(), func(q *storage.Queries) error { return q.ReopenDetails(r.Context(), v.User.ID) })
		if err != nil {
			return fmt.Errorf("reopen details: %w", err)
		}
		return s.onward(w, r, v)
	})
}
