package operator

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"loge/provider/account"
	"loge/storage"
)

// AdministratorOrder is a decision of the agency about who is administrator of
// an organisation.
type AdministratorOrder struct {
	Target    Target // who is to have the role or to lose it; with StartAgain the organisation
	InsteadOf Target // Appoint: who gives it up for that, in the same act; no Users: nobody
	Suspend   bool   // whoever gives it up loses the access as well
	Most      int    // Appoint: how many there may be, security.max_administrators
	Email     string // StartAgain: where the new codes go; "": see there
	Reason    string // for the journal; may be empty
}

// AdministratorDone is what came of it.
type AdministratorDone struct {
	Account   storage.Account
	Appointed []storage.User // who has the role now
	Released  []storage.User // who lost it, or an access nobody had used
	Suspended bool           // those lost the access as well
	Opened    storage.User   // StartAgain: for whom new codes go out
	Channel   string         // StartAgain: by which they go
}

func (order AdministratorOrder) check() error {
	if err := checkLine("reason", order.Reason, maxReason); err != nil {
		return err
	}
	if !utf8.ValidString(order.Reason) {
		return errors.New("reason is not UTF-8")
	}
	if a := order.Target.Account; a.Kind != storage.Organisation {
		return fmt.Errorf("%s is one person's account: only organisations have administrators", a.Number)
	}
	return nil
}

// one returns the person that an identifier named.
func (t Target) one() (storage.User, error) {
	if t.Whole {
		return storage.User{}, fmt.Errorf("name the person by the identifier: loge account show %s lists who is there", t.Account.Number)
	}
	return t.Users[0], nil
}

// Appoint gives an active member the role, and takes it from somebody else in
// the same act if the order says so. The organisation is told as after a first
// sign-in, and each person what became of him.
func (o *Operator) Appoint(ctx context.Context, order AdministratorOrder) (done AdministratorDone, err error) {
	if err := order.check(); err != nil {
		return done, err
	}
	a := order.Target.Account
	u, err := order.Target.one()
	if err != nil {
		return done, err
	}
	switch {
	case u.Role == storage.RoleAdministrator:
		return done, fmt.Errorf("%s is administrator already", account.FormatIdentifier(u.Identifier))
	case u.State == storage.StateIssued:
		return done, errors.New("first sign-in is not finished: somebody becomes administrator once he uses the access")
	case u.State != storage.StateActive:
		return done, account.Suspend.Allows(u.State)
	}
	var former storage.User
	instead := len(order.InsteadOf.Users) > 0
	if instead {
		if former, err = order.InsteadOf.one(); err != nil {
			return done, err
		}
		if former.AccountID != u.AccountID || former.Role != storage.RoleAdministrator || former.State == storage.StateClosed {
			return done, fmt.Errorf("%s is no administrator of %s", account.FormatIdentifier(former.Identifier), a.Number)
		}
	}
	done = AdministratorDone{Account: a, Appointed: []storage.User{u}, Suspended: instead && order.Suspend}
	if instead {
		done.Released = []storage.User{former}
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		if instead {
			if _, _, err := q.HandOver(ctx, a.ID, former.ID, u.ID, now); err != nil {
				return err
			}
			if err := o.release(ctx, q, order, former, order.Suspend); err != nil {
				return err
			}
		} else if _, err := q.MakeAdministrator(ctx, a.ID, u.ID, order.Most, now); err != nil {
			return err
		}
		if err := q.NotifyAppointed(ctx, a, u.ID, now); err != nil {
			return fmt.Errorf("tell the organisation: %w", err)
		}
		if err := q.Notify(ctx, u, storage.MessageRoleGiven, nil, now); err != nil {
			return fmt.Errorf("tell the person: %w", err)
		}
		return q.Audit(ctx, o.administratorEvent(order, "administrator.replaced", a.ID, u.ID))
	})
	switch {
	case errors.Is(err, storage.ErrTooManyAdministrators):
		return done, fmt.Errorf("%s has as many administrators as it may (security.max_administrators: %d): name who gives the role up, --instead-of IDENTIFIER", a.Number, order.Most)
	case errors.Is(err, storage.ErrNotFound):
		return done, errChanged
	case err != nil:
		return done, fmt.Errorf("appoint administrator: %w", err)
	}
	return done, nil
}

