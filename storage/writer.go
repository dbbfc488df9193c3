package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
)

// InTx runs fn in one transaction: all of it is stored durably, or nothing.
// fn must be short, without hashing, signing or network, and may run on another
// goroutine; when it returns an error, InTx returns that error.
func (db *DB) InTx(ctx context.Context, fn func(q *Queries) error) error {
	if db.Audited == nil {
		return db.inTx(ctx, fn)
	}
	var events []AuditEvent
	err := db.inTx(ctx, func(q *Queries) error {
		err := fn(q)
		events = q.audited
		return err
	})
	if err == nil {
		for _, e := range events {
			db.Audited(e)
		}
	}
	return err
}

func (db *DB) inTx(ctx context.Context, fn func(q *Queries) error) error {
	if db.writer != nil {
		return db.writer.do(ctx, fn)
	}
	tx, err := db.pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if err := fn(&Queries{conn: tx, postgres: true}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", conflict(err))
	}
	return nil
}

// maxGroup bounds how many transactions share one commit, and with it how long
// the first of them waits for the last.
const maxGroup = 64

// writer is SQLite's only writer. Transactions that arrive while one commits
// are grouped: each in its own savepoint, all with one fsync. It is what makes
// durable writes cheap and « database is locked » impossible within a process.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	jobs  chan *job
	done  chan struct{}
	stop  chan struct{}
	head  AuditEvent // the journal's, as far as this process knows
}

// job is one transaction on its way through the writer.
type job struct {
	ctx  context.Context
	fn   func(q *Queries) error
	err  error
	pan  any
	done chan struct{}
}

func startWriter(db *sql.DB) *writer {
	w := &writer{stmts: map[string]*sql.Stmt{}, jobs: make(chan *job), done: make(chan struct{}), stop: make(chan struct{})}
	go w.run(db)
	return w
}

var errClosed = errors.New("database is closed")

func (w *writer) do(ctx context.Context, fn func(q *Queries) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return errClosed
	}
	// Once taken, the transaction ends one way or the other: its outcome is
	// worth more than leaving early.
	<-j.done
	if j.pan != nil {
		panic(j.pan)
	}
	return j.err
}

func (w *writer) close() error {
	close(w.stop)
	<-w.done
	return nil
}

func (w *writer) run(db *sql.DB) {
	defer close(w.done)
	defer w.release()
	for {
		select {
		case j := <-w.jobs:
			w.group(db, j)
		case <-w.stop:
			return
		}
	}
}

// group commits first and everything that waits behind it. The first one needs
// no savepoint: when it fails, there is nothing else in the transaction yet.
func (w *writer) group(db *sql.DB, first *job) {
	jobs := []*job{first}
	err := w.begin(db)
	if err == nil && !w.attempt(first) {
		_ = w.exec("ROLLBACK") // its own error is the one to report
		close(first.done)
		return
	}
	for err == nil && len(jobs) < maxGroup {
		j := w.waiting()
		if j == nil {
			break
		}
		jobs = append(jobs, j)
		err = w.apply(j)
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		_ = w.exec("ROLLBACK") // the first error is the one to report
	}
	for _, j := range jobs {
		if err != nil && j.err == nil {
			j.err = fmt.Errorf("commit: %w", err)
		}
		close(j.done)
	}
}

// waiting returns a transaction that stands in the queue, or nil. Before it says
// that nobody is there it lets those run who are on their way: a commit costs
// more than all that leads to it, and is the same for one as for eight.
func (w *writer) waiting() *job {
	for range 2 {
		select {
		case j := <-w.jobs:
			return j
		default:
			runtime.Gosched()
		}
	}
	return nil
}

func (w *writer) begin(db *sql.DB) error {
	if w.conn == nil {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		w.conn = conn
		// What a savepoint needs to be taken back is copied page by page: beyond
		// 64 KiB to a temporary file, which made an import three times slower.
		// The journal goes into the database every 4000 pages of 4 KiB, not 1000:
		// most of what is written is the same few pages, again and again.
		for _, pragma := range []string{"PRAGMA temp_store = MEMORY", "PRAGMA wal_autocheckpoint = 4000"} {
			if err := w.exec(pragma); err != nil {
				return err
			}
		}
	}
	return w.exec("BEGIN IMMEDIATE")
}

// apply runs one transaction inside its savepoint. It returns an error only
// when the savepoint itself is lost (SQLite rolls everything back when the disk
// is full): then the whole group has failed.
func (w *writer) apply(j *job) error {
	if err := w.exec("SAVEPOINT request"); err != nil {
		return err
	}
	if !w.attempt(j) {
		if err := w.exec("ROLLBACK TO request"); err != nil {
			return err
		}
	}
	return w.exec("RELEASE request")
}

// attempt tells whether the transaction is to be kept. A panic waits for the
// goroutine that asked.
func (w *writer) attempt(j *job) (kept bool) {
	if j.err = j.ctx.Err(); j.err != nil {
		return false
	}
	defer func() {
		if j.pan = recover(); j.pan != nil {
			kept = false
		}
	}()
	j.err = j.fn(&Queries{conn: w})
	return j.err == nil
}

func (w *writer) exec(query string) error {
	_, err := w.ExecContext(context.Background(), query)
	return err
}

func (w *writer) release() {
	if w.conn == nil {
		return
	}
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	w.conn.Close()
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), renumber(query))
	if err != nil {
		return nil, err
	}
	w.stmts[query] = stmt
	return stmt, nil
}

// The three methods below ignore the caller's cancellation: a statement cut off
// in the middle would have SQLite roll back the whole group.

func (w *writer) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := w.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.Background(), args...)
}

func (w *writer) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := w.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.Background(), args...)
}

func (w *writer) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	stmt, err := w.prepare(query)
	if err != nil {
		return w.conn.QueryRowContext(context.Background(), renumber(query), args...)
	}
	return stmt.QueryRowContext(context.Background(), args...)
}
