package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"loge/storage"
)

// Job is a function and when to run it.
type Job struct {
	Name     string
	Interval time.Duration // between two starts, give or take a tenth
	Timeout  time.Duration // of one run; 0: an hour
	Run      func(ctx context.Context) error
	// Done is told how each run on this replica ended; nil: nobody is.
	Done func(err error)
	// Wake runs the job before its time; nil: never.
	Wake <-chan struct{}
	// Everywhere runs the job on each replica, without a lease: for functions
	// that take their work row by row and are safe beside each other.
	Everywhere bool
}

// Every runs the job at once and then every so often, until ctx ends. On
// several replicas one of them runs it in each interval. An error or a panic is
// logged, and the job goes on at the next turn.
func Every(ctx context.Context, db *storage.DB, log *slog.Logger, j Job) {
	l := lease{db: db, name: j.Name, holder: storage.NewID()}
	if j.Timeout == 0 {
		j.Timeout = time.Hour
	}
	for ctx.Err() == nil {
		interval := j.Interval
		if !j.turn(ctx, l, log) {
			// Look again early: the replica that ran it may be gone by then.
			interval /= 10
		}
		j.wait(ctx, interval)
	}
}

// turn runs the job once; false when it is another replica's turn.
func (j Job) turn(ctx context.Context, l lease, log *slog.Logger) bool {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, j.Timeout)
	defer cancel()
	var err error
	if j.Everywhere {
		err = j.guarded(limited)
	} else {
		// Nine tenths: the holder's own next turn may come a tenth early.
		err = l.hold(limited, j.Interval*9/10, j.guarded)
	}
	switch {
	case errors.Is(err, ErrBusy) && !errors.Is(err, errLost): // it never began
		return false
	case err != nil && ctx.Err() != nil: // the server stops, and the run with it
		return true
	case err != nil:
		log.ErrorContext(ctx, "job failed", "job", j.Name, "after", time.Since(start).String(), "error", err)
	default:
		log.DebugContext(ctx, "job done", "job", j.Name, "after", time.Since(start).String())
	}
	if j.Done != nil {
		j.Done(err)
	}
	return true
}

// guarded turns a panic into an error: a bug in one job stops neither the
// others nor the server.
func (j Job) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return j.Run(ctx)
}

// wait returns when the interval is over, give or take a tenth so that replicas
// spread out, or when somebody wakes the job.
func (j Job) wait(ctx context.Context, interval time.Duration) {
	spread := interval / 10
	timer := time.NewTimer(interval - spread + rand.N(2*spread+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-j.Wake:
	case <-timer.C:
	}
}
