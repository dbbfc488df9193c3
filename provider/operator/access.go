package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"loge/provider/account"
	"loge/storage"
)

// Target is whom an act of the agency is about: one person, or everybody in an
// organisation.
type Target struct {
	Account storage.Account
	Users   []storage.User // one, or all of the organisation
	Whole   bool           // the organisation, not a person
}

// Find returns whom a numéro utilisateur or an identifier means. The number of
// an organisation means all of it.
func (o *Operator) Find(ctx context.Context, typed string) (t Target, err error) {
	if identifier, wrong := account.NormalizeIdentifier(typed); wrong == nil {
		u, err := o.DB.UserByIdentifier(ctx, identifier)
		if errors.Is(err, storage.ErrNotFound) {
			return t, fmt.Errorf("nobody has the identifier %s", account.FormatIdentifier(identifier))
		}
		if err != nil {
			return t, fmt.Errorf("load user: %w", err)
		}
		t.Users = []storage.User{u}
		if t.Account, err = o.DB.Account(ctx, u.AccountID); err != nil {
			return t, fmt.Errorf("load account: %w", err)
		}
		return t, nil
	}
	number, err := account.NormalizeNumber(typed)
	if err != nil {
		return t, fmt.Errorf("%q is neither an identifier (LOG and 8 characters) nor a numéro utilisateur: %w", shorten(typed), err)
	}
	t.Account, err = o.DB.AccountByNumber(ctx, number)
	if errors.Is(err, storage.ErrNotFound) {
		return t, fmt.Errorf("no account has the number %s: loge account list shows them", number)
	}
	if err != nil {
		return t, fmt.Errorf("load account: %w", err)
	}
	t.Whole = t.Account.Kind == storage.Organisation
	if t.Users, err = o.DB.UsersOfAccount(ctx, t.Account.ID); err != nil {
		return t, fmt.Errorf("load users: %w", err)
	}
	if len(t.Users) == 0 {
		return t, fmt.Errorf("account %s has no user", number)
	}
	return t, nil
}

// person returns the one person meant. Of an organisation that is its
// administrator, or who is to become it.
func (t Target) person() (storage.User, error) {
	if len(t.Users) == 1 {
		return t.Users[0], nil
	}
	if u, others := account.Correspondent(t.Account, t.Users); others == 0 {
		return u, nil
	}
	return storage.User{}, errors.New("organisation has several people: name one by the identifier")
}

// maxReason bounds the reason of an act, in characters.
const maxReason = 300

// Order is an act of the agency.
type Order struct {
	Act    account.Act
	Target Target
	Reason string // for the journal; may be empty
	Letter bool   // reset and reissue: by letter, whatever the usual way is
}

// Done is what came of an order.
type Done struct {
	State   string         // of the person, or of everybody
	Channel string         // reset and reissue: by which the codes go
	Users   []storage.User // whom it was about, as they were before
}

// errChanged makes an act that somebody else overtook fail as a whole.
var errChanged = errors.New("access has changed at this moment: look at it and try again")

// Do carries the order out, all of it or nothing. Suspending and closing end
// every session and everything that applications hold, those that work while
// the person is away included; the person is told by e-mail.
func (o *Operator) Do(ctx context.Context, order Order) (done Done, err error) {
	if err := checkLine("reason", order.Reason, maxReason); err != nil {
		return done, err
	}
	if !utf8.ValidString(order.Reason) {
		return done, errors.New("reason is not UTF-8")
	}
	switch order.Act {
	case account.Suspend, account.Reopen, account.Close:
		done, err = o.change(ctx, order)
	case account.Reset, account.Reissue:
		done, err = o.send(ctx, order)
	default:
		return done, fmt.Errorf("unknown act %q", order.Act)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return done, errChanged
	}
	if err != nil {
		return done, fmt.Errorf("%s: %w", order.Act, err)
	}
	return done, nil
}

