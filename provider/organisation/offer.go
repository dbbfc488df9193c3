package organisation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// offerLife is how long an offer of the role waits for an answer.
const offerLife = 14 * 24 * time.Hour

// offerLine tells of the offer that waits.
type offerLine struct {
	ID, Name string // to whom
	Until    string // last day
	HandOver bool   // the one who offers gives the role up
}

// offer returns the organisation's offer that waits, nil when none does.
func (o *Organisation) offer(ctx context.Context, v session.Visit) (*offerLine, error) {
	offer, err := o.DB.RoleOfferOf(ctx, v.Account.ID, storage.At(o.Now()))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load offer: %w", err)
	}
	to, err := o.DB.User(ctx, offer.ToID)
	if err != nil {
		return nil, fmt.Errorf("load whom it is for: %w", err)
	}
	return &offerLine{ID: to.ID, Name: to.Name(), Until: text.Date(offer.ExpiresAt.Time().Add(-time.Second)), HandOver: offer.Keeps != storage.KeepsRole}, nil
}

// Appoint asks whether somebody shall be offered to be an administrator too.
func (o *Organisation) Appoint(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		page := personConfirmPage{ID: p.ID, Name: p.Name()}
		full, err := o.enough(r.Context(), v)
		switch {
		case err != nil:
			return err
		case full:
			page.Refused = "organisation.error.enough"
		case account.MayDo(account.Appoint, v.User, p.User, false) != nil:
			page.Refused = refusal(account.MayDo(account.Appoint, v.User, p.User, false))
		}
		return o.render(w, r, v, web.View{Template: "organisation_appoint", Data: page, TitleVars: []string{"nom", page.Name}})
	})(w, r, v)
}

// enough says whether the organisation has as many administrators as it may.
func (o *Organisation) enough(ctx context.Context, v session.Visit) (bool, error) {
	administrators, err := o.DB.AdministratorsOf(ctx, v.Account.ID)
	if err != nil {
		return false, fmt.Errorf("load administrators: %w", err)
	}
	return len(administrators) >= o.Security.MaxAdministrators, nil
}

// SubmitAppoint offers somebody to be an administrator too.
func (o *Organisation) SubmitAppoint(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		full, err := o.enough(r.Context(), v)
		if err != nil {
			return err
		}
		if full || account.MayDo(account.Appoint, v.User, p.User, false) != nil {
			web.SeeOther(w, r, personPath(p.ID)+"/administrateur")
			return nil
		}
		return o.make(w, r, v, p, storage.KeepsRole)
	})(w, r, v)
}

// make offers the role.
func (o *Organisation) make(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person, keeps string) error {
	return o.act(w, r, p, "propose", func(ctx context.Context, q *storage.Queries) error {
		if err := account.MayDo(account.Appoint, v.User, p.User, false); err != nil {
			return err
		}
		now := o.Now()
		offer := storage.RoleOffer{AccountID: v.Account.ID, FromID: v.User.ID, ToID: p.ID, Keeps: keeps, CreatedAt: storage.At(now), ExpiresAt: storage.At(text.EndOfDay(now.Add(offerLife)))}
		if err := q.OfferRole(ctx, offer); err != nil {
			return err
		}
		if err := q.Notify(ctx, p.User, storage.MessageRoleOffered, told(v), storage.At(now)); err != nil {
			return err
		}
		return q.Audit(ctx, o.event(v, "role_offered", p.ID, map[string]string{"keeps": keeps}))
	})
}

// SubmitWithdraw takes the offer back, or declines it.
func (o *Organisation) SubmitWithdraw(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx := r.Context()
	manages := account.Administers(v.User, v.Account.ID) && v.Account.Kind == storage.Organisation
	offer, err := o.DB.RoleOfferOf(ctx, v.Account.ID, storage.At(o.Now()))
	switch {
	case errors.Is(err, storage.ErrNotFound) && manages:
		web.SeeOther(w, r, path+"?fait=annule") // withdrawn in another tab
		return nil
	case err != nil:
		return err // not found: 404
	case !manages && offer.ToID != v.User.ID:
		return web.NotFound()
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.WithdrawOffer(ctx, v.Account.ID); err != nil {
			return err
		}
		return q.Audit(ctx, o.event(v, "offer_withdrawn", offer.ToID, nil))
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("withdraw offer: %w", err)
	}
	if manages {
		web.SeeOther(w, r, path+"?fait=annule")
	} else {
		web.SeeOther(w, r, "/")
	}
	return nil
}

