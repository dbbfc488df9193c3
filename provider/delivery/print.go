package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"loge/provider/job"
	"loge/provider/letter"
	"loge/storage"
)

// maxLetters is how many letters one run holds; what is left goes into the next
// run of the same Print. It bounds memory and the size of the transaction.
const maxLetters = letter.PerFile

// letterKinds are the kinds of run, in the order in which they are printed.
var letterKinds = []struct{ kind, name string }{
	{storage.MessageIdentifier, "identifiants"},
	{storage.MessageProvisional, "mots-de-passe"},
	{storage.MessageAdministratorAppointed, "avis"},
}

// Run is what became of one print run.
type Run struct {
	Number  int
	Kind    string // storage.Message…
	Letters int
	File    string // PDF, mode 0600; empty when the run has no letter
	Refused []Refusal
	Report  string // CSV of the refused ones; empty when there are none
	// Interrupted is a run that an earlier Print left unfinished: its letters
	// are in the queue again, its file was removed, and what may have been
	// printed from it must not be posted.
	Interrupted bool
}

// Refusal is a letter that stays in the queue.
type Refusal struct {
	Number string // numéro utilisateur
	Reason string
}

// Print writes the letters that are due as PDF files into dir, each with a
// manifest beside it: identifiers, then provisional passwords, then notices. A
// password is due LetterSeparation working days after the day that
// [Delivery.Confirm] was told for its identifier. No run means that nothing is due.
//
// actor is who prints, « agent:NAME ». While another Print runs anywhere, this
// one waits for it. After an error, the runs returned are complete and their
// letters count as printed.
func (d *Delivery) Print(ctx context.Context, dir, actor string) ([]Run, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find folder for letters: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for letters: %w", err)
	}
	var runs []Run
	for {
		err := job.Alone(ctx, d.DB, "letters", func(ctx context.Context) error {
			runs, err = d.printAll(ctx, dir, actor)
			return err
		})
		if !errors.Is(err, job.ErrBusy) {
			return runs, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another print run: %w", ctx.Err())
		case <-time.After(time.Second):
		}
	}
}

func (d *Delivery) printAll(ctx context.Context, dir, actor string) ([]Run, error) {
	runs, err := d.clearAway(ctx)
	if err != nil {
		return runs, fmt.Errorf("clear away an interrupted print run: %w", err)
	}
	if _, err := d.PurgeFiles(ctx); err != nil {
		d.Log.WarnContext(ctx, "files of earlier letters are still there", "error", err)
	}
	for _, k := range letterKinds {
		last := ""
		for {
			b := &batch{Delivery: d, dir: dir, name: k.name, actor: actor, now: d.Now()}
			err := b.open(ctx, k.kind, last)
			if errors.Is(err, errNothing) {
				break
			}
			if err != nil {
				return runs, fmt.Errorf("open print run: %w", err)
			}
			run, err := b.print(ctx)
			if err != nil {
				return runs, fmt.Errorf("print run %d: %w", b.run.Number, err)
			}
			runs = append(runs, run)
			last = b.messages[len(b.messages)-1].ID
		}
	}
	return runs, nil
}

// clearAway undoes the runs that a dead process left behind. The lease says
// that nobody works on them.
func (d *Delivery) clearAway(ctx context.Context) ([]Run, error) {
	left, err := d.DB.InterruptedPrintRuns(ctx)
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, run := range left {
		if err := d.undo(ctx, run); err != nil {
			return runs, err
		}
		runs = append(runs, Run{Number: run.Number, Kind: run.Kind, Interrupted: true})
		d.Log.WarnContext(ctx, "interrupted print run cleared away", "run", run.Number, "file", run.File)
	}
	return runs, nil
}

// undo puts the letters of an unfinished run back into the queue, then removes
// its file: in this order, because a commit that is still on its way must win
// or lose first. It fails, and the file stays, when the run is finished.
func (d *Delivery) undo(ctx context.Context, run storage.PrintRun) error {
	err := d.DB.InTx(ctx, func(q *storage.Queries) error { return q.AbandonPrintRun(ctx, run.Number) })
	if errors.Is(err, storage.ErrNotFound) {
		now, lookErr := d.DB.PrintRun(ctx, run.Number)
		if lookErr != nil || now.State != storage.RunAbandoned {
			return errors.Join(fmt.Errorf("print run is %s", now.State), lookErr)
		}
		err = nil // abandoned before, its file is still to be removed
	}
	if err != nil {
		return fmt.Errorf("abandon print run: %w", err)
	}
	for _, file := range []string{run.File, unfinished(run.File), manifest(run.File), unfinished(manifest(run.File))} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove void letters: %w", err)
		}
	}
	return d.DB.InTx(ctx, func(q *storage.Queries) error { return q.SetPrintFile(ctx, run.Number, "") })
}

// finish records the run, once its file is there under its name.
func (b *batch) finish(ctx context.Context) error {
	refused := slices.Sorted(maps.Keys(b.refused))
	return b.DB.InTx(ctx, func(q *storage.Queries) error {
		for _, id := range refused {
			if err := q.ReturnLetter(ctx, b.run, id, b.refused[id].Reason); err != nil {
				return fmt.Errorf("return letter: %w", err)
			}
		}
		firstNew := ""
		for _, p := range b.provisionals {
			if err := q.CreateProvisional(ctx, p); err != nil {
				return fmt.Errorf("store provisional password: %w", err)
			}
			if firstNew == "" || p.ID < firstNew {
				firstNew = p.ID
			}
		}
		if err := q.FinishPrintRun(ctx, b.run, firstNew, storage.At(b.now)); err != nil {
			return err
		}
		for _, s := range b.sheets {
			if err := q.NumberLetter(ctx, s.message, s.number, s.provisional); err != nil {
				return fmt.Errorf("number letter: %w", err)
			}
		}
		if b.LetterSeparation == 0 {
			if err := q.ReleaseRunFollowers(ctx, b.run.Number, storage.At(b.now)); err != nil {
				return fmt.Errorf("queue letters that follow: %w", err)
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(b.now), Actor: b.actor, Action: "letters.printed", Subject: strconv.Itoa(b.run.Number),
			Details: map[string]string{"kind": b.run.Kind, "letters": strconv.Itoa(b.run.Letters), "file": filepath.Base(b.run.File), "sha256": b.run.SHA256}})
	})
}