// change carries out what changes a state.
func (o *Operator) change(ctx context.Context, order Order) (done Done, err error) {
	t, subject := order.Target, order.Target.Account.ID
	done.Users = t.Users
	if !t.Whole {
		subject = t.Users[0].ID
	}
	if err := order.allowed(); err != nil {
		return done, err
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		done.State = ""
		switch {
		case t.Whole && order.Act == account.Suspend:
			done.State = storage.StateSuspended
			if _, err := q.SuspendAccount(ctx, t.Account.ID, now); err != nil {
				return err
			}
		case t.Whole && order.Act == account.Reopen && !t.Account.SuspendedAt.IsZero():
			if _, err := q.ReopenAccount(ctx, t.Account.ID, now); err != nil {
				return err
			}
		}
		for _, u := range t.Users {
			state, err := o.changeOne(ctx, q, order, u)
			if err != nil {
				return err
			}
			done.State = cmp.Or(done.State, state)
		}
		return q.Audit(ctx, order.event(o, subject))
	})
	return done, err
}

// allowed says why the order cannot be carried out on what was read.
func (order Order) allowed() error {
	t := order.Target
	suspended := !t.Account.SuspendedAt.IsZero()
	if !t.Whole {
		if order.Act == account.Reopen && suspended {
			return fmt.Errorf("the whole organisation is suspended: loge account reopen %s", t.Account.Number)
		}
		return order.Act.Allows(t.Users[0].State)
	}
	switch {
	case order.Act == account.Suspend && suspended:
		return order.Act.Allows(storage.StateSuspended)
	case order.Act == account.Reopen && suspended:
		return nil
	}
	var first error
	for _, u := range t.Users {
		err := order.Act.Allows(u.State)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// changeOne does to one person what the order says, and returns the new state.
// Of an organisation, those whose state does not allow it stay as they are.
func (o *Operator) changeOne(ctx context.Context, q *storage.Queries, order Order, u storage.User) (string, error) {
	now, state, notice := o.now(), u.State, ""
	switch {
	case order.Act == account.Reopen:
		if err := q.ClearFailuresOfUser(ctx, u.ID); err != nil {
			return "", fmt.Errorf("clear failures: %w", err)
		}
		switch {
		case order.Target.Whole && !order.Target.Account.SuspendedAt.IsZero() && u.State != storage.StateSuspended && u.State != storage.StateClosed:
			notice = storage.MessageAccessReopened
		case !order.Target.Whole && u.State == storage.StateSuspended:
			state, notice = account.Reopened(u), storage.MessageAccessReopened
		}
	case order.Act.Allows(u.State) != nil:
		return u.State, nil
	case order.Act == account.Suspend:
		notice = storage.MessageAccessSuspended
		if !order.Target.Whole {
			state = storage.StateSuspended
		}
	case order.Act == account.Close:
		state, notice = storage.StateClosed, storage.MessageAccessClosed
		if err := q.CloseAsked(ctx, u.ID, o.Actor, now); err != nil {
			return "", fmt.Errorf("answer request to close: %w", err)
		}
		if err := stopCredentials(ctx, q, u.ID, "access was closed", now); err != nil {
			return "", err
		}
		if _, err := q.RemoveFactors(ctx, u.ID); err != nil {
			return "", fmt.Errorf("remove factors: %w", err)
		}
	}
	if state != u.State {
		if _, err := q.SetUserState(ctx, u.ID, u.State, state, now); err != nil {
			return "", err
		}
	}
	if order.Act != account.Reopen {
		if err := q.EndOtherSessions(ctx, u.ID, "", now); err != nil {
			return "", fmt.Errorf("end sessions: %w", err)
		}
	}
	if notice == "" {
		return state, nil
	}
	return state, q.Notify(ctx, u, notice, nil, now)
}

// stopCredentials ends every provisional password and those on their way.
func stopCredentials(ctx context.Context, q *storage.Queries, userID, reason string, now storage.Time) error {
	if err := q.GiveUpCredentials(ctx, userID, reason, now); err != nil {
		return fmt.Errorf("give up codes: %w", err)
	}
	return q.SupersedeOtherProvisionals(ctx, userID, "", now)
}

// send queues new codes. What the person has works until they have arrived: the
// own password until the new provisional one is used, a former provisional
// password until the new one has left.
func (o *Operator) send(ctx context.Context, order Order) (done Done, err error) {
	a := order.Target.Account
	u, err := order.Target.person()
	if err != nil {
		return done, err
	}
	if !a.SuspendedAt.IsZero() {
		return done, order.Act.Allows(storage.StateSuspended)
	}
	if err := order.Act.Allows(u.State); err != nil {
		return done, err
	}
	a.Channel, err = channel(a, u, order.Letter)
	if err != nil {
		return done, err
	}
	if a.Channel == storage.ByEmail {
		// Who stole a password and changed the address is not to be sent another one.
		if undo, err := o.DB.OpenEmailUndo(ctx, u.ID, o.now()); err == nil {
			return done, fmt.Errorf("the e-mail address was changed on %s, and the former one may still take that back: send codes by letter (--letter), or after %s",
				undo.CreatedAt.Time().Format(time.RFC3339), undo.ExpiresAt.Time().Format(time.RFC3339))
		} else if !errors.Is(err, storage.ErrNotFound) {
			return done, fmt.Errorf("look for a change of the address: %w", err)
		}
	}
	data, err := o.replaces(ctx, a, u)
	if err != nil {
		return done, err
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		// A write first: two agents at once wait for each other here.
		if err := q.HoldUser(ctx, u.ID, u.State); err != nil {
			return err
		}
		if order.Act == account.Reset {
			waiting, err := q.CredentialsWaiting(ctx, u.ID)
			if err != nil {
				return fmt.Errorf("look for codes on their way: %w", err)
			}
			if waiting {
				return fmt.Errorf("a provisional password is on its way already; loge account reissue %s starts again with both codes", a.Number)
			}
			err = q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: a.Channel, AccountID: a.ID, UserID: u.ID, Data: data, NotBefore: now, CreatedAt: now})
			if err != nil {
				return fmt.Errorf("queue password: %w", err)
			}
		} else {
			if err := q.GiveUpCredentials(ctx, u.ID, "replaced: both codes were issued again", now); err != nil {
				return fmt.Errorf("give up former codes: %w", err)
			}
			if err := q.EnqueueCredentialsAgain(ctx, a, u, data, now); err != nil {
				return fmt.Errorf("queue codes: %w", err)
			}
		}
		event := order.event(o, u.ID)
		event.Details["channel"] = a.Channel
		return q.Audit(ctx, event)
	})
	return Done{State: u.State, Channel: a.Channel, Users: []storage.User{u}}, err
}

