package throttle

import (
	"context"
	"time"

	"loge/storage"
)

const (
	// MaxPerDay failures in any 24 hours; the CNIL recommends 25 at most.
	MaxPerDay = 20
	// ForgottenFrom is the failure from which the page recalls « Mot de passe oublié ».
	ForgottenFrom = 3

	day = 24 * 60 * 60 // seconds
)

// waits after the fifth failure and each one that follows; the last is the cap.
// The CNIL recommends more than one minute after five (deliberation 2022-100).
var waits = []time.Duration{2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour}

// free failures bring no wait.
const free = 4

// Limits are the operator's choices; the zero value means the constants above.
type Limits struct {
	PerDay int // 5 to 25; 0: MaxPerDay
}

// Decision says whether somebody may try now.
type Decision struct {
	Allowed       bool
	Wait          time.Duration // until the next try; 0 when allowed
	Until         time.Time     // end of the wait; zero when allowed
	Blocked24h    bool          // the day's limit is what stops, not a wait between two tries
	Failures      int           // failures in a row, this try included if it was counted
	ShowForgotten bool          // from the third failure in a row
	ThenWait      bool          // if this try fails, a wait begins; only from Count
}

// Account decides from a counter, without counting.
func (l Limits) Account(f storage.Failures, now time.Time) Decision {
	f, t := l.current(f, storage.At(now))
	until := f.LastAt + storage.Time(wait(f.Streak)/time.Second)
	d := Decision{Failures: f.Streak, ShowForgotten: f.Streak >= ForgottenFrom}
	if over := len(f.Recent) - l.perDay(); over >= 0 {
		// The failure that has to leave the window for one try to be free.
		if freed := f.Recent[over] + day; freed > until {
			until, d.Blocked24h = freed, true
		}
	}
	if until <= t {
		d.Allowed, d.Blocked24h = true, false
		return d
	}
	d.Until = until.Time()
	d.Wait = d.Until.Sub(t.Time())
	return d
}

// Count decides, and counts the try as a failure when it is allowed. The
// decision is the one before the try; only Failures and ShowForgotten are those
// of a try that fails, ready to be shown.
func (l Limits) Count(f storage.Failures, now time.Time) (storage.Failures, Decision) {
	d := l.Account(f, now)
	if !d.Allowed {
		return f, d
	}
	f, t := l.current(f, storage.At(now))
	f.Streak++
	f.Recent = append(f.Recent, t)
	f.LastAt = t
	d.Failures, d.ShowForgotten = f.Streak, f.Streak >= ForgottenFrom
	d.ThenWait = !l.Account(f, now).Allowed
	return f, d
}

// Attempt counts one try under key, inside the caller's transaction, which must
// be committed before the password is looked at. After a right password:
// [storage.Queries.ClearFailures]. After a try that could not be looked at
// (password.ErrBusy): [Limits.Refund].
func (l Limits) Attempt(ctx context.Context, q *storage.Queries, key string, now time.Time) (d Decision, err error) {
	_, err = q.CountAttempt(ctx, key, func(f storage.Failures) storage.Failures {
		f, d = l.Count(f, now)
		return f
	})
	return d, err
}

// Refund takes back the latest failure: the password was not looked at after
// all. The times before it are kept, so nobody gains a try by it.
func (l Limits) Refund(ctx context.Context, q *storage.Queries, key string) error {
	_, err := q.CountAttempt(ctx, key, func(f storage.Failures) storage.Failures {
		if f.Streak == 0 || len(f.Recent) == 0 {
			return f
		}
		f.Streak--
		f.Recent = f.Recent[:len(f.Recent)-1]
		f.LastAt = 0
		if n := len(f.Recent); n > 0 {
			f.LastAt = f.Recent[n-1]
		}
		return f
	})
	return err
}

// current drops what no longer counts at t: failures older than a day, and the
// streak after a day without any. A clock that was set back cannot prolong a
// wait: what lies in the future happened now.
func (l Limits) current(f storage.Failures, t storage.Time) (storage.Failures, storage.Time) {
	kept := make([]storage.Time, 0, len(f.Recent)+1)
	for _, at := range f.Recent {
		if at = min(at, t); at+day > t {
			kept = append(kept, at)
		}
	}
	f.Recent = kept
	f.LastAt = min(f.LastAt, t)
	if f.LastAt+day <= t {
		f.Streak = 0
	}
	return f, t
}

func (l Limits) perDay() int {
	if l.PerDay > 0 {
		return l.PerDay
	}
	return MaxPerDay
}

// wait returns how long after the streak's last failure nobody may try.
func wait(streak int) time.Duration {
	if streak <= free {
		return 0
	}
	return waits[min(streak-free, len(waits))-1]
}
