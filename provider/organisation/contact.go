package organisation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"loge/provider/account"
	"loge/provider/emailcode"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const (
	contactPath = path + "/adresse"
	codePath    = contactPath + "/code"
)

type contactPage struct {
	Email   string // the present one, "" = none
	Waiting string // one whose code can still be typed, "" = none
	Done    string
}

// Contact shows the organisation's e-mail address and asks for another one.
func (o *Organisation) Contact(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		return o.showContact(w, r, v, nil, nil)
	})(w, r, v)
}

func (o *Organisation) showContact(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors, typed url.Values) error {
	page := contactPage{Email: v.Account.ContactEmail, Done: done(r, "adresse", "code")}
	waiting, err := o.DB.EmailChangeOf(r.Context(), v.User.ID, storage.OrganisationAddress)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("load address to confirm: %w", err)
	}
	if o.Now().Before(max(waiting.ExpiresAt, waiting.CreatedAt).Time().Add(o.Security.EmailCode)) {
		page.Waiting = waiting.Email
	}
	return o.render(w, r, v, web.View{Template: "organisation_contact", Errors: faults, Values: typed, Data: page})
}

// SubmitContact puts the new address aside and has a code sent there. Whose it
// is besides does not matter: a code typed here says that the organisation reads it.
func (o *Organisation) SubmitContact(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		refuse := func(fault web.FieldError) error { return o.showContact(w, r, v, web.FieldErrors{fault}, v.Form) }
		email, key, err := account.EmailKey(v.Form.Get("email"))
		if errors.Is(err, account.ErrEmpty) {
			return refuse(web.FieldError{Field: "email", Key: "organisation.contact.error.missing"})
		}
		if err != nil {
			return refuse(web.FieldError{Field: "email", Key: "details.error.email_wrong"})
		}
		if _, present, err := account.EmailKey(v.Account.ContactEmail); err == nil && key == present {
			return refuse(web.FieldError{Field: "email", Key: "organisation.contact.error.same"})
		}
		err = o.askCode(r.Context(), v, email, key)
		switch {
		case errors.Is(err, emailcode.ErrTooMany):
			fault, err := o.tooManyCodes(r.Context(), v, "email")
			if err != nil {
				return err
			}
			return refuse(fault)
		case errors.Is(err, storage.ErrNotFound):
			return web.NotFound() // no administrator any more
		case err != nil:
			return fmt.Errorf("ask for a code: %w", err)
		}
		web.SeeOther(w, r, codePath)
		return nil
	})(w, r, v)
}

func (o *Organisation) askCode(ctx context.Context, v session.Visit, email, key string) error {
	now := storage.At(o.Now())
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.HoldAdministrator(ctx, v.Account.ID, v.User.ID, now); err != nil {
			return err
		}
		if err := emailcode.Ask(ctx, q, v.User, storage.OrganisationAddress, email, key, now); err != nil {
			return err
		}
		return q.Audit(ctx, o.event(v, "contact_asked", "", nil))
	})
	if err == nil {
		o.Wake()
	}
	return err
}

func (o *Organisation) tooManyCodes(ctx context.Context, v session.Visit, field string) (web.FieldError, error) {
	wait, err := emailcode.Wait(ctx, o.DB, v.User.ID, storage.OrganisationAddress, o.Now())
	return web.FieldError{Field: field, Key: "email.error.too_many", Vars: []string{"duree", text.Duration(wait)}}, err
}

type codePage struct {
	Email    string
	Validity string // how long a code works
	Sent     bool   // a new code was just sent
}

// ContactCode asks for the code that was sent to the new address.
func (o *Organisation) ContactCode(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.waiting(w, r, v, func(waiting storage.EmailChange) error { return o.showCode(w, r, v, waiting, nil) })
}

// waiting runs h for an administrator who has asked for another address. Where
// none waits any more, because it was confirmed in another tab or another
// administrator was faster, the present one is shown.
func (o *Organisation) waiting(w http.ResponseWriter, r *http.Request, v session.Visit, h func(storage.EmailChange) error) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		waiting, err := o.DB.EmailChangeOf(r.Context(), v.User.ID, storage.OrganisationAddress)
		if errors.Is(err, storage.ErrNotFound) {
			web.SeeOther(w, r, contactPath+"?fait=code")
			return nil
		}
		if err != nil {
			return fmt.Errorf("load address to confirm: %w", err)
		}
		return h(waiting)
	})(w, r, v)
}

