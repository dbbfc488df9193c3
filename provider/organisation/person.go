package organisation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type personPage struct {
	personLine
	JobTitle    string
	Self        bool
	ByTheAgency bool // suspended by it
	Rights      []choices
	Sending     bool // a provisional password is on its way

	CanGive, CanSuspend, CanReopen, CanRemove, CanDemote, CanResend, CanOffer, CanHandOver bool
	Offered                                                                                bool // the role, to this person
	Done                                                                                   string
}

// Person shows one person, and what can be done.
func (o *Organisation) Person(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.showPerson(w, r, v, p, nil, nil)
	})(w, r, v)
}

// showPerson shows the page, with faults of the form of the rights and what was
// chosen there; chosen nil: what is stored.
func (o *Organisation) showPerson(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person, faults web.FieldErrors, chosen map[string]bool) error {
	ctx := r.Context()
	administrators, err := o.DB.AdministratorsOf(ctx, v.Account.ID)
	if err != nil {
		return fmt.Errorf("load administrators: %w", err)
	}
	rights, err := o.rightsFor(ctx, p.User)
	if err != nil {
		return err
	}
	if chosen != nil {
		choose(rights, chosen)
	}
	page := personPage{personLine: line(p), JobTitle: p.JobTitle, Self: p.ID == v.User.ID, Rights: rights,
		ByTheAgency: p.State == storage.StateSuspended && p.SuspendedBy == "",
		CanGive:     len(rights) > 0 && account.MayGive(v.User, p.User, storage.Rights{}, nil) == nil,
		CanSuspend:  account.MayDo(account.Suspend, v.User, p.User, false) == nil,
		CanReopen:   account.MayReopen(v.User, p.User, p.SuspendedBy) == nil,
		CanRemove:   account.MayDo(account.Close, v.User, p.User, last(administrators)) == nil,
		CanDemote:   account.MayDo(account.Demote, v.User, p.User, last(administrators)) == nil,
		CanResend:   account.MayDo(account.Reset, v.User, p.User, false) == nil && p.Email != "" && p.ID != v.User.ID,
		CanOffer:    account.MayDo(account.Appoint, v.User, p.User, false) == nil && len(administrators) < o.Security.MaxAdministrators,
		CanHandOver: account.MayDo(account.HandOver, v.User, p.User, false) == nil,
		Done:        done(r, "droits", "code", "suspendu", "rouvert", "propose", "collaborateur", "invite", "change"),
	}
	offer, err := o.DB.RoleOfferOf(ctx, v.Account.ID, storage.At(o.Now()))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("load offer: %w", err)
	}
	page.Offered = offer.ToID == p.ID
	page.CanOffer, page.CanHandOver = page.CanOffer && !page.Offered, page.CanHandOver && !page.Offered
	if page.Sending, err = o.DB.CredentialsWaiting(ctx, p.ID); err != nil {
		return fmt.Errorf("look for codes on their way: %w", err)
	}
	if page.Role == storage.RoleAdministrator {
		page.Rights = nil
	}
	return o.render(w, r, v, web.View{Template: "organisation_person", Data: page, Errors: faults, TitleVars: []string{"nom", page.Name}})
}

// act runs one act on a person in a transaction, and returns to his page. What
// was overtaken is told there.
func (o *Organisation) act(w http.ResponseWriter, r *http.Request, p storage.Person, said string, do func(ctx context.Context, q *storage.Queries) error) error {
	err := o.DB.InTx(r.Context(), func(q *storage.Queries) error { return do(r.Context(), q) })
	if overtaken(err) {
		said, err = "change", nil
	}
	if err != nil {
		return fmt.Errorf("act on a person: %w", err)
	}
	o.Wake()
	web.SeeOther(w, r, personPath(p.ID)+"?fait="+said)
	return nil
}

// told are the facts of a notice about what the administrator has done.
func told(v session.Visit) map[string]string { return map[string]string{"actor": v.User.ID} }

// SubmitSuspend stops a person's access at once.
func (o *Organisation) SubmitSuspend(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.act(w, r, p, "suspendu", func(ctx context.Context, q *storage.Queries) error {
			if err := account.MayDo(account.Suspend, v.User, p.User, false); err != nil {
				return err
			}
			now := storage.At(o.Now())
			if _, err := q.SuspendPerson(ctx, acting(v), p.ID, now); err != nil {
				return err
			}
			if err := q.Notify(ctx, p.User, storage.MessageSuspendedBy, told(v), now); err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "suspended", p.ID, nil))
		})
	})(w, r, v)
}

