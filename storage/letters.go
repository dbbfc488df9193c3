package storage

import (
	"context"
	"fmt"
)

// States of a print run.
const (
	RunOpen      = "open"      // its letters are being written, or the process died
	RunPrinted   = "printed"   // its file is complete, its letters are to be posted
	RunAbandoned = "abandoned" // its letters went back to the queue
)

// PrintRun is one file of letters of one kind.
type PrintRun struct {
	Number    int // 1, 2, 3 …; never used again
	Kind      string
	State     string
	Letters   int
	File      string // where the file was written
	SHA256    string // of the file, hexadecimal
	PrintedBy string
	CreatedAt Time
	// ConfirmedAt is when the sheets were printed and posted, as an agent said.
	ConfirmedAt Time
	ConfirmedBy string
}

const printRunColumns = `number, kind, state, letters, file, sha256, printed_by, created_at, confirmed_at, confirmed_by`

func scanPrintRun(s scanner) (r PrintRun, err error) {
	err = s.Scan(&r.Number, &r.Kind, &r.State, &r.Letters, &r.File, &r.SHA256, &r.PrintedBy, &r.CreatedAt, &r.ConfirmedAt, &r.ConfirmedBy)
	return r, err
}

// OpenPrintRun takes the next number for a run; ErrConflict when another run
// took it at the same moment.
func (q *Queries) OpenPrintRun(ctx context.Context, kind, printedBy string, now Time) (PrintRun, error) {
	return one(ctx, q, scanPrintRun, `INSERT INTO print_runs (`+printRunColumns+`)
		SELECT COALESCE(MAX(number), 0) + 1, $1, 'open', 0, '', '', $2, CAST($3 AS BIGINT), 0, '' FROM print_runs
		RETURNING `+printRunColumns, kind, printedBy, now)
}

// SetPrintFile says where the run's file is going to be, before it is there, so
// that what an interrupted run left behind can be found; empty: there is none.
func (q *Queries) SetPrintFile(ctx context.Context, number int, file string) error {
	return q.exec(ctx, `UPDATE print_runs SET file = $2 WHERE number = $1`, number, file)
}

// goodAddress keeps letters back while the account's postal address is known to
// be wrong.
const goodAddress = `NOT EXISTS (SELECT 1 FROM undeliverable
	WHERE undeliverable.account_id = messages.account_id AND undeliverable.channel = 'letter')`

// TakeLetters gives up to limit queued letters with ids after the given one to
// the run and returns them in the order they were written. A letter is in one
// run at most.
func (q *Queries) TakeLetters(ctx context.Context, run PrintRun, after string, limit int, now Time) ([]Message, error) {
	err := q.exec(ctx, `UPDATE messages SET run = $1
		WHERE id IN (SELECT id FROM messages WHERE state = 'queued' AND channel = 'letter' AND kind = $2 AND run = 0
			AND not_before <= $3 AND id > $4 AND `+mayLeave+` AND `+goodAddress+` ORDER BY id LIMIT $5)
		AND state = 'queued' AND run = 0`, run.Number, run.Kind, now, after, limit)
	if err != nil {
		return nil, fmt.Errorf("take letters: %w", err)
	}
	return all(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE run = $1 ORDER BY id`, run.Number)
}

// ReturnLetter puts one letter of an open run back into the queue.
func (q *Queries) ReturnLetter(ctx context.Context, run PrintRun, messageID, reason string) error {
	return q.exec(ctx, `UPDATE messages SET run = 0, last_error = $3 WHERE id = $1 AND run = $2 AND state = 'queued'`,
		messageID, run.Number, reason)
}

// FinishPrintRun records that the run's letters are printed and ends the provisional passwords that theirs replace: those
// of the same users with ids before firstNew. ErrNotFound when the run is no
// longer open, and an error when it does not hold run.Letters letters.
func (q *Queries) FinishPrintRun(ctx context.Context, run PrintRun, firstNew string, now Time) error {
	if _, err := one(ctx, q, scanOne[int], `UPDATE print_runs SET state = 'printed', letters = $2, sha256 = $3
		WHERE number = $1 AND state = 'open' RETURNING number`, run.Number, run.Letters, run.SHA256); err != nil {
		return err
	}
	printed, err := q.execCount(ctx, `UPDATE messages SET state = 'printed', left_at = $2, last_error = ''
		WHERE run = $1 AND state = 'queued'`, run.Number, now)
	if err != nil {
		return fmt.Errorf("mark letters printed: %w", err)
	}
	if printed != int64(run.Letters) {
		return fmt.Errorf("print run %d holds %d letters, its file %d", run.Number, printed, run.Letters)
	}
	if firstNew == "" {
		return nil
	}
	return q.exec(ctx, `UPDATE provisionals SET superseded_at = $3, hash = ''
		WHERE user_id IN (SELECT user_id FROM messages WHERE run = $1) AND id < $2 AND used_at = 0 AND superseded_at = 0`,
		run.Number, firstNew, now)
}

// ReleaseRunFollowers queues at once what follows the letters of a run, where
// the two may be posted together.
func (q *Queries) ReleaseRunFollowers(ctx context.Context, number int, now Time) error {
	return q.exec(ctx, `UPDATE messages SET state = 'queued', not_before = $2
		WHERE state = 'held' AND follows IN (SELECT id FROM messages WHERE run = $1)`, number, now)
}

// AbandonPrintRun puts the letters of an open run back into the queue;
// ErrNotFound when the run is not open. Its file stays on record until
// [Queries.SetPrintFile] says that it is gone.
func (q *Queries) AbandonPrintRun(ctx context.Context, number int) error {
	if _, err := one(ctx, q, scanOne[int], `UPDATE print_runs SET state = 'abandoned' WHERE number = $1 AND state = 'open' RETURNING number`, number); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE messages SET run = 0 WHERE run = $1 AND state = 'queued'`, number)
}

// InterruptedPrintRuns returns the runs that were neither finished nor cleared
// away: open ones, and abandoned ones whose file may still be there.
func (q *Queries) InterruptedPrintRuns(ctx context.Context) ([]PrintRun, error) {
	return all(ctx, q, scanPrintRun, `SELECT `+printRunColumns+` FROM print_runs
		WHERE state = 'open' OR (state = 'abandoned' AND file <> '') ORDER BY number`)
}

// PrintedFiles returns the runs whose file is still on record: those that were
// made before then, and those that somebody has printed and posted.
func (q *Queries) PrintedFiles(ctx context.Context, before Time) ([]PrintRun, error) {
	return all(ctx, q, scanPrintRun, `SELECT `+printRunColumns+` FROM print_runs
		WHERE state = 'printed' AND file <> '' AND (created_at < $1 OR confirmed_at > 0) ORDER BY number`, before)
}

// PrintRun returns the run with that number.
func (q *Queries) PrintRun(ctx context.Context, number int) (PrintRun, error) {
	return one(ctx, q, scanPrintRun, `SELECT `+printRunColumns+` FROM print_runs WHERE number = $1`, number)
}

// PrintRuns returns the latest runs, newest first.
func (q *Queries) PrintRuns(ctx context.Context, limit int) ([]PrintRun, error) {
	return all(ctx, q, scanPrintRun, `SELECT `+printRunColumns+` FROM print_runs ORDER BY number DESC LIMIT $1`, limit)
}
