package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"loge/provider/account"
	"loge/provider/password"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// maxLink is the longest link we ever sent: an id, a point and 43 signs.
const maxLink = 100

// opened is what a link leads to.
type opened struct {
	Link        string // as it came
	provisional storage.Provisional
	user        storage.User
	account     storage.Account
}

type newPasswordPage struct {
	Link       string
	Minimum    int
	Strict     bool   // 80 bits on the scale of the CNIL
	Identifier string // for password managers
}

// Choose shows where a new password is chosen. Looking changes nothing, because
// mail scanners follow links.
func (h *Recovery) Choose(w http.ResponseWriter, r *http.Request) error {
	o, err := h.opened(r.Context(), r.URL.Query().Get("lien"))
	if errors.Is(err, storage.ErrNotFound) {
		return h.dead(w, r)
	}
	if err != nil {
		return err
	}
	return h.showChoose(w, r, o, nil)
}

func (h *Recovery) showChoose(w http.ResponseWriter, r *http.Request, o opened, faults web.FieldErrors) error {
	return h.Pages.Render(w, r, web.View{Template: "newpassword", Errors: faults, Data: newPasswordPage{
		Link: o.Link, Minimum: h.minimum(o.user), Strict: h.Security.Strict80Bits, Identifier: account.FormatIdentifier(o.user.Identifier)}})
}

func (h *Recovery) dead(w http.ResponseWriter, r *http.Request) error {
	return h.Pages.Render(w, r, web.View{Template: "linkdead", Status: http.StatusGone,
		Data: forgottenPage{Link: h.link(), Validity: text.Duration(h.Security.ResetValidity)}})
}

// SubmitChoose saves the password that was chosen, once.
func (h *Recovery) SubmitChoose(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	o, err := h.opened(ctx, form.Get("lien"))
	if errors.Is(err, storage.ErrNotFound) {
		return h.dead(w, r)
	}
	if err != nil {
		return err
	}
	typed := form.Get("nouveau_mot_de_passe")
	faults, err := h.check(ctx, o, typed)
	if err != nil {
		return busy(w, err)
	}
	if len(faults) > 0 {
		return h.showChoose(w, r, o, faults)
	}
	hash, err := h.Hasher.Hash(ctx, typed)
	if err != nil {
		return busy(w, err)
	}
	err = h.save(ctx, o, typed, hash)
	if errors.Is(err, storage.ErrNotFound) { // used, replaced or suspended since we looked
		return h.dead(w, r)
	}
	if err != nil {
		return fmt.Errorf("save password: %w", err)
	}
	h.Wake()
	h.Sessions.Clear(w)
	web.SeeOther(w, r, "/mot-de-passe-oublie/termine")
	return nil
}

// Changed says that the password is changed.
func (h *Recovery) Changed(w http.ResponseWriter, r *http.Request) error {
	return h.Pages.Render(w, r, web.View{Template: "passwordchanged"})
}

// opened finds what a link leads to; storage.ErrNotFound when it does not work
// (any more), whatever the reason.
func (h *Recovery) opened(ctx context.Context, link string) (o opened, err error) {
	id, typed, _ := strings.Cut(link, ".")
	if len(link) > maxLink || uuid.Validate(id) != nil {
		return o, storage.ErrNotFound
	}
	o.Link = link
	if o.provisional, err = h.DB.Provisional(ctx, id); err != nil {
		return o, err
	}
	p := o.provisional
	if !password.Equal(p.Hash, password.HashLink(h.Master.Derive("provisional passwords"), p.UserID, typed)) ||
		!p.UsedAt.IsZero() || !p.SupersededAt.IsZero() || !h.Now().Before(p.ExpiresAt.Time()) {
		return o, storage.ErrNotFound
	}
	if o.user, err = h.DB.User(ctx, p.UserID); err != nil {
		return o, fmt.Errorf("load user: %w", err)
	}
	if o.account, err = h.DB.Account(ctx, o.user.AccountID); err != nil {
		return o, fmt.Errorf("load account: %w", err)
	}
	if barred(o.account, o.user) {
		return o, storage.ErrNotFound
	}
	return o, nil
}

func (h *Recovery) minimum(u storage.User) int {
	if u.Role == storage.RoleAdministrator {
		return max(h.Security.AdminMinimum, h.Security.PasswordMinimum)
	}
	return h.Security.PasswordMinimum
}

func (h *Recovery) check(ctx context.Context, o opened, typed string) (faults web.FieldErrors, err error) {
	about := password.About{
		Names: []string{o.user.GivenName, o.user.FamilyName, o.account.CompanyName}, Email: o.user.Email,
		Identifier: o.user.Identifier, Number: o.account.Number, Services: []string{h.Service.Name, h.Service.Operator},
		Minimum: h.minimum(o.user), Strict: h.Security.Strict80Bits, List: h.PasswordList,
	}
	for _, f := range password.Check(typed, about) {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: f.Key, Vars: f.Vars})
	}
	if len(faults) > 0 {
		return faults, nil
	}
	same, _, err := h.Hasher.Verify(ctx, o.user.PasswordHash, typed)
	if err != nil {
		return nil, err
	}
	if same {
		faults = append(faults, web.FieldError{Field: "nouveau_mot_de_passe", Key: password.SameOld})
	}
	return faults, nil
}

// save does it all in one transaction, the consumption first: the link works
// once. Every session ends, and every failure that made the person wait.
func (h *Recovery) save(ctx context.Context, o opened, typed, hash string) error {
	now := storage.At(h.Now())
	return h.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.ConsumeProvisional(ctx, o.provisional.ID, now); err != nil {
			return err
		}
		u, err := q.SetPassword(ctx, o.user.ID, hash, password.Length(typed) >= h.Security.AdminMinimum, now)
		if err != nil {
			return err
		}
		if err := q.SupersedeOtherProvisionals(ctx, u.ID, o.provisional.ID, now); err != nil {
			return err
		}
		if err := h.Sessions.EndOthers(ctx, q, u.ID, ""); err != nil {
			return err
		}
		if err := q.ClearFailuresOfUser(ctx, u.ID); err != nil {
			return err
		}
		if err := q.Enqueue(ctx, storage.Message{Kind: storage.MessagePasswordChanged, Channel: storage.ByEmail,
			AccountID: o.account.ID, UserID: u.ID, NotBefore: now, CreatedAt: now}); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: u.ID, Action: "password.changed", Subject: u.ID, Details: map[string]string{"by": "link"}})
	})
}
