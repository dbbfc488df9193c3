package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"loge/provider/account"
	"loge/provider/emailcode"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

type detailsPage struct {
	stepPage
	Organisation  bool
	EmailRequired bool
}

// Details asks for the person's details, filled in with what is known.
func (s *Signin) Details(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Details, func(w http.ResponseWriter, r *http.Request, v visit) error {
		email := v.User.Email
		if v.EmailChange.UserID != "" {
			email = v.EmailChange.Email
		}
		return s.showDetails(w, r, v, nil, detailsOf(v.User, email))
	})
}

// detailsOf is the form filled in with what is known.
func detailsOf(u storage.User, email string) url.Values {
	return url.Values{"prenom": {u.GivenName}, "nom": {u.FamilyName}, "email": {email}, "telephone": {u.Phone}, "fonction": {u.JobTitle}}
}

func (s *Signin) showDetails(w http.ResponseWriter, r *http.Request, v visit, faults web.FieldErrors, typed url.Values) error {
	return s.render(w, r, v, web.View{Template: "details", Errors: faults, Values: typed, Data: detailsPage{
		stepPage: v.page(1), Organisation: v.Account.Kind == storage.Organisation, EmailRequired: s.Service.EmailRequired}})
}

// SubmitDetails saves the details. An address that is not proven yet waits
// aside for its code.
func (s *Signin) SubmitDetails(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Details, func(w http.ResponseWriter, r *http.Request, v visit) error {
		form, faults := s.readDetails(v)
		if len(faults) == 0 && form.email != "" {
			taken, err := s.taken(r.Context(), v.User, form.emailKey)
			if err != nil {
				return err
			}
			if taken {
				faults = append(faults, web.FieldError{Field: "email", Key: "details.error.email_taken"})
			}
		}
		if len(faults) > 0 {
			return s.showDetails(w, r, v, faults, v.Form)
		}
		err := s.saveDetails(r.Context(), v, form)
		switch {
		case errors.Is(err, storage.ErrConflict): // taken since we looked
			return s.showDetails(w, r, v, web.FieldErrors{{Field: "email", Key: "details.error.email_taken"}}, v.Form)
		case errors.Is(err, emailcode.ErrTooMany):
			fault, err := s.tooManyCodes(r.Context(), v, "email")
			if err != nil {
				return err
			}
			return s.showDetails(w, r, v, web.FieldErrors{fault}, v.Form)
		case err != nil:
			return fmt.Errorf("save details: %w", err)
		}
		return s.onward(w, r, v)
	})
}

// detailsForm is the form after validation.
type detailsForm struct {
	storage.Details
	email, emailKey string // empty: none
}

// readDetails checks the form, in the order of its fields: the address stands
// behind the names.
func (s *Signin) readDetails(v visit) (form detailsForm, faults web.FieldErrors) {
	details, wrong := account.Details(v.Form.Get, v.Account.Kind == storage.Organisation)
	form.Details = details
	for _, f := range wrong {
		faults = append(faults, web.FieldError{Field: f.Field, Key: f.Key})
	}
	var err error
	form.email, form.emailKey, err = account.EmailKey(v.Form.Get("email"))
	key := ""
	switch {
	case errors.Is(err, account.ErrEmpty) && s.Service.EmailRequired:
		key = "details.error.email_missing"
	case err != nil && !errors.Is(err, account.ErrEmpty):
		key = "details.error.email_wrong"
	}
	if key == "" {
		return form, faults
	}
	behind := slices.IndexFunc(faults, func(f web.FieldError) bool { return f.Field != "prenom" && f.Field != "nom" })
	if behind < 0 {
		behind = len(faults)
	}
	return form, slices.Insert(faults, behind, web.FieldError{Field: "email", Key: key})
}

// taken says whether the address is somebody else's.
func (s *Signin) taken(ctx context.Context, u storage.User, emailKey string) (bool, error) {
	taken, err := s.DB.EmailTaken(ctx, u.ID, emailKey, storage.At(s.Now()))
	if err != nil {
		return false, fmt.Errorf("look for e-mail address: %w", err)
	}
	return taken, nil
}

// saveDetails: an address is proven when the provisional password typed here
// was sent to it, or when a code was typed before.
func (s *Signin) saveDetails(ctx context.Context, v visit, form detailsForm) error {
	now := storage.At(s.Now())
	proven := form.emailKey == v.Provisional.EmailKey || form.emailKey == v.User.EmailKey && !v.User.EmailVerifiedAt.IsZero()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.SaveDetails(ctx, v.User.ID, form.Details, now); err != nil {
			return err
		}
		if form.emailKey != "" && !proven {
			return emailcode.Ask(ctx, q, v.User, storage.OwnAddress, form.email, form.emailKey, now)
		}
		if err := errors.Join(q.DropEmailChange(ctx, v.User.ID, storage.OwnAddress), q.ConfirmEmail(ctx, v.User.ID, form.email, form.emailKey, now)); err != nil {
			return err
		}
		if form.emailKey == "" {
			return nil
		}
		return q.Audit(ctx, s.event(v.User, "email.confirmed", map[string]string{"by": "provisional password"}))
	})
	if err == nil {
		s.Wake()
	}
	return err
}

// tooManyCodes says how long to wait for the next code.
func (s *Signin) tooManyCodes(ctx context.Context, v visit, field string) (web.FieldError, error) {
	wait, err := emailcode.Wait(ctx, s.DB, v.User.ID, storage.OwnAddress, s.Now())
	return web.FieldError{Field: field, Key: "email.error.too_many", Vars: []string{"duree", text.Duration(wait)}}, err
}
