package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"loge/storage"
)

const (
	batchRows = 512 // rows of one transaction: some 20 ms during which others wait
	attempts  = 5   // for a batch whose ground somebody else moves
)

// ImportOptions say how to import.
type ImportOptions struct {
	Name   string // of the file, for report and journal
	DryRun bool   // do everything but write
	// Progress, if set, is told how many bytes of the file are done.
	Progress func(read, total int64)
	// Refused, if set, gets each refused row, in the order of the file.
	Refused func(Refusal) error
}

// Import takes the accounts of a file in; the package comment says how. It
// reads r twice from its start and never holds more than some hundred rows.
//
// An error means that the file as a whole is not readable, or that the
// database or ctx ended the run: the report then says what had been stored
// until there. A bad row is no error.
func (o *Operator) Import(ctx context.Context, r io.ReadSeeker, options ImportOptions) (Report, error) {
	report := Report{File: options.Name, DryRun: options.DryRun}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return report, fmt.Errorf("read file: %w (a pipe cannot be read twice: give a file)", err)
	}
	source, err := inspect(r)
	if err != nil {
		return report, err
	}
	report.SHA256 = source.sha256
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return report, fmt.Errorf("read file again: %w", err)
	}
	rows, err := newRows(r, source)
	if err != nil {
		return report, err
	}
	header, err := readHeader(rows)
	if err != nil {
		return report, err
	}
	run := &importRun{Operator: o, options: options, source: source, header: header, rows: rows, seen: newSeen(), report: report}
	err = run.all(ctx)
	return run.report, err
}

func readHeader(r *rows) (header, error) {
	for {
		l, err := r.line()
		switch {
		case errors.Is(err, io.EOF):
			return header{}, errors.New("file is empty: the first row names the columns")
		case err != nil:
			return header{}, err
		case l.tooLong || l.garbled:
			return header{}, errors.New("header row is not text: is this a CSV file?")
		case strings.TrimSpace(l.text) == "":
			continue
		}
		h, err := parseHeader(l.text)
		r.separator, r.columns = h.separator, h.columns
		return h, err
	}
}

// importRun is one import on its way.
type importRun struct {
	*Operator
	options ImportOptions
	source  source
	header  header
	rows    *rows
	seen    *seen
	report  Report
}

func (run *importRun) all(ctx context.Context) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var batch batch
		var err error
		if batch, more, err = run.read(); err != nil {
			return err
		}
		if err := run.take(ctx, batch); err != nil {
			return err
		}
		if run.options.Progress != nil {
			run.options.Progress(run.rows.read, run.source.size)
		}
	}
	return nil
}

// batch is some rows of the file, checked by themselves.
type batch struct {
	first, last int // lines
	good        []candidate
	refused     []Refusal
}

// read returns the next rows, and whether there may be more.
func (run *importRun) read() (batch, bool, error) {
	var b batch
	for range batchRows {
		r, err := run.rows.next()
		if errors.Is(err, io.EOF) {
			return b, false, nil
		}
		if err != nil {
			return b, false, err
		}
		if b.first == 0 {
			b.first = r.line
		}
		b.last = r.line
		c, faults := run.header.parse(r)
		if len(faults) > 0 {
			b.refused = append(b.refused, refusal(c, faults...))
			continue
		}
		b.good = append(b.good, c)
	}
	return b, true, nil
}

func refusal(c candidate, faults ...string) Refusal {
	return Refusal{Line: c.line, Number: shorten(c.number), Reason: strings.Join(faults, " ; ")}
}

// take plans and writes one batch. When somebody else took a number, address
// or identifier between the look and the writing, or signed in, nothing of the
// batch is stored and it looks again.
func (run *importRun) take(ctx context.Context, b batch) error {
	var p plan
	for attempt := 1; ; attempt++ {
		var err error
		if p, err = run.plan(ctx, b.good); err == nil && !run.options.DryRun && p.writes() {
			err = run.DB.InTx(ctx, func(q *storage.Queries) error { return run.write(ctx, q, b, p) })
		}
		if err == nil {
			break
		}
		moved := errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound)
		if !moved || attempt == attempts {
			return fmt.Errorf("store lines %d to %d: %w", b.first, b.last, err)
		}
	}
	run.seen.keep(p)
	run.report.Created += len(p.create)
	run.report.Updated += p.updated()
	run.report.Unchanged += p.unchanged
	return run.refuse(append(b.refused, p.refused...))
}

func (run *importRun) refuse(refused []Refusal) error {
	slices.SortFunc(refused, func(a, b Refusal) int { return a.Line - b.Line })
	run.report.Refused += len(refused)
	if run.options.Refused == nil {
		return nil
	}
	for _, r := range refused {
		if err := run.options.Refused(r); err != nil {
			return err
		}
	}
	return nil
}

// write stores a batch in one transaction: accounts, their two messages each,
// and the event of the journal.
func (run *importRun) write(ctx context.Context, q *storage.Queries, b batch, p plan) error {
	now := run.now()
	if err := q.CreateLandlords(ctx, p.create); err != nil {
		return err
	}
	for _, u := range p.update {
		if u.agency {
			if err := q.UpdateAgencyData(ctx, u.landlord.Account, now); err != nil {
				return fmt.Errorf("update account: %w", err)
			}
		}
		if u.person {
			if err := q.UpdateBeforeSignIn(ctx, u.landlord, now); err != nil {
				return fmt.Errorf("update user: %w", err)
			}
		}
	}
	return q.Audit(ctx, storage.AuditEvent{At: now, Actor: run.Actor, Action: "accounts.imported", Subject: run.source.sha256,
		Details: map[string]string{
			"file": run.options.Name, "sha256": run.source.sha256, "lines": fmt.Sprintf("%d-%d", b.first, b.last),
			"created": strconv.Itoa(len(p.create)), "updated": strconv.Itoa(p.updated()),
			"unchanged": strconv.Itoa(p.unchanged), "refused": strconv.Itoa(len(b.refused) + len(p.refused)),
		}})
}
