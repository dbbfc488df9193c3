package storage

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// readers are the connections to SQLite that only read. The one given back last
// is taken first: it remembers most.
type readers struct {
	dsn   string
	slots chan struct{} // as many as there may be connections in use

	mu     sync.Mutex
	free   []*sqliteConn
	open   int
	closed bool
	waits  sql.DBStats // how often and how long somebody waited for a slot
}

func newReaders(dsn string, limit int) *readers {
	return &readers{dsn: dsn, slots: make(chan struct{}, limit)}
}

// acquire returns a connection, for whoever is still there to use it.
func (r *readers) acquire(ctx context.Context) (*sqliteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case r.slots <- struct{}{}:
	default:
		if err := r.queue(ctx); err != nil {
			return nil, err
		}
	}
	c, err := r.take()
	if err != nil {
		<-r.slots
	}
	return c, err
}

// take is for who has a slot.
func (r *readers) take() (*sqliteConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if last := len(r.free) - 1; last >= 0 {
		c := r.free[last]
		r.free = r.free[:last]
		return c, nil
	}
	c, err := openSQLiteConn(r.dsn)
	if err != nil {
		return nil, err
	}
	r.open++
	return c, nil
}

func (r *readers) queue(ctx context.Context) error {
	since := time.Now()
	var err error
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits.WaitCount++
	r.waits.WaitDuration += time.Since(since)
	return err
}

func (r *readers) release(c *sqliteConn) {
	r.mu.Lock()
	r.free = append(r.free, c)
	r.mu.Unlock()
	<-r.slots
}

func (r *readers) stats() sql.DBStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.waits
	s.MaxOpenConnections, s.OpenConnections, s.Idle = cap(r.slots), r.open, len(r.free)
	s.InUse = s.OpenConnections - s.Idle
	return s
}

// close waits for the running reads and closes every connection.
func (r *readers) close() error {
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, c := range r.free {
		err = errors.Join(err, c.close())
	}
	r.free, r.open, r.closed = nil, 0, true
	for range cap(r.slots) {
		<-r.slots // whoever comes now is told
	}
	return err
}

func (r *readers) query(ctx context.Context, query string, args []any) (cursor, error) {
	c, err := r.acquire(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.query(query, args)
	if err != nil {
		r.release(c)
		return nil, err
	}
	found.pool = r
	return found, nil
}

// exec and execCount are there to be refused by SQLite: these connections only
// read.
func (r *readers) exec(ctx context.Context, query string, args []any) error {
	_, err := r.execCount(ctx, query, args)
	return err
}

func (r *readers) execCount(ctx context.Context, query string, args []any) (int64, error) {
	c, err := r.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer r.release(c)
	return c.execCount(query, args)
}
