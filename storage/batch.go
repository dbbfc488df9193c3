package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Apply is InTx for writes whose outcome is all or nothing: PostgreSQL is sent
// all of them at once, in one round trip, and decides alone. fn sees no result:
// where a statement that decides hits no row, Apply returns ErrNotFound and
// nothing is stored. When fn wants more than that, it is run again, in InTx.
func (db *DB) Apply(ctx context.Context, fn func(q *Queries) error) error {
	if db.writer != nil {
		return db.InTx(ctx, fn)
	}
	b := &batch{}
	q := &Queries{conn: b, postgres: true}
	switch err := fn(q); {
	case b.unfit:
		return db.InTx(ctx, fn)
	case err != nil:
		return err
	}
	if err := db.send(ctx, b); err != nil {
		return err
	}
	if db.Audited != nil {
		for _, e := range q.audited {
			db.Audited(e)
		}
	}
	return nil
}

// batch holds the writes of one transaction for PostgreSQL until they are sent.
type batch struct {
	queued pgx.Batch
	unfit  bool // something was asked that only an answer could tell
}

// divisionByZero is how a statement that hit no row ends its transaction.
const divisionByZero = "22012"

// decide queues a write that must hit a row. If it hits none, the division by
// their number fails and with it the whole transaction.
func (b *batch) decide(query string, args []any) {
	b.queued.Queue(`WITH hit AS (`+query+`) SELECT 1 / COUNT(*) FROM hit`, args...)
}

// send runs the batch as one transaction: PostgreSQL makes one of all that comes
// before a Sync message.
func (db *DB) send(ctx context.Context, b *batch) error {
	for {
		err := db.sendOnce(ctx, b)
		switch pg, ok := errors.AsType[*pgconn.PgError](err); {
		case err == nil:
			return nil
		case ok && pg.Code == divisionByZero:
			return ErrNotFound
		case !pgconn.SafeToRetry(err) || ctx.Err() != nil:
			return fmt.Errorf("commit: %w", conflict(err))
		}
		// An idle connection had been cut: it is closed now, and the pool has others.
	}
}

func (db *DB) sendOnce(ctx context.Context, b *batch) (err error) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().SendBatch(ctx, &b.queued).Close()
	})
}

// errUnfit ends fn early; Apply runs it again in InTx.
var errUnfit = errors.New("a batch has no results")

// exec queues a write whose outcome needs no look.
func (b *batch) exec(_ context.Context, query string, args []any) error {
	b.queued.Queue(query, args...)
	return nil
}

func (b *batch) query(context.Context, string, []any) (cursor, error) {
	b.unfit = true
	return nil, errUnfit
}

func (b *batch) execCount(context.Context, string, []any) (int64, error) {
	b.unfit = true
	return 0, errUnfit
}
