package organisation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type invitePage struct {
	Rights []choices
}

// Invite asks whom to give an access.
func (o *Organisation) Invite(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		rights, err := o.rightsFor(r.Context(), storage.User{ID: v.User.ID})
		if err != nil {
			return err
		}
		choose(rights, nil)
		return o.showInvite(w, r, v, rights, nil)
	})(w, r, v)
}

func (o *Organisation) showInvite(w http.ResponseWriter, r *http.Request, v session.Visit, rights []choices, faults web.FieldErrors) error {
	return o.render(w, r, v, web.View{Template: "organisation_invite", Errors: faults, Values: v.Form, Data: invitePage{rights}})
}

// SubmitInvite opens an access of his own for a colleague. Identifier and
// provisional password leave in two mails.
func (o *Organisation) SubmitInvite(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		ctx := r.Context()
		rights, err := o.rightsFor(ctx, storage.User{ID: v.User.ID})
		if err != nil {
			return err
		}
		got, denied := chosen(v.Form, rights)
		choose(rights, got)
		u, faults := invited(v.Form.Get)
		switch {
		case denied != nil:
			faults = append(faults, web.FieldError{Key: refusal(denied)})
		case len(rights) > 0 && len(got) == 0:
			faults = append(faults, web.FieldError{Field: "droits", Key: "organisation.error.no_right"})
		}
		if len(faults) > 0 {
			return o.showInvite(w, r, v, rights, faults)
		}
		taken, err := o.DB.EmailTaken(ctx, "", u.EmailKey, storage.At(o.Now()))
		if err != nil {
			return fmt.Errorf("look for e-mail address: %w", err)
		}
		if taken {
			return o.showInvite(w, r, v, rights, web.FieldErrors{{Field: "email", Key: "organisation.error.email_taken"}})
		}
		for range 3 {
			u.ID, u.Identifier, u.CreatedAt = storage.NewID(), account.NewIdentifier(), storage.At(o.Now())
			err = o.DB.InTx(ctx, func(q *storage.Queries) error { return o.open(ctx, q, v, u, rights, got) })
			if !errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrFull) {
				break
			}
			if _, taken := o.DB.UserByEmail(ctx, u.EmailKey); taken == nil {
				break
			} // else the identifier is taken, once in 38 billion
		}
		switch {
		case errors.Is(err, storage.ErrFull):
			return o.showInvite(w, r, v, rights, web.FieldErrors{{Key: "organisation.error.full", Vars: []string{"n", strconv.Itoa(o.Organisations.People)}}})
		case errors.Is(err, storage.ErrConflict):
			return o.showInvite(w, r, v, rights, web.FieldErrors{{Field: "email", Key: "organisation.error.email_taken"}})
		case overtaken(err):
			return web.NotFound() // whoever asks is no administrator any more
		case err != nil:
			return fmt.Errorf("invite somebody: %w", err)
		}
		o.Wake()
		web.SeeOther(w, r, personPath(u.ID)+"?fait=invite")
		return nil
	})(w, r, v)
}

// invited reads the person of the form.
func invited(form func(string) string) (u storage.User, faults web.FieldErrors) {
	details, wrong := account.Details(form, true)
	u.GivenName, u.FamilyName, u.JobTitle = details.GivenName, details.FamilyName, details.JobTitle
	for _, f := range wrong {
		// Saisissez « le » prénom: it is not one's own.
		key := strings.Replace(f.Key, "details.error.", "organisation.error.", 1)
		if strings.HasSuffix(key, "_long") {
			key = f.Key
		}
		faults = append(faults, web.FieldError{Field: f.Field, Key: key})
	}
	var err error
	u.Email, u.EmailKey, err = account.EmailKey(form("email"))
	if errors.Is(err, account.ErrEmpty) {
		faults = append(faults, web.FieldError{Field: "email", Key: "organisation.error.email_missing"})
	} else if err != nil {
		faults = append(faults, web.FieldError{Field: "email", Key: "details.error.email_wrong"})
	}
	return u, faults
}

// open stores the person with his rights, and the two mails.
func (o *Organisation) open(ctx context.Context, q *storage.Queries, v session.Visit, u storage.User, rights []choices, got map[string]bool) error {
	if err := q.InvitePerson(ctx, acting(v), u, o.Organisations.People); err != nil {
		return err
	}
	u.AccountID, u.Role = v.Account.ID, storage.RoleMember
	if err := q.Audit(ctx, o.event(v, "invited", u.ID, nil)); err != nil {
		return err
	}
	var sentences []string
	for _, c := range rights {
		names, said := c.names(got)
		sentences = append(sentences, said...)
		if err := account.MayGive(v.User, u, c.rights, names); err != nil {
			return err
		}
		if len(names) == 0 {
			continue
		}
		if err := q.SaveUserRights(ctx, v.Account.ID, u.ID, c.ClientID, strings.Join(names, " "), u.CreatedAt); err != nil {
			return err
		}
		if err := q.Audit(ctx, o.event(v, "rights_changed", u.ID, map[string]string{"client": c.ClientID, "rights": strings.Join(names, " ")})); err != nil {
			return err
		}
	}
	data := told(v)
	if line := summary(sentences); line != "" {
		data["rights"] = line
	}
	invitation := storage.Message{ID: storage.NewID(), Kind: storage.MessageInvitation, Channel: storage.ByEmail, AccountID: v.Account.ID, UserID: u.ID,
		Data: data, NotBefore: u.CreatedAt, CreatedAt: u.CreatedAt}
	if err := q.Enqueue(ctx, invitation); err != nil {
		return err
	}
	return q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: storage.ByEmail, AccountID: v.Account.ID, UserID: u.ID,
		Follows: invitation.ID, NotBefore: u.CreatedAt, CreatedAt: u.CreatedAt})
}
