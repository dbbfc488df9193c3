package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"loge/provider/account"
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
		case errors.Is(err, errTooManyCodes):
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

// readDetails checks the form, in the order of its fields.
func (s *Signin) readDetails(v visit) (form detailsForm, faults web.FieldErrors) {
	fault := func(field, key string) {
		faults = append(faults, web.FieldError{Field: field, Key: "details.error." + key})
	}
	var err error
	if form.GivenName, err = account.PersonName(v.Form.Get("prenom")); errors.Is(err, account.ErrTooLong) {
		fault("prenom", "given_name_long")
	} else if err != nil {
		fault("prenom", "given_name_missing")
	}
	if form.FamilyName, err = account.PersonName(v.Form.Get("nom")); errors.Is(err, account.ErrTooLong) {
		fault("nom", "family_name_long")
	} else if err != nil {
		fault("nom", "family_name_missing")
	}
	form.email, form.emailKey, err = account.EmailKey(v.Form.Get("email"))
	switch {
	case errors.Is(err, account.ErrEmpty) && s.Service.EmailRequired:
		fault("email", "email_missing")
	case err != nil && !errors.Is(err, account.ErrEmpty):
		fault("email", "email_wrong")
	}
	if form.Phone, err = account.Phone(v.Form.Get("telephone")); err != nil {
		fault("telephone", "phone_wrong")
	}
	if v.Account.Kind == storage.Organisation {
		if form.JobTitle, err = account.Line(v.Form.Get("fonction")); err != nil && !errors.Is(err, account.ErrEmpty) {
			fault("fonction", "job_title_long")
		}
	}
	return form, faults
}

// taken says whether another user has the address.
func (s *Signin) taken(ctx context.Context, u storage.User, emailKey string) (bool, error) {
	owner, err := s.DB.UserByEmail(ctx, emailKey)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for e-mail address: %w", err)
	}
	return owner.ID != u.ID, nil
}

var errTooManyCodes = errors.New("too many codes were asked for")

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
			return s.askCode(ctx, q, v, form.email, form.emailKey)
		}
		if err := errors.Join(q.DropEmailChange(ctx, v.User.ID), q.ConfirmEmail(ctx, v.User.ID, form.email, form.emailKey, now)); err != nil {
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

// askCode puts the address aside and has a code sent to it.
func (s *Signin) askCode(ctx context.Context, q *storage.Queries, v visit, email, emailKey string) error {
	now := storage.At(s.Now())
	_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: v.User.ID, Email: email, EmailKey: emailKey}, now)
	if errors.Is(err, storage.ErrNotFound) {
		return errTooManyCodes
	}
	if err != nil {
		return fmt.Errorf("put e-mail address aside: %w", err)
	}
	return q.Enqueue(ctx, storage.Message{Kind: storage.MessageEmailCode, Channel: storage.ByEmail,
		AccountID: v.Account.ID, UserID: v.User.ID, NotBefore: now, CreatedAt: now})
}

// tooManyCodes says how long to wait for the next code.
func (s *Signin) tooManyCodes(ctx context.Context, v visit, field string) (web.FieldError, error) {
	until, err := s.DB.EmailCodeWait(ctx, v.User.ID)
	if err != nil {
		return web.FieldError{}, fmt.Errorf("look when a code may be sent: %w", err)
	}
	return web.FieldError{Field: field, Key: "email.error.too_many",
		Vars: []string{"duree", text.Duration(until.Time().Sub(s.Now()))}}, nil
}
