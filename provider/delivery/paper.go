package delivery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"loge/provider/account"
	"loge/provider/text"
	"loge/storage"
)

// Confirmed is what follows once a run was printed and posted.
type Confirmed struct {
	Kind    string    // of the run, storage.Message…
	Due     time.Time // day from which [Delivery.Print] prints the passwords that follow identifiers
	Deleted bool      // the file, which nobody needs any more; false: it is not on this machine
}

// Confirm records that a run was printed and posted on that day: the passwords
// that follow its identifiers are due LetterSeparation working days later, and
// its file goes.
func (d *Delivery) Confirm(ctx context.Context, run int, on time.Time, actor string) (done Confirmed, err error) {
	now := d.Now()
	stored, err := d.DB.PrintRun(ctx, run)
	if errors.Is(err, storage.ErrNotFound) {
		return done, fmt.Errorf("there is no run %d: loge letter runs lists them", run)
	}
	if err != nil {
		return done, fmt.Errorf("load print run: %w", err)
	}
	switch {
	case on.After(now):
		return done, fmt.Errorf("run %d cannot be posted on %s: that day has not come yet", run, on.Format(time.DateOnly))
	case text.EndOfDay(on).Before(stored.CreatedAt.Time()):
		return done, fmt.Errorf("run %d was made later than %s", run, on.Format(time.DateOnly))
	}
	done.Kind, done.Due = stored.Kind, text.AddWorkingDays(on, d.LetterSeparation)
	err = d.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.ConfirmPrintRun(ctx, run, actor, storage.At(on), storage.At(done.Due)); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(now), Actor: actor, Action: "letters.posted", Subject: strconv.Itoa(run),
			Details: map[string]string{"kind": stored.Kind, "on": on.Format(time.DateOnly)}})
	})
	if errors.Is(err, storage.ErrNotFound) {
		if !stored.ConfirmedAt.IsZero() {
			return done, fmt.Errorf("run %d is marked already, by %s", run, stored.ConfirmedBy)
		}
		return done, fmt.Errorf("run %d was interrupted: its letters are printed again by loge letter print", run)
	}
	if err != nil {
		return done, fmt.Errorf("mark run printed: %w", err)
	}
	if done.Deleted, err = d.deleteFile(context.WithoutCancel(ctx), stored); err != nil {
		return done, fmt.Errorf("run %d is marked printed, but its file is still there: %w", run, err)
	}
	return done, nil
}

// letterNumber is the shape of the number at the foot of a sheet.
var letterNumber = regexp.MustCompile(`^[0-9]{4,9}-[0-9]{5}$`)

// Reprint has letters printed again, with new secrets, at the next
// [Delivery.Print]: all of a run, or the one whose number is given. It returns
// how many. The passwords that the first ones carry end when the new ones are
// printed.
func (d *Delivery) Reprint(ctx context.Context, what, actor string) (int, error) {
	var letters []storage.Message
	if letterNumber.MatchString(what) {
		m, err := d.DB.LetterOf(ctx, what)
		if errors.Is(err, storage.ErrNotFound) {
			return 0, fmt.Errorf("no letter has the number %s", what)
		}
		if err != nil {
			return 0, fmt.Errorf("load letter: %w", err)
		}
		letters = append(letters, m)
	} else {
		run, err := strconv.Atoi(what)
		if err != nil || run < 1 {
			return 0, fmt.Errorf("%q is neither a run, such as 12, nor a letter, such as 0012-00034", what)
		}
		if letters, err = d.DB.LettersOfRun(ctx, run); err != nil {
			return 0, fmt.Errorf("load letters: %w", err)
		}
	}
	var replaced int
	err := d.DB.InTx(ctx, func(q *storage.Queries) error {
		replaced = 0
		now := storage.At(d.Now())
		for _, m := range letters {
			_, err := q.ReplaceLetter(ctx, m.ID, now)
			if errors.Is(err, storage.ErrNotFound) {
				continue // somebody else did
			}
			if err != nil {
				return err
			}
			replaced++
		}
		if replaced == 0 {
			return nil
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: actor, Action: "letters.reprinted", Subject: what,
			Details: map[string]string{"letters": strconv.Itoa(replaced)}})
	})
	if err != nil {
		return 0, fmt.Errorf("print again: %w", err)
	}
	if replaced == 0 {
		return 0, fmt.Errorf("%s: no letter of it is to be printed again: it was replaced, came back, or never was printed", what)
	}
	return replaced, nil
}

// Returned records that a letter came back: its address is wrong, what was sent
// to it is stopped, and nothing is printed for the account until an import
// brings another address. Who never signed in gets both letters then. what is
// the number of a letter or a numéro utilisateur. It returns the latter.
func (d *Delivery) Returned(ctx context.Context, what, reason, actor string) (number string, err error) {
	a, err := d.returnedFrom(ctx, what)
	if err != nil {
		return "", err
	}
	users, err := d.DB.UsersOfAccount(ctx, a.ID)
	if err != nil {
		return "", fmt.Errorf("load users: %w", err)
	}
	err = d.DB.InTx(ctx, func(q *storage.Queries) error {
		now := storage.At(d.Now())
		if err := q.MarkUndeliverable(ctx, storage.Undeliverable{AccountID: a.ID, Channel: storage.ByLetter, Reason: storable(reason), Since: now}); err != nil {
			return fmt.Errorf("mark address: %w", err)
		}
		for _, u := range users {
			stopped, err := q.ReturnedLetters(ctx, u.ID, storable(reason), now)
			if err != nil {
				return err
			}
			again := storage.Message{Kind: storage.MessageProvisional, Channel: storage.ByLetter, AccountID: a.ID, UserID: u.ID, NotBefore: now, CreatedAt: now}
			switch {
			case u.State == storage.StateIssued && a.Channel == storage.ByLetter:
				err = q.EnqueueCredentials(ctx, a, u, now)
			case stopped > 0:
				err = q.Enqueue(ctx, again)
			}
			if err != nil {
				return fmt.Errorf("queue letters for the next address: %w", err)
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: actor, Action: "letter.returned", Subject: a.ID,
			Details: map[string]string{"number": a.Number, "letter": what, "reason": storable(reason)}})
	})
	if err != nil {
		return "", fmt.Errorf("record the returned letter: %w", err)
	}
	return a.Number, nil
}

// returnedFrom finds the account that a letter was for.
func (d *Delivery) returnedFrom(ctx context.Context, what string) (a storage.Account, err error) {
	if letterNumber.MatchString(what) {
		m, err := d.DB.LetterOf(ctx, what)
		if errors.Is(err, storage.ErrNotFound) {
			return a, fmt.Errorf("no letter has the number %s: give the numéro utilisateur that is on the letter", what)
		}
		if err != nil {
			return a, fmt.Errorf("load letter: %w", err)
		}
		return d.DB.Account(ctx, m.AccountID)
	}
	number, err := account.NormalizeNumber(what)
	if err != nil {
		return a, err
	}
	if a, err = d.DB.AccountByNumber(ctx, number); errors.Is(err, storage.ErrNotFound) {
		return a, fmt.Errorf("no account has the number %s: loge account list shows them", number)
	}
	return a, err
}
