package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestCountAttemptsOneAfterTheOther(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		if _, err := db.Failures(t.Context(), "k"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("counter before the first try: %v, want ErrNotFound", err)
		}
		var wg sync.WaitGroup
		seen := make([]int, 50)
		for i := range 50 {
			wg.Go(func() {
				err := db.InTx(t.Context(), func(q *storage.Queries) error {
					_, err := q.CountAttempt(t.Context(), "k", func(f storage.Failures) storage.Failures {
						seen[i] = f.Streak
						f.Streak++
						f.Recent = append(f.Recent, 1_800_000_000)
						f.LastAt = 1_800_000_000
						return f
					})
					return err
				})
				if err != nil {
					t.Errorf("try %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		before := map[int]bool{}
		for _, streak := range seen {
			if before[streak] {
				t.Errorf("two tries saw %d failures before them", streak)
			}
			before[streak] = true
		}
		f, err := db.Failures(t.Context(), "k")
		if err != nil || f.Streak != 50 || len(f.Recent) != 50 {
			t.Errorf("counter %d with %d times, %v; want 50 of both", f.Streak, len(f.Recent), err)
		}
	})
}

func TestFailuresComeBackAsTheyWere(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		want := storage.Failures{Key: "k", Streak: 7, Recent: []storage.Time{1_800_000_000, 1_800_000_060}, LastAt: 1_800_000_060}
		write(t, db, func(_ context.Context, q *storage.Queries) error {
			_, err := q.CountAttempt(t.Context(), "k", func(storage.Failures) storage.Failures { return want })
			return err
		})
		got, err := db.Failures(t.Context(), "k")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("counter (%v): want -, got +\n%s", err, diff)
		}
		write(t, db, func(_ context.Context, q *storage.Queries) error { return q.ClearFailures(t.Context(), "k") })
		if _, err := db.Failures(t.Context(), "k"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("counter after ClearFailures: %v, want ErrNotFound", err)
		}
	})
}

// A transaction that fails counts nothing: the caller must not go on then.
func TestCountIsUndoneWithItsTransaction(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		boom := errors.New("boom")
		err := db.InTx(t.Context(), func(q *storage.Queries) error {
			if _, err := q.CountAttempt(t.Context(), "k", func(f storage.Failures) storage.Failures { f.Streak++; return f }); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if _, err := db.Failures(t.Context(), "k"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("counter of an undone try: %v, want ErrNotFound", err)
		}
	})
}

func TestThrottle(t *testing.T) {
	const now = storage.Time(1_800_000_000)
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		// Three units of ten seconds.
		for i, step := range []struct {
			after storage.Time
			want  bool
		}{
			{0, true}, {0, true}, {0, true}, {0, false}, {9, false}, {10, true}, {10, false}, {40, true}, {40, true}, {40, true}, {40, false},
		} {
			var got bool
			write(t, db, func(_ context.Context, q *storage.Queries) (err error) {
				got, err = q.TakeThrottle(t.Context(), "k", 10, 30, now+step.after)
				return err
			})
			if got != step.want {
				t.Errorf("step %d, %d s later: taken %v, want %v", i+1, step.after, got, step.want)
			}
		}
		if full, err := db.ThrottleFullAt(t.Context(), "k"); err != nil || full != now+70 {
			t.Errorf("full at %d, %v; want %d", full, err, now+70)
		}
		write(t, db, func(_ context.Context, q *storage.Queries) error { return q.RefundThrottle(t.Context(), "k", 10) })
		if full, err := db.ThrottleFullAt(t.Context(), "k"); err != nil || full != now+60 {
			t.Errorf("full at %d after a refund, %v; want %d", full, err, now+60)
		}
		if full, err := db.ThrottleFullAt(t.Context(), "other"); err != nil || !full.IsZero() {
			t.Errorf("untouched bucket: full at %d, %v; want never", full, err)
		}
	})
}

func TestPurgeCounters(t *testing.T) {
	const now = storage.Time(1_800_000_000)
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		write(t, db, func(_ context.Context, q *storage.Queries) error {
			for i := range 1003 {
				key, at := fmt.Sprintf("k%d", i), now-1
				if i >= 1001 {
					at = now
				}
				if _, err := q.CountAttempt(t.Context(), key, func(f storage.Failures) storage.Failures { f.LastAt = at; return f }); err != nil {
					return err
				}
				if _, err := q.TakeThrottle(t.Context(), key, 10, 30, at-10); err != nil {
					return err
				}
			}
			return nil
		})
		for name, purge := range map[string]func(q *storage.Queries) (int64, error){
			"failures":  func(q *storage.Queries) (int64, error) { return q.PurgeFailures(t.Context(), now, 1000) },
			"throttles": func(q *storage.Queries) (int64, error) { return q.PurgeThrottles(t.Context(), now, 1000) },
		} {
			for _, want := range []int64{1000, 1, 0} {
				var got int64
				write(t, db, func(_ context.Context, q *storage.Queries) (err error) { got, err = purge(q); return err })
				if got != want {
					t.Errorf("purge of %s removed %d, want %d", name, got, want)
				}
			}
		}
		if _, err := db.Failures(t.Context(), "k1002"); err != nil {
			t.Errorf("a counter of this second was purged: %v", err)
		}
	})
}