type rolePage struct {
	CompanyName string
	From        string // who offers it
	HandOver    bool
	Until       string
	Minimum     int // length of an administrator's password
}

// offered runs h for the person to whom the role is offered; for others there is
// no such page.
func (o *Organisation) offered(w http.ResponseWriter, r *http.Request, v session.Visit, h func(storage.RoleOffer) error) error {
	offer, err := o.DB.RoleOfferOf(r.Context(), v.Account.ID, storage.At(o.Now()))
	if err != nil {
		if errors.Is(err, storage.ErrNotFound) && v.User.Role == storage.RoleAdministrator {
			web.SeeOther(w, r, path) // accepted before, or in another tab
			return nil
		}
		return err
	}
	if offer.ToID != v.User.ID {
		return web.NotFound()
	}
	return h(offer)
}

// Role tells the person to whom it is offered what the role is.
func (o *Organisation) Role(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.offered(w, r, v, func(offer storage.RoleOffer) error { return o.showRole(w, r, v, offer, nil) })
}

func (o *Organisation) showRole(w http.ResponseWriter, r *http.Request, v session.Visit, offer storage.RoleOffer, faults web.FieldErrors) error {
	from, err := o.DB.User(r.Context(), offer.FromID)
	if err != nil {
		return fmt.Errorf("load who offers: %w", err)
	}
	return o.render(w, r, v, web.View{Template: "organisation_role", Errors: faults, Data: rolePage{CompanyName: v.Account.CompanyName, From: from.Name(),
		HandOver: offer.Keeps != storage.KeepsRole, Until: text.Date(offer.ExpiresAt.Time().Add(-time.Second)), Minimum: max(o.Security.AdminMinimum, o.Security.PasswordMinimum)}})
}

// SubmitRole accepts. If the password is too short for an administrator, the
// sign-in asks for another one next.
func (o *Organisation) SubmitRole(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.offered(w, r, v, func(offer storage.RoleOffer) error {
		cookie, err := o.accept(r.Context(), v, offer)
		switch {
		case errors.Is(err, storage.ErrTooManyAdministrators):
			return o.showRole(w, r, v, offer, web.FieldErrors{{Key: "organisation.error.enough"}})
		case overtaken(err):
			web.SeeOther(w, r, "/")
			return nil
		case err != nil:
			return fmt.Errorf("accept the role: %w", err)
		}
		o.Wake()
		http.SetCookie(w, cookie)
		web.SeeOther(w, r, path+"?fait=role")
		return nil
	})
}

// accept does it all in one transaction, and gives the session another cookie:
// its power has risen.
func (o *Organisation) accept(ctx context.Context, v session.Visit, offer storage.RoleOffer) (cookie *http.Cookie, err error) {
	now := storage.At(o.Now())
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		done, err := q.AcceptOffer(ctx, v.Account.ID, v.User.ID, o.Security.MaxAdministrators, now)
		if err != nil {
			return err
		}
		if done.FromID != offer.FromID || done.Keeps != offer.Keeps {
			return storage.ErrNotFound // another offer than he has read
		}
		if _, cookie, err = o.Sessions.Rotate(ctx, q, v.Session); err != nil {
			return err
		}
		if err := o.release(ctx, q, v, done, now); err != nil {
			return err
		}
		if err := q.NotifyAppointed(ctx, v.Account, v.User.ID, now); err != nil {
			return err
		}
		return q.Audit(ctx, o.event(v, "role_accepted", v.User.ID, map[string]string{"from": done.FromID, "keeps": done.Keeps}))
	})
	return cookie, err
}

// release settles what the one who gave the role has now.
func (o *Organisation) release(ctx context.Context, q *storage.Queries, v session.Visit, done storage.RoleOffer, now storage.Time) error {
	from, err := q.User(ctx, done.FromID)
	if err != nil {
		return err
	}
	if done.Keeps == storage.KeepsAccess {
		if err := keepRights(ctx, q, from, now); err != nil {
			return err
		}
	}
	return q.Notify(ctx, from, storage.MessageRoleAccepted, told(v), now)
}
