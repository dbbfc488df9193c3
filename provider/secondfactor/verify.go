package secondfactor

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"loge/provider/factor"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type verifyPage struct {
	common
	Application bool   // the person has an application of codes
	Options     string // question to a passkey, "" = there is none
}

// Verify asks for a factor.
func (s *SecondFactor) Verify(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.showVerify(w, r, v, nil)
}

func (s *SecondFactor) showVerify(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors) error {
	list, err := s.factors(r, v)
	if err != nil {
		return err
	}
	page := verifyPage{common: s.common(v), Application: len(of(list, factor.KindTOTP)) > 0}
	if h := holder(v, list); s.passkeys != nil && len(h.Keys) > 0 {
		c, err := s.ask(r, v, session.PendingKey, func() (factor.Ceremony, error) { return s.passkeys.Ask(h) })
		if err != nil {
			return err
		}
		page.Options = c.Options
	}
	view := web.View{Template: "verify", Errors: faults, Passkey: page.Options != "", Data: page}
	if w.Header().Get("Retry-After") != "" {
		view.Status = http.StatusTooManyRequests
	}
	return s.render(w, r, v, view)
}

// SubmitVerify takes a code of an application or of the list: the number of
// digits tells which.
func (s *SecondFactor) SubmitVerify(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	code, kind := factor.ReadCode(v.Form.Get("code"))
	switch {
	case v.Form.Get("code") == "":
		return s.showVerify(w, r, v, web.FieldErrors{{Field: "code", Key: "factor.error.missing"}})
	case kind == factor.NoCode:
		return s.showVerify(w, r, v, web.FieldErrors{{Field: "code", Key: "factor.error.form"}})
	}
	a, fault, err := s.count(w, r, v)
	if err != nil {
		return err
	}
	if fault.Key != "" {
		return s.showVerify(w, r, v, web.FieldErrors{fault})
	}
	use, details, err := s.match(r, v, code, kind)
	if err != nil {
		return err
	}
	if use != nil {
		err = s.prove(w, r, v, factor.WithCode(v.Session.AMR), details, func(q *storage.Queries) error {
			// The address first, as everywhere.
			if err := s.absolve(r.Context(), q, a); err != nil {
				return err
			}
			return use(q)
		})
		if err == nil {
			return s.Onward(w, r, v.Request)
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	if err := s.refused(r, v, a); err != nil {
		return err
	}
	return s.showVerify(w, r, v, web.FieldErrors{{Field: "code", Key: "factor.error.wrong"}})
}

// match returns what uses the code up, nil when it is wrong, and what the journal
// says of it.
func (s *SecondFactor) match(r *http.Request, v session.Visit, code string, kind factor.Typed) (use func(*storage.Queries) error, details map[string]string, err error) {
	ctx, now := r.Context(), storage.At(s.Now())
	if kind == factor.RecoveryCode {
		return func(q *storage.Queries) error { return s.recover(r, v, q, code) }, map[string]string{"with": "recovery code"}, nil
	}
	list, err := s.factors(r, v)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range of(list, factor.KindTOTP) {
		if step, ok := factor.Match(k.secret, code, k.Counter, s.Now()); ok {
			return func(q *storage.Queries) error { return q.UseFactor(ctx, k.ID, step, now) },
				map[string]string{"with": k.Kind, "factor": k.ID}, nil
		}
	}
	return nil, nil, nil
}

// recover uses up a code of the list, and tells the person by e-mail.
func (s *SecondFactor) recover(r *http.Request, v session.Visit, q *storage.Queries, code string) error {
	ctx, now := r.Context(), storage.At(s.Now())
	if err := q.UseRecoveryCode(ctx, v.User.ID, factor.HashRecoveryCode(s.codeKey, v.User.ID, code), now); err != nil {
		return err
	}
	left, err := q.RecoveryCodesLeft(ctx, v.User.ID)
	if err != nil {
		return err
	}
	return q.Notify(ctx, v.User, storage.MessageRecoveryCodeUsed, map[string]string{"left": strconv.Itoa(left)}, now)
}

// prove stores what was shown and raises the session, in one transaction.
// storage.ErrNotFound: it was used before, or the session has ended.
func (s *SecondFactor) prove(w http.ResponseWriter, r *http.Request, v session.Visit, amr string, details map[string]string, use func(*storage.Queries) error) error {
	ctx := r.Context()
	var cookie *http.Cookie
	err := s.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		if err := use(q); err != nil {
			return err
		}
		if cookie, err = s.Sessions.Raise(ctx, q, v.Session, amr); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "factor.shown", details))
	})
	if err != nil {
		return fmt.Errorf("record the factor: %w", err)
	}
	s.Wake()
	http.SetCookie(w, cookie)
	return nil
}
