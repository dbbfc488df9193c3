package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"
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

// conn is a pool, a transaction, SQLite's writing connection or a batch for
// PostgreSQL.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// one returns the row that fits, or ErrNotFound. It serves SELECT and every
// write with RETURNING.
func one[T any](ctx context.Context, q *Queries, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	if b, ok := q.conn.(*batch); ok {
		var nothing T
		b.unfit = true
		return nothing, errUnfit
	}
	v, err := scan(q.conn.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, ErrNotFound
	}
	return v, conflict(err)
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
	rows, err := q.conn.QueryContext(ctx, query, args...)
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
	_, err := q.conn.ExecContext(ctx, query, args...)
	return conflict(err)
}

// execCount runs a write and tells how many rows it touched: for purges and
// reports only, never to decide who was first.
func (q *Queries) execCount(ctx context.Context, query string, args ...any) (int64, error) {
	if b, ok := q.conn.(*batch); ok {
		b.unfit = true
		return 0, errUnfit
	}
	result, err := q.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, conflict(err)
	}
	return result.RowsAffected()
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

// statements prepares each statement once on SQLite's readers. A statement is
// not interrupted when its caller leaves: it takes microseconds, and being ready
// to be interrupted costs as much again.
type statements struct {
	pool  *sql.DB
	cache sync.Map // query → *sql.Stmt; as bounded as the source code
}

func (s *statements) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.cache.Load(query); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.pool.PrepareContext(ctx, renumber(query))
	if err != nil {
		return nil, err
	}
	if first, loaded := s.cache.LoadOrStore(query, stmt); loaded {
		stmt.Close()
		return first.(*sql.Stmt), nil
	}
	return stmt, nil
}

func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := s.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.Exec(args...)
}

func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.Query(args...)
}

func (s *statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := s.ready(ctx, query)
	if err != nil {
		// A *sql.Row cannot be made from an error: the pool reports the same one.
		return s.pool.QueryRowContext(ctx, renumber(query), args...)
	}
	return stmt.QueryRow(args...)
}

// ready is prepare for a caller who is still there.
func (s *statements) ready(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.prepare(ctx, query)
}

// urlPath writes a file path into a file: URI.
type urlPath struct{ path string }

func (p *urlPath) String() string { return (&url.URL{Path: p.path}).EscapedPath() }
