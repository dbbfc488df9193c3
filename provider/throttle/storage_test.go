package throttle

import (
	"context"
	"sync"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

// parallel runs try a hundred times at once, each in its own transaction.
func parallel(t *testing.T, db *storage.DB, try func(ctx context.Context, q *storage.Queries) (Decision, error)) (allowed int) {
	t.Helper()
	var wg sync.WaitGroup
	decisions, errs := make([]Decision, 100), make([]error, 100)
	for i := range 100 {
		wg.Go(func() {
			errs[i] = db.InTx(t.Context(), func(q *storage.Queries) (err error) {
				decisions[i], err = try(t.Context(), q)
				return err
			})
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
		if decisions[i].Allowed {
			allowed++
		}
	}
	return allowed
}

func TestHundredGuessesAtOnceAreFive(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		keys := Keys("0123456789abcdef0123456789abcdef")
		for what, key := range map[string]string{"known": keys.User("u"), "unknown": keys.Unknown("LOGX7RT9QPM")} {
			guess := func(now time.Time) func(context.Context, *storage.Queries) (Decision, error) {
				return func(ctx context.Context, q *storage.Queries) (Decision, error) {
					return Limits{}.Attempt(ctx, q, key, now)
				}
			}
			if n := parallel(t, db, guess(start)); n != 5 {
				t.Errorf("%s: %d of 100 guesses at once were allowed, want 5", what, n)
			}
			if n := parallel(t, db, guess(start.Add(2*time.Minute-time.Second))); n != 0 {
				t.Errorf("%s: %d guesses allowed during the wait, want none", what, n)
			}
			if n := parallel(t, db, guess(start.Add(2*time.Minute))); n != 1 {
				t.Errorf("%s: %d guesses allowed after the wait, want 1", what, n)
			}
			f, err := db.Failures(t.Context(), key)
			if err != nil || f.Streak != 6 || len(f.Recent) != 6 {
				t.Errorf("%s: counter %+v, %v; want six failures", what, f, err)
			}
		}
	})
}

func TestRefundAndClear(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			for range 5 {
				if _, err := (Limits{}).Attempt(ctx, q, "user:u", start); err != nil {
					return err
				}
			}
			return Limits{}.Refund(ctx, q, "user:u")
		})
		f, err := db.Failures(t.Context(), "user:u")
		if d := (Limits{}).Account(f, start); err != nil || !d.Allowed || f.Streak != 4 {
			t.Errorf("after five and a refund: %+v, %v; want the fifth allowed again", f, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.ClearFailures(ctx, "user:u") })
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return Limits{}.Refund(ctx, q, "user:u") })
		f, err = db.Failures(t.Context(), "user:u")
		if err != nil || f.Streak != 0 || len(f.Recent) != 0 {
			t.Errorf("refund after a success: %+v, %v; want nothing counted", f, err)
		}
	})
}

func TestAddress(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		take := func(key string, now time.Time) func(context.Context, *storage.Queries) (Decision, error) {
			return func(ctx context.Context, q *storage.Queries) (Decision, error) { return Address(ctx, q, key, now) }
		}
		if n := parallel(t, db, take("a", start)); n != 30 {
			t.Errorf("%d of 100 failures at once were allowed, want 30", n)
		}
		if n := parallel(t, db, take("b", start)); n != 30 {
			t.Errorf("another address: %d allowed, want 30", n)
		}
		var d Decision
		write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
			d, err = Address(ctx, q, "a", start.Add(5*time.Second))
			return err
		})
		if d.Allowed || d.Wait != 15*time.Second || !d.Until.Equal(start.Add(20*time.Second)) {
			t.Errorf("after five seconds: %+v, want a wait of 15 s", d)
		}
		if n := parallel(t, db, take("a", start.Add(20*time.Second))); n != 1 {
			t.Errorf("after 20 seconds %d allowed, want 1", n)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return RefundAddress(ctx, q, "a") })
		if n := parallel(t, db, take("a", start.Add(20*time.Second))); n != 1 {
			t.Errorf("after a refund %d allowed, want 1", n)
		}
	})
}

func TestAddressDay(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		allowed := 0
		var d Decision
		for i := range 200 { // every 20 seconds, the pace of the first bucket
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				d, err = Address(ctx, q, "a", start.Add(time.Duration(i)*20*time.Second))
				return err
			})
			if d.Allowed {
				allowed++
			}
		}
		// 4,000 seconds give back four units of 864 s.
		if allowed != 104 {
			t.Errorf("%d failures allowed in 67 minutes, want 104", allowed)
		}
		if d.Allowed || d.Wait <= 0 || d.Wait > 864*time.Second {
			t.Errorf("last decision %+v, want a wait of at most 864 s", d)
		}
	})
}

func write(t *testing.T, db *storage.DB, fn func(ctx context.Context, q *storage.Queries) error) {
	t.Helper()
	if err := db.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}
