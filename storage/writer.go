package storage

import (
	"context"
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
	if err := fn(&Queries{conn: postgres{tx}, postgres: true}); err != nil {
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
	conn *sqliteConn
	jobs chan *job
	done chan struct{}
	stop chan struct{}
	head *AuditEvent // of the journal, with what this group has written; nil: the group has not asked yet
}

// job is one transaction on its way through the writer.
type job struct {
	ctx  context.Context
	fn   func(q *Queries) error
	err  error
	pan  any
	done chan struct{}
}

func startWriter(conn *sqliteConn) (*writer, error) {
	w := &writer{conn: conn, jobs: make(chan *job), done: make(chan struct{}), stop: make(chan struct{})}
	// What a savepoint needs to be taken back is copied page by page: beyond
	// 64 KiB to a temporary file, which made an import three times slower.
	// The journal goes into the database every 4000 pages of 4 KiB, not 1000:
	// most of what is written is the same few pages, again and again.
	for _, pragma := range []string{"PRAGMA temp_store = MEMORY", "PRAGMA wal_autocheckpoint = 4000"} {
		if err := w.command(pragma); err != nil {
			return nil, err
		}
	}
	go w.run()
	return w, nil
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
	return w.conn.close()
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case j := <-w.jobs:
			w.group(j)
		case <-w.stop:
			return
		}
	}
}

// group commits first and everything that waits behind it. The first one needs
// no savepoint: when it fails, there is nothing else in the transaction yet.
func (w *writer) group(first *job) {
	jobs := []*job{first}
	w.head = nil
	err := w.command("BEGIN IMMEDIATE")
	if err == nil && !w.attempt(first) {
		_ = w.command("ROLLBACK") // its own error is the one to report
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
		err = w.commit()
	}
	if err != nil {
		_ = w.command("ROLLBACK") // the first error is the one to report
	}
	for _, j := range jobs {
		if err != nil && j.err == nil {
			j.err = fmt.Errorf("commit: %w", err)
		}
		close(j.done)
	}
}

// commit stores the journal's head, once for the whole group, and the group.
func (w *writer) commit() error {
	if w.head != nil {
		if err := w.conn.exec(`UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`, []any{w.head.Seq, w.head.Hash}); err != nil {
			return fmt.Errorf("move audit head: %w", err)
		}
	}
	return w.command("COMMIT")
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

// apply runs one transaction inside its savepoint. It returns an error only
// when the savepoint itself is lost (SQLite rolls everything back when the disk
// is full): then the whole group has failed.
func (w *writer) apply(j *job) error {
	if err := w.command("SAVEPOINT request"); err != nil {
		return err
	}
	head := w.head
	if !w.attempt(j) {
		if err := w.command("ROLLBACK TO request"); err != nil {
			return err
		}
		w.head = head
	}
	return w.command("RELEASE request")
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

// command runs a statement of the writer's own.
func (w *writer) command(query string) error { return w.conn.exec(query, nil) }

func (w *writer) query(_ context.Context, query string, args []any) (cursor, error) {
	found, err := w.conn.query(query, args)
	if err != nil {
		return nil, err // not a cursor that holds a nil
	}
	return found, nil
}

func (w *writer) exec(_ context.Context, query string, args []any) error {
	return w.conn.exec(query, args)
}

func (w *writer) execCount(_ context.Context, query string, args []any) (int64, error) {
	return w.conn.execCount(query, args)
}
