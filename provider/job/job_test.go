package job

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

// inBubble runs test with a database whose clock stands still while anything
// runs.
func inBubble(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, storagetest.Open(t)) })
}

// start runs Every until the test ends.
func start(t *testing.T, db *storage.DB, log *slog.Logger, j Job) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); Every(ctx, db, log, j) }()
	t.Cleanup(func() { cancel(); <-done })
}

func TestEveryRunsAtOnceAndThenByInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		var runs atomic.Int64
		start(t, db, quiet, Job{Name: "count", Interval: 10 * time.Minute, Run: func(context.Context) error { runs.Add(1); return nil }})
		time.Sleep(time.Second)
		if runs.Load() != 1 {
			t.Errorf("%d runs after a second, want 1", runs.Load())
		}
		time.Sleep(100 * time.Minute)
		if n := runs.Load(); n < 10 || n > 12 {
			t.Errorf("%d runs after 100 minutes, want one every 9 to 11", n)
		}
	})
}

func TestOneReplicaRunsInEachInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		var runs, at, most atomic.Int64
		for range 3 {
			start(t, db, quiet, Job{Name: "count", Interval: 10 * time.Minute, Run: func(context.Context) error {
				runs.Add(1)
				most.Store(max(most.Load(), at.Add(1)))
				time.Sleep(time.Second)
				at.Add(-1)
				return nil
			}})
		}
		time.Sleep(100 * time.Minute)
		if n := runs.Load(); n < 9 || n > 12 || most.Load() != 1 {
			t.Errorf("%d runs in 100 minutes, %d at once; want one in each interval", n, most.Load())
		}
	})
}

func TestWakeRunsBeforeTime(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		wake := make(chan struct{}, 1)
		var runs atomic.Int64
		start(t, db, quiet, Job{Name: "count", Interval: time.Hour, Wake: wake, Run: func(context.Context) error { runs.Add(1); return nil }})
		time.Sleep(time.Second)
		wake <- struct{}{}
		time.Sleep(time.Second)
		if runs.Load() != 2 {
			t.Errorf("%d runs, want the first and the woken one", runs.Load())
		}
	})
}

func TestFailureAndPanicAreLoggedAndTheJobGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		var log bytes.Buffer
		var runs atomic.Int64
		start(t, db, slog.New(slog.NewTextHandler(&log, nil)), Job{Name: "bad", Interval: time.Minute, Run: func(context.Context) error {
			if runs.Add(1) == 1 {
				return errors.New("disk full")
			}
			panic("bug")
		}})
		time.Sleep(150 * time.Second)
		synctest.Wait()
		if got := log.String(); runs.Load() < 2 || !strings.Contains(got, "disk full") || !strings.Contains(got, "panic: bug") {
			t.Errorf("%d runs, log:\n%s", runs.Load(), got)
		}
	})
}

func TestDoneIsToldHowEachRunEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		broken := errors.New("disk full")
		outcomes := []error{nil, broken, nil}
		told := make(chan error, 10)
		runs := 0
		start(t, db, quiet, Job{Name: "count", Interval: time.Minute, Done: func(err error) { told <- err }, Run: func(context.Context) error {
			runs++
			return outcomes[(runs-1)%len(outcomes)]
		}})
		for i, want := range outcomes {
			if got := <-told; !errors.Is(got, want) {
				t.Errorf("run %d: told %v, want %v", i, got, want)
			}
		}
	})
}

// What the server's stop cuts off is nobody's failure, in whatever words the run
// says so; a lease lost to another replica is one.
func TestStopIsNoFailureAndALostLeaseIs(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		turn := func(ctx context.Context, run func(context.Context) error) (told []error) {
			j := Job{Name: "mail", Interval: time.Minute, Timeout: time.Hour, Run: run, Done: func(err error) { told = append(told, err) }}
			j.turn(ctx, lease{db: db, name: j.Name, holder: "here"}, quiet)
			return told
		}
		ctx, stop := context.WithCancel(t.Context())
		told := turn(ctx, func(context.Context) error {
			stop()
			return errors.New("send mail: cut off")
		})
		if len(told) != 0 {
			t.Errorf("a stop was told as %v", told)
		}
		time.Sleep(2 * time.Minute) // the lease of that run has ended
		told = turn(t.Context(), func(run context.Context) error {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				until := storage.At(time.Now().Add(time.Hour))
				return q.TakeLease(t.Context(), "mail", "thief", until, until+3600)
			})
			if err != nil {
				t.Error(err)
			}
			<-run.Done()
			return run.Err()
		})
		if len(told) != 1 || !errors.Is(told[0], errLost) {
			t.Errorf("a lost lease was told as %v", told)
		}
	})
}

func TestRunEndsAtItsTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		var ended atomic.Bool
		start(t, db, quiet, Job{Name: "slow", Interval: time.Hour, Timeout: time.Minute, Run: func(ctx context.Context) error {
			<-ctx.Done()
			ended.Store(true)
			return ctx.Err()
		}})
		time.Sleep(61 * time.Second)
		if !ended.Load() {
			t.Error("the run went on after its timeout")
		}
	})
}

func TestAloneExcludesOthersForAsLongAsItTakes(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		go func() {
			err := Alone(ctx, db, "print", func(context.Context) error { time.Sleep(10 * time.Minute); return nil })
			if err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(time.Second)
		nothing := func(context.Context) error { return nil }
		for range 9 { // long past the first lease
			if err := Alone(ctx, db, "print", nothing); !errors.Is(err, ErrBusy) {
				t.Errorf("second holder: %v, want ErrBusy", err)
			}
			if err := Alone(ctx, db, "other", nothing); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Minute)
		if err := Alone(ctx, db, "print", nothing); err != nil {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestLeaseOfDeadHolderEndsWithinAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		dead := lease{db: db, name: "print", holder: "dead"}
		if err := dead.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		nothing := func(context.Context) error { return nil }
		if err := Alone(t.Context(), db, "print", nothing); !errors.Is(err, ErrBusy) {
			t.Errorf("while the lease stands: %v, want ErrBusy", err)
		}
		time.Sleep(time.Minute)
		if err := Alone(t.Context(), db, "print", nothing); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

func TestLostLeaseStopsTheRun(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		err := Alone(ctx, db, "print", func(run context.Context) error {
			// What a holder frozen for an hour finds: the row is somebody else's.
			until := storage.At(time.Now().Add(time.Hour))
			err := db.InTx(ctx, func(q *storage.Queries) error {
				return q.TakeLease(ctx, "print", "thief", until, until+3600)
			})
			if err != nil {
				t.Error(err)
			}
			<-run.Done()
			return run.Err()
		})
		if !errors.Is(err, errLost) {
			t.Errorf("%v, want a lost lease", err)
		}
	})
}

func TestPanicGivesTheLeaseBack(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		func() {
			defer func() { _ = recover() }() // the panic is the test's own
			_ = Alone(t.Context(), db, "print", func(context.Context) error { panic("bug") })
		}()
		if err := Alone(t.Context(), db, "print", func(context.Context) error { return nil }); err != nil {
			t.Errorf("after a panic: %v", err)
		}
	})
}