// Demote takes the role from an administrator, unless nobody would be left who
// has it and may act.
func (o *Operator) Demote(ctx context.Context, order AdministratorOrder) (done AdministratorDone, err error) {
	if err := order.check(); err != nil {
		return done, err
	}
	a := order.Target.Account
	u, err := order.Target.one()
	if err != nil {
		return done, err
	}
	if u.Role != storage.RoleAdministrator || u.State == storage.StateClosed {
		return done, fmt.Errorf("%s is no administrator", account.FormatIdentifier(u.Identifier))
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.DemoteAdministrator(ctx, a.ID, u.ID, o.now()); err != nil {
			return err
		}
		return o.release(ctx, q, order, u, order.Suspend)
	})
	switch {
	case errors.Is(err, storage.ErrLastAdministrator):
		who := account.FormatIdentifier(u.Identifier)
		return done, fmt.Errorf("%s is the only administrator who may act. Put somebody in his place: loge account administrator appoint IDENTIFIER --instead-of '%s'; or start again with new codes: loge account administrator undo %s", who, who, a.Number)
	case errors.Is(err, storage.ErrNotFound):
		return done, errChanged
	case err != nil:
		return done, fmt.Errorf("take administrator's role: %w", err)
	}
	return AdministratorDone{Account: a, Released: []storage.User{u}, Suspended: order.Suspend}, nil
}

// release tells and notes that somebody lost the role, and ends the access if
// it is to end; that is not asked of one that has ended already.
func (o *Operator) release(ctx context.Context, q *storage.Queries, order AdministratorOrder, u storage.User, suspend bool) error {
	now := o.now()
	if u.Role == storage.RoleAdministrator {
		if err := q.Notify(ctx, u, storage.MessageRoleTaken, nil, now); err != nil {
			return fmt.Errorf("tell the person: %w", err)
		}
		if err := q.Audit(ctx, o.administratorEvent(order, "administrator.demoted", u.AccountID, u.ID)); err != nil {
			return err
		}
	}
	if !suspend || u.State == storage.StateSuspended {
		return nil
	}
	if _, err := q.SuspendUser(ctx, u.AccountID, u.ID, now); err != nil {
		return err
	}
	if err := q.Notify(ctx, u, storage.MessageAccessSuspended, nil, now); err != nil {
		return fmt.Errorf("tell the person: %w", err)
	}
	return q.Audit(ctx, o.administratorEvent(order, "access.suspended", u.ID, ""))
}

// StartAgain takes an organisation back to where nobody is administrator:
// administrators lose the role and the access, and a new access is opened whose
// first sign-in makes the administrator. Its codes go to the address given, else
// by post, because a wrong administrator may have put another address in the
// organisation's name; where no postal address is known, to the e-mail address of
// the organisation that the agency knows. Members who use their access keep it. Accesses that nobody has
// used are suspended, so that nobody else comes first; the next administrator
// may reopen them.
func (o *Operator) StartAgain(ctx context.Context, order AdministratorOrder) (done AdministratorDone, err error) {
	if err := order.check(); err != nil {
		return done, err
	}
	a := order.Target.Account
	if a.ClaimedAt.IsZero() {
		return done, fmt.Errorf("nobody is administrator of %s: the next first sign-in makes one. To send its codes again: loge account reissue %s", a.Number, a.Number)
	}
	if !a.SuspendedAt.IsZero() {
		return done, account.Reset.Allows(storage.StateSuspended)
	}
	opened := storage.User{AccountID: a.ID, Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: o.now()}
	switch {
	case order.Email != "":
		a.Channel = storage.ByEmail
		if opened.Email, opened.EmailKey, err = account.EmailKey(order.Email); err != nil {
			return done, fmt.Errorf("--email: %w", err)
		}
		if _, err := o.DB.UserByEmail(ctx, opened.EmailKey); err == nil {
			return done, errors.New("another access has that e-mail address: appoint that person, or give another address")
		} else if !errors.Is(err, storage.ErrNotFound) {
			return done, fmt.Errorf("look for the address: %w", err)
		}
	case a.Address != "":
		a.Channel = storage.ByLetter
	case a.CredentialsEmail() != "":
		a.Channel = storage.ByEmail
	default:
		return done, errors.New("neither a postal nor an e-mail address is known: give one, --email ADDRESS")
	}
	// An identifier is taken once in 38 billion: then it is tried again.
	for range 3 {
		opened.ID, opened.Identifier = storage.NewID(), account.NewIdentifier()
		done, err = o.startAgain(ctx, order, a, opened)
		if !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
		return done, errChanged
	}
	if err != nil {
		return done, fmt.Errorf("undo administrator: %w", err)
	}
	return done, nil
}

