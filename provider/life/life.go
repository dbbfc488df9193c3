package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"loge/provider/config"
	"loge/storage"
)

const (
	day = 24 * time.Hour
	// reminderWindow is how late a reminder may come; later ones are left out,
	// so that nobody gets several after the server stood still.
	reminderWindow = 30 * day
	firstWarning   = 30 * day // before the access ends
	secondWarning  = 7 * day
	batch          = 100
)

// reminderDays are when those who never signed in are reminded, after the opening.
var reminderDays = []time.Duration{15 * day, 45 * day, 90 * day}

// Life runs what is due. All fields are needed.
type Life struct {
	DB        *storage.DB
	Reminders bool // whether those who never signed in are reminded
	Retention config.Retention
	Now       func() time.Time
	Log       *slog.Logger
}

// step takes up to a batch of users and returns how many it took.
type step struct {
	name string
	take func(ctx context.Context, q *storage.Queries, now time.Time) (int, error)
}

// Run does everything that is due, in short transactions.
func (l *Life) Run(ctx context.Context) error {
	for _, s := range l.steps() {
		for taken := batch; taken == batch; {
			err := l.DB.InTx(ctx, func(q *storage.Queries) (err error) {
				taken, err = s.take(ctx, q, l.Now())
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if taken > 0 {
				l.Log.InfoContext(ctx, "accesses looked after", "step", s.name, "users", taken)
			}
		}
	}
	return nil
}

func (l *Life) steps() (all []step) {
	if l.Reminders {
		for n := len(reminderDays); n > 0; n-- { // the latest that is due, and no earlier one after it
			for former := range n {
				all = append(all, step{"reminder", func(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
					return l.remind(ctx, q, now, n, former)
				}})
			}
		}
	}
	if l.Retention.Inactive > 0 {
		all = append(all, step{"first warning", l.warnFirst}, step{"second warning", l.warnSecond}, step{"dormancy", l.dormant})
	}
	all = append(all, step{"close dormant", l.closeDormant})
	for reminders := range len(reminderDays) + 1 {
		all = append(all, step{"close unused", func(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
			closed, err := q.CloseUnused(ctx, reminders, storage.At(now.Add(-l.Retention.Unused)), storage.At(now), batch)
			return l.closed(ctx, q, now, closed, err, "never used")
		}})
	}
	return append(all, step{"erase", l.erase})
}

// remind writes to those who can be reached by e-mail.
func (l *Life) remind(ctx context.Context, q *storage.Queries, now time.Time, n, former int) (int, error) {
	until := now.Add(-reminderDays[n-1])
	users, err := q.ClaimReminders(ctx, n, former, storage.At(until.Add(-reminderWindow)), storage.At(until), batch)
	if err != nil {
		return 0, err
	}
	for _, u := range users {
		a, err := q.Account(ctx, u.AccountID)
		if err != nil {
			return 0, fmt.Errorf("load account: %w", err)
		}
		if u.Email == "" && a.CredentialsEmail() == "" {
			continue
		}
		if err := q.Enqueue(ctx, storage.Message{Kind: storage.MessageReminder, Channel: storage.ByEmail, AccountID: a.ID, UserID: u.ID,
			Data: map[string]string{"n": strconv.Itoa(n)}, NotBefore: storage.At(now), CreatedAt: storage.At(now)}); err != nil {
			return 0, fmt.Errorf("queue reminder: %w", err)
		}
	}
	return len(users), nil
}

func (l *Life) warnFirst(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
	users, err := q.ClaimFirstWarnings(ctx, storage.At(now.Add(firstWarning-l.Retention.Inactive)), int64(l.Retention.Inactive/time.Second),
		storage.At(now.Add(firstWarning)), batch)
	return warn(ctx, q, now, users, err)
}

func (l *Life) warnSecond(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
	users, err := q.ClaimSecondWarnings(ctx, storage.At(now.Add(secondWarning)), batch)
	return warn(ctx, q, now, users, err)
}

func warn(ctx context.Context, q *storage.Queries, now time.Time, users []storage.Idle, err error) (int, error) {
	for _, u := range users {
		data := map[string]string{"since": strconv.FormatInt(int64(u.LastSignInAt), 10), "until": strconv.FormatInt(int64(u.EndsAt), 10)}
		if err := q.Notify(ctx, u.User, storage.MessageDormancyWarning, data, storage.At(now)); err != nil {
			return 0, fmt.Errorf("queue warning: %w", err)
		}
	}
	return len(users), err
}

// dormant ends the accesses, the sessions, and all that applications hold.
func (l *Life) dormant(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
	users, err := q.MakeDormant(ctx, storage.At(now), batch)
	if err != nil {
		return 0, err
	}
	for _, u := range users {
		if err := q.EndOtherSessions(ctx, u.ID, "", storage.At(now)); err != nil {
			return 0, fmt.Errorf("end sessions: %w", err)
		}
	}
	return len(users), record(ctx, q, now, users, "access.dormant", nil)
}

func (l *Life) closeDormant(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
	closed, err := q.CloseDormant(ctx, storage.At(now.Add(-l.Retention.Dormant)), storage.At(now), batch)
	return l.closed(ctx, q, now, closed, err, "dormant for too long")
}

func (l *Life) closed(ctx context.Context, q *storage.Queries, now time.Time, users []storage.User, err error, reason string) (int, error) {
	for _, u := range users {
		if err := errors.Join(q.EndOtherSessions(ctx, u.ID, "", storage.At(now)), q.GiveUpCredentials(ctx, u.ID, "access was closed", storage.At(now)),
			q.SupersedeOtherProvisionals(ctx, u.ID, "", storage.At(now))); err != nil {
			return 0, fmt.Errorf("end what was valid: %w", err)
		}
	}
	return len(users), errors.Join(err, record(ctx, q, now, users, "access.closed", map[string]string{"reason": reason}))
}

func (l *Life) erase(ctx context.Context, q *storage.Queries, now time.Time) (int, error) {
	users, err := q.ErasePersons(ctx, storage.At(now.Add(-l.Retention.Closed)), storage.At(now), batch)
	return len(users), errors.Join(err, record(ctx, q, now, users, "access.erased", nil))
}

// record writes an event for each user, last in the transaction.
func record(ctx context.Context, q *storage.Queries, now time.Time, users []storage.User, action string, details map[string]string) error {
	for _, u := range users {
		if err := q.Audit(ctx, storage.AuditEvent{At: storage.At(now), Actor: "system", Action: action, Subject: u.ID, Details: details}); err != nil {
			return err
		}
	}
	return nil
}
