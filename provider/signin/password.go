package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"loge/provider/account"
	"loge/provider/password"
	"loge/provider/web"
	"loge/storage"
)

type passwordPage struct {
	stepPage
	Reason      string // "" first sign-in, "provisional", "ordered", "administrator"
	Minimum     int    // characters
	Strict      bool   // 80 bits on the scale of the CNIL
	Identifier  string // for password managers
	CompanyName string
}

// Password asks for a password of the person's own.
func (s *Signin) Password(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Password, func(w http.ResponseWriter, r *http.Request, v visit) error {
		return s.showPassword(w, r, v, nil)
	})
}

func (s *Signin) showPassword(w http.ResponseWriter, r *http.Request, v visit, faults web.FieldErrors) error {
	page := passwordPage{stepPage: v.page(0), Minimum: s.minimum(v), Strict: s.Security.Strict80Bits, Identifier: account.FormatIdentifier(v.User.Identifier), CompanyName: v.Account.CompanyName}
	switch {
	case v.User.PasswordHash == "":
		page.Step = 2
	case v.Session.ProvisionalID != "":
		page.Reason = "provisional"
	case !v.User.PasswordMustChange && account.NeedsLongerPassword(v.User):
		page.Reason = "administrator"
	default:
		page.Reason = "ordered"
	}
	return s.render(w, r, v, web.View{Template: "password", Errors: faults, Data: page})
}

// minimum length: an administrator, or who is about to become one, holds the
// accesses of others.
func (s *Signin) minimum(v visit) int {
	if v.User.Role == storage.RoleAdministrator || v.appointed() {
		return max(s.Security.AdminMinimum, s.Security.PasswordMinimum)
	}
	return s.Security.PasswordMinimum
}

// appointed says that the person agreed to become the organisation's first
// administrator, and that nobody is yet.
func (f facts) appointed() bool {
	return account.MayClaim(f.User, f.Account) && !f.Session.AdministratorAcceptedAt.IsZero()
}

// SubmitPassword saves the password: the provisional one is consumed, every
// other session ends, this one gets another cookie.
func (s *Signin) SubmitPassword(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Password, func(w http.ResponseWriter, r *http.Request, v visit) error {
		typed := v.Form.Get("nouveau_mot_de_passe")
		faults, err := s.checkPassword(r.Context(), v, typed)
		if err != nil {
			return s.busy(w, err)
		}
		if len(faults) > 0 {
			return s.showPassword(w, r, v, faults)
		}
		hash, err := s.Hasher.Hash(r.Context(), typed)
		if err != nil {
			return s.busy(w, fmt.Errorf("hash password: %w", err))
		}
		cookies, err := s.savePassword(r, v, typed, hash)
		if errors.Is(err, storage.ErrNotFound) { // consumed, expired, suspended or signed out since we looked: look again
			web.SeeOther(w, r, v.with(Password.path()))
			return nil
		}
		if err != nil {
			return fmt.Errorf("save password: %w", err)
		}
		s.Wake()
		for _, cookie := range cookies {
			http.SetCookie(w, cookie)
		}
		return s.onward(w, r, v)
	})
}

func (s *Signin) checkPassword(ctx context.Context, v visit, typed string) (faults web.FieldErrors, err error) {
	about := password.About{
		Names: []string{v.User.GivenName, v.User.FamilyName, v.Account.CompanyName}, Email: v.User.Email,
		Identifier: v.User.Identifier, Number: v.Account.Number, Services: []string{s.Service.Name, s.Service.Operator},
		Minimum: s.minimum(v), Strict: s.Security.Strict80Bits, List: s.PasswordList,
		Provisional: func(code string) bool {
			return v.Provisional.ID != "" && password.Equal(s.provisionalHash(v.User.ID, code), v.Provisional.Hash)
		},
	}
	for _, f := range password.Check(typed, about) {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: f.Key, Vars: f.Vars})
	}
	if len(faults) > 0 || v.User.PasswordHash == "" {
		return faults, nil
	}
	same, _, err := s.Hasher.Verify(ctx, v.User.PasswordHash, typed)
	if err != nil {
		return nil, fmt.Errorf("compare with the former password: %w", err)
	}
	if same {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: password.SameOld})
	}
	return faults, nil
}

// savePassword does it all in one transaction. What decides comes first: of two
// people who would be the first administrator one is, and of two browsers with
// the same provisional password one goes on and the other gets storage.ErrNotFound.
//
// Whoever had to wait after wrong passwords no longer has to, and this browser
// is known from now on.
func (s *Signin) savePassword(r *http.Request, v visit, typed, hash string) (cookies []*http.Cookie, err error) {
	ctx, now := r.Context(), storage.At(s.Now())
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		appointed, err := s.appoint(ctx, q, v)
		if err != nil {
			return err
		}
		if v.Provisional.ID != "" {
			if _, err := q.ConsumeProvisional(ctx, v.Provisional.ID, now); err != nil {
				return err
			}
		}
		if _, err := q.SetPassword(ctx, v.User.ID, hash, password.Length(typed) >= s.Security.AdminMinimum, now); err != nil {
			return err
		}
		if err := q.SupersedeOtherProvisionals(ctx, v.User.ID, v.Provisional.ID, now); err != nil {
			return err
		}
		if err := s.Sessions.EndOthers(ctx, q, v.User.ID, v.Session.ID); err != nil {
			return err
		}
		_, cookie, err := s.Sessions.Rotate(ctx, q, v.Session)
		if err != nil {
			return err
		}
		device, err := s.Sessions.Remember(ctx, q, r, v.User.ID)
		if err != nil {
			return err
		}
		cookies = []*http.Cookie{cookie, device}
		if err := q.ClearFailuresOfUser(ctx, v.User.ID); err != nil {
			return err
		}
		if v.User.PasswordHash != "" && v.User.Email != "" {
			if err := q.Enqueue(ctx, storage.Message{Kind: storage.MessagePasswordChanged, Channel: storage.ByEmail,
				AccountID: v.Account.ID, UserID: v.User.ID, NotBefore: now, CreatedAt: now}); err != nil {
				return err
			}
		}
		if err := q.Audit(ctx, s.event(v.User, "password.changed", nil)); err != nil || !appointed {
			return err
		}
		event := s.event(v.User, "administrator.appointed", map[string]string{"user": v.User.ID})
		event.Subject = v.Account.ID // it is the organisation's business
		return q.Audit(ctx, event)
	})
	return cookies, err
}

// appoint makes the person the first administrator if that was agreed. Who
// comes second stays a member: the account's row decides.
func (s *Signin) appoint(ctx context.Context, q *storage.Queries, v visit) (bool, error) {
	if !v.appointed() {
		return false, nil
	}
	now := storage.At(s.Now())
	err := q.ClaimOrganisation(ctx, v.Account.ID, v.User.ID, now)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("appoint administrator: %w", err)
	}
	return true, q.NotifyAppointed(ctx, v.Account, v.User.ID, now)
}