// replaces is what stands behind new codes, so that a letter which replaces one
// that was posted says so.
func (o *Operator) replaces(ctx context.Context, a storage.Account, u storage.User) (map[string]string, error) {
	if a.Channel != storage.ByLetter {
		return nil, nil
	}
	messages, err := o.DB.MessagesOf(ctx, u.ID, 50)
	if err != nil {
		return nil, fmt.Errorf("load messages: %w", err)
	}
	if slices.ContainsFunc(messages, func(m storage.Message) bool { return m.Channel == storage.ByLetter && m.Run > 0 }) {
		return map[string]string{"again": "sent"}, nil
	}
	return nil, nil
}

// channel is the way new codes take: by e-mail when the person has an address,
// or the organisation has one for the first codes.
func channel(a storage.Account, u storage.User, letter bool) (string, error) {
	switch {
	case !letter && (u.Email != "" || u.State == storage.StateIssued && a.CredentialsEmail() != ""):
		return storage.ByEmail, nil
	case a.Address == "":
		return "", errors.New("no postal address is known: write it into the file of accounts and import it, then try again")
	}
	return storage.ByLetter, nil
}

// event is the order in the journal.
func (order Order) event(o *Operator, subject string) storage.AuditEvent {
	names := map[account.Act]string{account.Suspend: "access.suspended", account.Reopen: "access.reopened", account.Close: "access.closed",
		account.Reset: "access.reset", account.Reissue: "access.reissued"}
	details := map[string]string{"number": order.Target.Account.Number}
	if order.Reason != "" {
		details["reason"] = order.Reason
	}
	return storage.AuditEvent{At: o.now(), Actor: o.Actor, Action: names[order.Act], Subject: subject, Details: details}
}