func (o *Organisation) showCode(w http.ResponseWriter, r *http.Request, v session.Visit, waiting storage.EmailChange, faults web.FieldErrors) error {
	return o.render(w, r, v, web.View{Template: "organisation_code", Errors: faults, Data: codePage{Email: waiting.Email,
		Validity: text.Duration(o.Security.EmailCode), Sent: len(faults) == 0 && r.URL.Query().Get("envoye") != ""}})
}

// SubmitContactCode takes the code. The address changes now; the former one and
// every administrator are told.
func (o *Organisation) SubmitContactCode(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.waiting(w, r, v, func(waiting storage.EmailChange) error {
		if v.Form.Get("code") == "" {
			return o.showCode(w, r, v, waiting, web.FieldErrors{{Field: "code", Key: "email.error.code_missing"}})
		}
		right, err := o.tryCode(r.Context(), v, waiting)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return web.NotFound() // no administrator any more
		case err != nil:
			return fmt.Errorf("confirm the organisation's address: %w", err)
		case !right:
			return o.waiting(w, r, v, func(waiting storage.EmailChange) error { // it may have gone meanwhile
				return o.showCode(w, r, v, waiting, web.FieldErrors{{Field: "code", Key: "email.error.code_wrong"}})
			})
		}
		o.Wake()
		web.SeeOther(w, r, contactPath+"?fait=adresse")
		return nil
	})
}

// tryCode counts the attempt, and with the right code changes the address. The
// account is held first: of two administrators at once one changes it, and the
// other's code is dead by then.
func (o *Organisation) tryCode(ctx context.Context, v session.Visit, waiting storage.EmailChange) (right bool, err error) {
	now := storage.At(o.Now())
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.HoldAdministrator(ctx, v.Account.ID, v.User.ID, now); err != nil {
			return err
		}
		proven, ok, err := emailcode.Try(ctx, q, o.Master, waiting, v.Form.Get("code"), now)
		if right = ok; err != nil || !ok {
			return err // nil commits the attempt
		}
		return o.changeContact(ctx, q, v, proven.Email, now)
	})
	return right, err
}

func (o *Organisation) changeContact(ctx context.Context, q *storage.Queries, v session.Visit, email string, now storage.Time) error {
	former, err := q.Account(ctx, v.Account.ID)
	if err != nil {
		return err
	}
	if err := q.ChangeContact(ctx, v.Account.ID, email, now); err != nil {
		return err
	}
	facts := told(v)
	facts["address"] = account.MaskEmail(email)
	administrators, err := q.AdministratorsOf(ctx, v.Account.ID)
	if err != nil {
		return err
	}
	for _, u := range administrators {
		if u.State == storage.StateSuspended {
			continue
		}
		if err := q.Notify(ctx, u, storage.MessageContactChanged, facts, now); err != nil {
			return err
		}
	}
	if former.ContactEmail != "" {
		facts["former"] = former.ContactEmail
		if err := q.Enqueue(ctx, storage.Message{Kind: storage.MessageContactChanged, Channel: storage.ByEmail, AccountID: v.Account.ID, UserID: v.User.ID,
			Data: facts, NotBefore: now, CreatedAt: now}); err != nil {
			return err
		}
	}
	return q.Audit(ctx, o.event(v, "contact_changed", "", nil))
}

// ResendContactCode has another code sent.
func (o *Organisation) ResendContactCode(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.waiting(w, r, v, func(waiting storage.EmailChange) error {
		err := o.askCode(r.Context(), v, waiting.Email, waiting.EmailKey)
		switch {
		case errors.Is(err, emailcode.ErrTooMany):
			fault, err := o.tooManyCodes(r.Context(), v, "")
			if err != nil {
				return err
			}
			return o.showCode(w, r, v, waiting, web.FieldErrors{fault})
		case errors.Is(err, storage.ErrNotFound):
			return web.NotFound()
		case err != nil:
			return fmt.Errorf("send another code: %w", err)
		}
		web.SeeOther(w, r, codePath+"?envoye=1")
		return nil
	})
}
