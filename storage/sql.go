package storage

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// Time is a moment in Unix seconds; 0 is never.
type Time int64

// At returns the second that t lies in; the zero time is never.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.Unix())
}

// Time returns the moment in UTC; never is the zero time.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}

// Scan reads a column. Without it database/sql would write each number as text
// and read that again.
func (t *Time) Scan(column any) error {
	seconds, ok := column.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", column)
	}
	*t = Time(seconds)
	return nil
}

// IsZero tells whether t is never.
func (t Time) IsZero() bool { return t == 0 }

// Queries holds every statement. Inside [DB.InTx] they belong to the
// transaction; on a DB they only read.
type Queries struct {
	conn     conn
	postgres bool
	audited  []AuditEvent // written in this transaction
}

// conn is a pool of connections, a transaction, SQLite's writer or a batch for
// PostgreSQL.
type conn interface {
	query(ctx context.Context, query string, args []any) (cursor, error)
	exec(ctx context.Context, query string, args []any) error
	execCount(ctx context.Context, query string, args []any) (int64, error)
}

// cursor holds the rows of one statement, and its connection until Close.
type cursor interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// one returns the row that fits, or ErrNotFound. It serves SELECT and every
// write with RETURNING.
func one[T any](ctx context.Context, q *Queries, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := first(ctx, q.conn, scan, query, args)
	return v, conflict(err)
}

func first[T any](ctx context.Context, c conn, scan func(scanner) (T, error), query string, args []any) (v T, err error) {
	rows, err := c.query(ctx, query, args)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	if !rows.Next() {
		return v, cmp.Or(rows.Err(), ErrNotFound)
	}
	if v, err = scan(rows); err != nil {
		return v, err
	}
	return v, rows.Close() // PostgreSQL may have found a fault after the first row
}

// decide is one for a write with RETURNING that must hit a row. In [DB.Apply] it
// returns the zero value, and Apply returns the ErrNotFound.
func decide[T any](ctx context.Context, q *Queries, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	if b, ok := q.conn.(*batch); ok {
		var later T
		b.decide(query, args)
		return later, nil
	}
	return one(ctx, q, scan, query, args...)
}

// all returns every row that fits, none included.
func all[T any](ctx context.Context, q *Queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.conn.query(ctx, query, args)
	if err != nil {
		return nil, conflict(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, conflict(rows.Err())
}

// exec runs a write whose outcome needs no look.
func (q *Queries) exec(ctx context.Context, query string, args ...any) error {
	return conflict(q.conn.exec(ctx, query, args))
}

// execCount runs a write and tells how many rows it touched: for purges and
// reports only, never to decide who was first.
func (q *Queries) execCount(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := q.conn.execCount(ctx, query, args)
	return n, conflict(err)
}

// scanOne reads a row of a single column.
func scanOne[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// numbered finds $1. SQLite takes $1 for a name and binds by order of
// appearance; ?1 is the number.
var numbered = regexp.MustCompile(`\$(\d+)`)

// renumber also writes + before each parameter. It changes no value, but keeps
// SQLite from looking at the value when it plans: where it has looked, every
// new binding makes it plan again, and a join of seven tables takes 150 µs
// instead of 7.
func renumber(query string) string { return numbered.ReplaceAllString(query, "+?$1") }

// urlPath writes a file path into a file: URI.
type urlPath struct{ path string }

func (p *urlPath) String() string { return (&url.URL{Path: p.path}).EscapedPath() }
