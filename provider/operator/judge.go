package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/storage"
)

// known is what a person's story is judged by.
type known struct {
	account      storage.Account
	user         storage.User
	messages     []storage.Message     // newest first
	provisionals []storage.Provisional // newest first
	bad          []storage.Undeliverable
	unposted     int    // print run of the identifier that nobody has marked yet, although its password waits for that; 0: none
	wait         string // after wrong passwords, "" when there is none
	now          storage.Time
}

// moment writes a moment for people, in Paris: « 12 March 2027, 14:05 ».
func moment(t storage.Time) string { return text.Local(t.Time()).Format("2 January 2006, 15:04") }

// day writes a day for people.
func day(t time.Time) string { return text.Local(t).Format("2 January 2006") }

// until writes the end of a validity: what ends at midnight is valid all the day
// before.
func until(t storage.Time) string {
	if end := t.Time(); text.EndOfDay(end.Add(-time.Second)).Equal(end) {
		return day(end.Add(-time.Second))
	}
	return moment(t)
}

// unposted is the print run whose identifiers nobody has marked as posted, while
// the password behind waits for it; 0 when there is none.
func (o *Operator) unposted(ctx context.Context, messages []storage.Message) (int, error) {
	for _, held := range messages {
		if held.State != storage.MessageHeld {
			continue
		}
		for _, m := range messages {
			if m.ID != held.Follows || m.State != storage.MessagePrinted {
				continue
			}
			run, err := o.DB.PrintRun(ctx, m.Run)
			if err != nil {
				return 0, fmt.Errorf("load print run: %w", err)
			}
			if run.ConfirmedAt.IsZero() {
				return run.Number, nil
			}
		}
	}
	return 0, nil
}

// wait says until when the person has to wait after wrong passwords, "" when he
// does not.
func (o *Operator) wait(ctx context.Context, u storage.User, perDay int) (string, error) {
	f, err := o.DB.Failures(ctx, throttle.Keys(nil).User(u.ID))
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("load failures: %w", err)
	}
	d := throttle.Limits{PerDay: perDay}.Account(f, o.Now())
	if d.Allowed {
		return "", nil
	}
	return fmt.Sprintf("has to wait until %s after %d wrong passwords, except in a browser he has used before", moment(storage.At(d.Until)), len(f.Recent)), nil
}

// command is what to type about the person.
func (k known) command(act account.Act) string {
	return fmt.Sprintf("loge account %s '%s'", act, account.FormatIdentifier(k.user.Identifier))
}

// judge says why the person cannot sign in now, "" when nothing stops him, and
// what to do.
func (k known) judge() (refused, next string) {
	u := k.user
	switch {
	case u.State == storage.StateClosed:
		return "access is closed", "nothing: closing is final; the landlord needs another account"
	case !k.account.SuspendedAt.IsZero():
		return "the whole account is suspended", "once the reason is gone: loge account reopen " + k.account.Number
	case u.State == storage.StateSuspended:
		return "access is suspended", "once the reason is gone: " + k.command(account.Reopen)
	}
	if u.State == storage.StateDormant {
		refused = "access has ended because nobody signed in"
	}
	live := slices.IndexFunc(k.provisionals, func(p storage.Provisional) bool {
		return p.UsedAt.IsZero() && p.SupersededAt.IsZero() && p.ExpiresAt > k.now
	})
	waiting, lost := latest(k.messages)
	switch {
	case waiting != nil:
		next = k.leaves(*waiting)
	case k.unposted > 0 && live < 0:
		next = fmt.Sprintf("post the letters of run %d, then: loge letter printed %d. The password is printed after that", k.unposted, k.unposted)
	case u.State == storage.StateActive && k.wait != "":
		return k.wait, "if it was the person himself: " + k.command(account.Reopen)
	case live >= 0:
		next = "the provisional password sent last can be used until " + until(k.provisionals[live].ExpiresAt)
		if u.State == storage.StateIssued && !u.LastSignInAt.IsZero() {
			next = "the first sign-in was begun and can be finished: " + next
		} else {
			next = "wait: " + next
		}
	case lost != nil:
		next = "correct the address in the file of accounts, loge account import FILE.csv, then " + k.command(account.Reissue)
	case u.State == storage.StateDormant, u.State == storage.StateIssued:
		return cmp.Or(refused, "no provisional password can be used"), k.command(account.Reset)
	default:
		next = "nothing; for a forgotten password: " + k.command(account.Reset)
	}
	if u.State == storage.StateIssued && live < 0 {
		refused = cmp.Or(refused, "the provisional password has not arrived")
	}
	return refused, next
}

// leaves says what has to happen for codes that wait to leave.
func (k known) leaves(m storage.Message) string {
	const correct = "correct the postal address in the file of accounts, then: loge account import FILE.csv. What waits is printed after that"
	switch {
	case m.Channel == storage.ByEmail && m.LastError != "":
		return "wait: the e-mail is tried again by itself; last answer: " + m.LastError
	case m.Channel == storage.ByEmail:
		return "wait: codes leave by e-mail while loge serve runs"
	case slices.ContainsFunc(k.bad, func(b storage.Undeliverable) bool { return b.Channel == storage.ByLetter }):
		return correct
	case m.LastError != "":
		return correct + " (" + m.LastError + ")"
	case m.NotBefore > k.now:
		return "wait: it can be printed from " + day(m.NotBefore.Time()) + " on, with loge letter print --out DIR"
	}
	return "print what waits: loge letter print --out DIR"
}

// latest returns the credentials that wait to leave, or else the last ones if
// they did not arrive.
func latest(messages []storage.Message) (waiting, lost *storage.Message) {
	for i, m := range messages { // newest first
		if m.Kind != storage.MessageIdentifier && m.Kind != storage.MessageProvisional && m.Kind != storage.MessagePasswordReset {
			continue
		}
		switch m.State {
		case storage.MessageQueued:
			return &messages[i], nil
		case storage.MessageSent, storage.MessagePrinted:
			return nil, lost
		case storage.MessageHeld, storage.MessageReplaced: // behind the identifier, or behind its new letter, which says more
		default:
			if lost == nil && !strings.HasPrefix(m.LastError, "replaced") {
				lost = &messages[i]
			}
		}
	}
	return nil, lost
}
