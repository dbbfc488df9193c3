package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loge/storage"
)

const (
	leaseTime = time.Minute      // how long a lease outlives a holder that died
	renewTime = 15 * time.Second // how often a living holder renews it
)

// ErrBusy says that somebody else is doing it now.
var ErrBusy = errors.New("somebody else holds the lease")

// Alone runs fn while holding the lease of that name, [ErrBusy] when somebody
// else does. The context of fn ends when the lease is lost.
func Alone(ctx context.Context, db *storage.DB, name string, fn func(ctx context.Context) error) error {
	l := lease{db: db, name: name, holder: storage.NewID()}
	return l.hold(ctx, 0, fn)
}

// lease is a replica's claim to one job.
type lease struct {
	db     *storage.DB
	name   string
	holder string
}

// hold takes the lease, runs fn, and gives the lease back; not before keep has
// passed since the start, so that no other replica repeats the run at once.
func (l lease) hold(ctx context.Context, keep time.Duration, fn func(ctx context.Context) error) error {
	start := time.Now()
	if err := l.take(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		l.renew(ctx, cancel)
	}()
	defer func() { // after a panic too
		cancel(nil)
		<-renewing
		end := context.WithoutCancel(ctx)
		until := storage.At(start.Add(keep))
		// A lease that cannot be given back ends by itself within a minute.
		_ = l.db.InTx(end, func(q *storage.Queries) error { return q.EndLease(end, l.name, l.holder, until) })
	}()
	err := fn(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, errLost) {
		return errors.Join(cause, err)
	}
	return err
}

func (l lease) take(ctx context.Context) error {
	now := time.Now()
	err := l.db.InTx(ctx, func(q *storage.Queries) error {
		return q.TakeLease(ctx, l.name, l.holder, storage.At(now), storage.At(now.Add(leaseTime)))
	})
	if errors.Is(err, storage.ErrNotFound) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("take lease %s: %w", l.name, err)
	}
	return nil
}

var errLost = errors.New("lease was lost")

// renew keeps the lease until ctx ends. A renewal that fails for want of a
// database is tried again while the lease still stands.
func (l lease) renew(ctx context.Context, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(renewTime)
	defer ticker.Stop()
	end := time.Now().Add(leaseTime)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		attempt, stop := context.WithTimeout(ctx, renewTime)
		began := time.Now()
		err := l.take(attempt)
		stop()
		switch {
		case err == nil:
			end = began.Add(leaseTime)
		case errors.Is(err, ErrBusy), time.Now().Add(renewTime).After(end):
			cancel(fmt.Errorf("%w: %s: %w", errLost, l.name, err))
			return
		}
	}
}
