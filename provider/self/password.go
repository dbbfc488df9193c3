package self

import (
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/text/unicode/norm"

	"loge/provider/account"
	"loge/provider/password"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type passwordPage struct {
	Minimum    int
	Identifier string // for password managers
	Others     bool   // the box is checked
}

// Password asks for the current password and another one.
func (s *Self) Password(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.showPassword(w, r, v, nil, true)
}

func (s *Self) showPassword(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors, others bool) error {
	view := web.View{Template: "selfpassword", Errors: faults, Data: passwordPage{Minimum: s.minimum(v.User),
		Identifier: account.FormatIdentifier(v.User.Identifier), Others: others}}
	if w.Header().Get("Retry-After") != "" {
		view.Status = http.StatusTooManyRequests
	}
	return s.render(w, r, v, view)
}

// SubmitPassword changes the password: this browser gets another cookie, the
// others are signed out unless the person wants it otherwise. The new password
// is looked at first, because that costs no try.
func (s *Self) SubmitPassword(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, current, typed := r.Context(), v.Form.Get("mot_de_passe"), v.Form.Get("nouveau_mot_de_passe")
	others := v.Form.Get("autres") == "oui"
	var faults web.FieldErrors
	if current == "" {
		faults = append(faults, web.FieldError{Field: "mot_de_passe", Key: "self.error.current_missing"})
	}
	faults = append(faults, s.checkPassword(v, current, typed)...)
	if len(faults) > 0 {
		return s.showPassword(w, r, v, faults, others)
	}
	fault, err := s.prove(w, r, v, current)
	if err != nil {
		return busy(w, err)
	}
	if fault.Key != "" {
		return s.showPassword(w, r, v, web.FieldErrors{fault}, others)
	}
	hash, err := s.Hasher.Hash(ctx, typed)
	if err != nil {
		return busy(w, fmt.Errorf("hash password: %w", err))
	}
	cookies, err := s.savePassword(r, v, typed, hash, others)
	if errors.Is(err, storage.ErrNotFound) { // changed, suspended or signed out since we looked
		web.SeeOther(w, r, path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("save password: %w", err)
	}
	s.Wake()
	for _, cookie := range cookies {
		http.SetCookie(w, cookie)
	}
	web.SeeOther(w, r, path+"?fait=mot-de-passe")
	return nil
}

// minimum length: an administrator holds the accesses of others.
func (s *Self) minimum(u storage.User) int {
	if u.Role == storage.RoleAdministrator {
		return max(s.Security.AdminMinimum, s.Security.PasswordMinimum)
	}
	return s.Security.PasswordMinimum
}

func (s *Self) checkPassword(v session.Visit, current, typed string) (faults web.FieldErrors) {
	about := password.About{
		Names: []string{v.User.GivenName, v.User.FamilyName, v.Account.CompanyName}, Email: v.User.Email,
		Identifier: v.User.Identifier, Number: v.Account.Number, Services: []string{s.Service.Name, s.Service.Operator},
		Minimum: s.minimum(v.User), Strict: s.Security.Strict80Bits, List: s.PasswordList,
	}
	for _, f := range password.Check(typed, about) {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: f.Key, Vars: f.Vars})
	}
	if len(faults) == 0 && norm.NFC.String(typed) == norm.NFC.String(current) {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: password.SameOld})
	}
	return faults
}

// savePassword does it all in one transaction. auth_time stays: the person has
// not signed in again, and an application that wants that asks for it.
func (s *Self) savePassword(r *http.Request, v session.Visit, typed, hash string, others bool) (cookies []*http.Cookie, err error) {
	ctx, u, now := r.Context(), v.User, storage.At(s.Now())
	details := map[string]string{"by": "current password", "others": "signed out"}
	if !others {
		details["others"] = "kept"
	}
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.ChangePassword(ctx, u.ID, u.PasswordHash, hash, password.Length(typed) >= s.Security.AdminMinimum, now); err != nil {
			return err
		}
		if err := q.SupersedeOtherProvisionals(ctx, u.ID, "", now); err != nil {
			return err
		}
		if others {
			if err := s.Sessions.EndOthers(ctx, q, u.ID, v.Session.ID); err != nil {
				return err
			}
		}
		_, cookie, err := s.Sessions.Rotate(ctx, q, v.Session)
		if err != nil {
			return err
		}
		known, err := s.Sessions.Remember(ctx, q, r, u.ID)
		if err != nil {
			return err
		}
		cookies = []*http.Cookie{cookie, known}
		if err := q.ClearFailuresOfUser(ctx, u.ID); err != nil {
			return err
		}
		if err := q.Notify(ctx, u, storage.MessagePasswordChanged, map[string]string{"others": details["others"]}, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "password.changed", details))
	})
	return cookies, err
}
