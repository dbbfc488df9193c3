package secondfactor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"loge/provider/factor"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// newCodes gives the person other recovery codes, and has the session wait until
// they are noted.
func (s *SecondFactor) newCodes(ctx context.Context, q *storage.Queries, v session.Visit) error {
	codes := factor.NewRecoveryCodes()
	hashes := make([][]byte, 0, len(codes))
	for _, code := range codes {
		hashes = append(hashes, factor.HashRecoveryCode(s.codeKey, v.User.ID, code))
	}
	if err := q.ReplaceRecoveryCodes(ctx, v.User.ID, hashes, storage.At(s.Now())); err != nil {
		return err
	}
	return s.Sessions.Wait(ctx, q, v.Session, session.PendingCodes, s.seal(v, []byte(strings.Join(codes, " "))))
}

type codesPage struct {
	common
	Name   string
	Number string
	Date   string
	Codes  []string
}

// Codes shows the recovery codes until they are noted.
func (s *SecondFactor) Codes(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	waiting, _ := s.Sessions.Waits(v.Session, session.PendingCodes)
	plain, ok := s.unseal(v, waiting)
	if !ok {
		return s.noted(w, r, v)
	}
	page := codesPage{common: s.common(v), Name: v.User.Name(), Number: v.Account.Number, Date: text.Date(s.Now())}
	for _, code := range strings.Fields(string(plain)) {
		page.Codes = append(page.Codes, factor.FormatRecoveryCode(code))
	}
	return s.render(w, r, v, web.View{Template: "codes", Data: page})
}

// SubmitCodes: the person has noted them, and nobody will see them again.
func (s *SecondFactor) SubmitCodes(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.noted(w, r, v)
}

func (s *SecondFactor) noted(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx := r.Context()
	waiting, _ := s.Sessions.Waits(v.Session, session.PendingCodes)
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		return s.Sessions.Answered(ctx, q, v.Session, session.PendingCodes, waiting)
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // in another tab
		return err
	}
	return s.Onward(w, r, v.Request)
}

type renewPage struct {
	common
	Left int
}

// Renew asks whether other recovery codes are wanted.
func (s *SecondFactor) Renew(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	if v.User.FactorSince.IsZero() {
		web.SeeOther(w, r, own)
		return nil
	}
	left, err := s.DB.RecoveryCodesLeft(r.Context(), v.User.ID)
	if err != nil {
		return fmt.Errorf("count recovery codes: %w", err)
	}
	return s.render(w, r, v, web.View{Template: "codesrenew", Data: renewPage{common: s.common(v), Left: left}})
}

// SubmitRenew makes them; the former ones are dead.
func (s *SecondFactor) SubmitRenew(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	if v.User.FactorSince.IsZero() {
		web.SeeOther(w, r, own)
		return nil
	}
	ctx, now := r.Context(), storage.At(s.Now())
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := s.newCodes(ctx, q, v); err != nil {
			return err
		}
		if err := q.Notify(ctx, v.User, storage.MessageFactorAdded, map[string]string{"kind": "codes"}, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "factor.codes_renewed", nil))
	})
	if err != nil {
		return fmt.Errorf("renew recovery codes: %w", err)
	}
	s.Wake()
	v.Request = own // where the codes lead back to
	return s.Onward(w, r, v.Request)
}