func (o *Operator) startAgain(ctx context.Context, order AdministratorOrder, a storage.Account, opened storage.User) (done AdministratorDone, err error) {
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		done = AdministratorDone{Account: a, Suspended: true, Opened: opened, Channel: a.Channel}
		if err := q.HoldAccount(ctx, a.ID, now); err != nil {
			return err
		}
		users, err := q.UsersOfAccount(ctx, a.ID)
		if err != nil {
			return fmt.Errorf("load users: %w", err)
		}
		if err := q.UnclaimOrganisation(ctx, a.ID, now); err != nil {
			return err
		}
		for _, u := range users {
			if u.State == storage.StateClosed || u.Role != storage.RoleAdministrator && u.State != storage.StateIssued {
				continue
			}
			if err := o.release(ctx, q, order, u, true); err != nil {
				return err
			}
			done.Released = append(done.Released, u)
		}
		if err := q.CreateUser(ctx, opened); err != nil {
			return err
		}
		if err := q.EnqueueCredentials(ctx, a, opened, now); err != nil {
			return fmt.Errorf("queue codes: %w", err)
		}
		event := o.administratorEvent(order, "administrator.undone", a.ID, "")
		event.Details["opened"], event.Details["channel"] = opened.ID, a.Channel
		event.Details["released"] = strconv.Itoa(len(done.Released))
		return q.Audit(ctx, event)
	})
	return done, err
}

// administratorEvent is the order in the journal. Who is administrator is the
// organisation's business: such events are about it, and name the user.
func (o *Operator) administratorEvent(order AdministratorOrder, action, subject, userID string) storage.AuditEvent {
	details := map[string]string{"number": order.Target.Account.Number}
	if userID != "" {
		details["user"] = userID
	}
	if order.Reason != "" {
		details["reason"] = order.Reason
	}
	return storage.AuditEvent{At: o.now(), Actor: o.Actor, Action: action, Subject: subject, Details: details}
}

// WithoutAdministrator says that nobody answers for an organisation's accesses,
// and what to do; "" when somebody does.
func WithoutAdministrator(a storage.Account, users []storage.User) string {
	if a.Kind != storage.Organisation {
		return ""
	}
	if a.ClaimedAt.IsZero() {
		return "nobody yet: the next first sign-in makes one"
	}
	var may []string
	for _, u := range users {
		switch {
		case u.Role == storage.RoleAdministrator && u.State == storage.StateActive:
			return ""
		case u.State == storage.StateActive:
			may = append(may, "'"+account.FormatIdentifier(u.Identifier)+"'")
		}
	}
	again := "loge account administrator undo " + a.Number
	if len(may) == 0 {
		return "nobody who may act. Send new codes, whose first sign-in makes one: " + again
	}
	if len(may) > 3 {
		may = append(may[:3], "…")
	}
	return "nobody who may act. Appoint somebody who is there (" + strings.Join(may, ", ") + "): loge account administrator appoint IDENTIFIER; or send new codes, whose first sign-in makes one: " + again
}