// SubmitReopen takes a suspension back.
func (o *Organisation) SubmitReopen(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.act(w, r, p, "rouvert", func(ctx context.Context, q *storage.Queries) error {
			if err := account.MayReopen(v.User, p.User, p.SuspendedBy); err != nil {
				return err
			}
			now := storage.At(o.Now())
			if _, err := q.ReopenPerson(ctx, acting(v), p.ID, now); err != nil {
				return err
			}
			if err := q.Notify(ctx, p.User, storage.MessageReopenedBy, told(v), now); err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "reopened", p.ID, nil))
		})
	})(w, r, v)
}

// SubmitResend has a new provisional password sent, which nobody sees here.
func (o *Organisation) SubmitResend(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.act(w, r, p, "code", func(ctx context.Context, q *storage.Queries) error {
			if err := account.MayDo(account.Reset, v.User, p.User, false); err != nil {
				return err
			}
			if p.Email == "" {
				return account.StateChanged
			}
			now := storage.At(o.Now())
			if _, err := q.HoldPerson(ctx, acting(v), p.ID, now); err != nil {
				return err
			}
			waiting, err := q.CredentialsWaiting(ctx, p.ID)
			if err != nil || waiting {
				return err // one is on its way: the button was pressed twice
			}
			if p.State == storage.StateIssued {
				err = q.EnqueueCredentials(ctx, storage.Account{ID: v.Account.ID, Channel: storage.ByEmail}, p.User, now)
			} else {
				err = q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: storage.ByEmail, AccountID: v.Account.ID, UserID: p.ID, NotBefore: now, CreatedAt: now})
			}
			if err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "code_resent", p.ID, nil))
		})
	})(w, r, v)
}

type personConfirmPage struct {
	ID, Name string
	Refused  string // text key: why it cannot be done, "" = it can
	Months   int    // for how long the history is kept
}

// Remove asks whether a person's access shall end for good.
func (o *Organisation) Remove(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.confirm(w, r, v, p, "organisation_remove", account.Close)
	})(w, r, v)
}

// Demote asks whether another administrator shall become a member.
func (o *Organisation) Demote(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.confirm(w, r, v, p, "organisation_demote", account.Demote)
	})(w, r, v)
}

// confirm shows a page that asks, or says why not.
func (o *Organisation) confirm(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person, template string, act account.Act) error {
	administrators, err := o.DB.AdministratorsOf(r.Context(), v.Account.ID)
	if err != nil {
		return fmt.Errorf("load administrators: %w", err)
	}
	page := personConfirmPage{ID: p.ID, Name: p.Name(), Months: int(o.Retention.Audit / (30 * 24 * time.Hour))}
	view := web.View{Template: template, TitleVars: []string{"nom", page.Name}}
	if err := account.MayDo(act, v.User, p.User, last(administrators)); err != nil {
		page.Refused = refusal(err)
	}
	view.Data = page
	return o.render(w, r, v, view)
}

// refusal is the key of the text of what is not allowed.
func refusal(err error) string {
	if refused, ok := errors.AsType[account.Refused](err); ok {
		return string(refused)
	}
	return string(account.StateChanged)
}

// last says whether there is no other active administrator than one.
func last(administrators []storage.User) bool {
	active := 0
	for _, u := range administrators {
		if u.State == storage.StateActive {
			active++
		}
	}
	return active <= 1
}

// SubmitRemove ends a person's access for good.
func (o *Organisation) SubmitRemove(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		ctx := r.Context()
		err := o.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := account.MayDo(account.Close, v.User, p.User, false); err != nil {
				return err
			}
			now := storage.At(o.Now())
			if _, err := q.RemovePerson(ctx, acting(v), p.ID, now); err != nil {
				return err
			}
			if err := q.Notify(ctx, p.User, storage.MessageRemovedBy, told(v), now); err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "removed", p.ID, nil))
		})
		if overtaken(err) {
			web.SeeOther(w, r, personPath(p.ID)+"/retirer")
			return nil
		}
		if err != nil {
			return fmt.Errorf("remove a person: %w", err)
		}
		o.Wake()
		web.SeeOther(w, r, path+"?fait=retire")
		return nil
	})(w, r, v)
}

// SubmitDemote makes another administrator a member, who keeps his rights.
func (o *Organisation) SubmitDemote(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		return o.act(w, r, p, "collaborateur", func(ctx context.Context, q *storage.Queries) error {
			if err := account.MayDo(account.Demote, v.User, p.User, false); err != nil {
				return err
			}
			now := storage.At(o.Now())
			if _, err := q.DemotePerson(ctx, acting(v), p.ID, now); err != nil {
				return err
			}
			if err := keepRights(ctx, q, p.User, now); err != nil {
				return err
			}
			if err := q.Notify(ctx, p.User, storage.MessageDemotedBy, told(v), now); err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "demoted", p.ID, nil))
		})
	})(w, r, v)
}
