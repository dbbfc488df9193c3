package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// openRun opens a run and takes its letters.
func openRun(t *testing.T, db *storage.DB, kind, after string, limit int) (run storage.PrintRun, letters []storage.Message) {
	t.Helper()
	write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
		if run, err = q.OpenPrintRun(ctx, kind, "agent:odile", 1000); err != nil {
			return err
		}
		letters, err = q.TakeLetters(ctx, run, after, limit, 1000)
		return err
	})
	return run, letters
}

func TestPrintRunFromQueueToPaper(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		users := credentials(t, db, storage.ByLetter, 3)
		first, letters := openRun(t, db, storage.MessageIdentifier, "", 10)
		if first.Number != 1 || first.State != storage.RunOpen || len(letters) != 3 || letters[0].UserID != users[0].ID {
			t.Fatalf("first run = %+v with %d letters", first, len(letters))
		}
		if _, none := openRun(t, db, storage.MessageIdentifier, "", 10); len(none) != 0 {
			t.Errorf("a second run took %d letters of the first", len(none))
		}
		if _, none := openRun(t, db, storage.MessageProvisional, "", 10); len(none) != 0 {
			t.Errorf("%d passwords were taken before their identifiers were printed", len(none))
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.ReturnLetter(ctx, first, letters[1].ID, "address too long")
		})
		first.Letters, first.SHA256 = 3, "00ff"
		finish := func(run storage.PrintRun, firstNew string) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				return errors.Join(q.FinishPrintRun(ctx, run, firstNew, 1000), q.ReleaseRunFollowers(ctx, run.Number, 1000))
			})
		}
		if err := finish(first, ""); err == nil {
			t.Error("a run of two letters was finished with three")
		}
		first.Letters = 2
		if err := finish(first, ""); err != nil {
			t.Fatal(err)
		}
		if err := finish(first, ""); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the run was finished twice: %v", err)
		}
		if m, err := db.Message(ctx, letters[0].ID); err != nil || m.State != storage.MessagePrinted || m.Run != 1 || m.LeftAt != 1000 {
			t.Errorf("printed letter = %+v, %v", m, err)
		}

		old := provisional(users[0].ID, 900, 5000)
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateProvisional(ctx, old) })
		second, passwords := openRun(t, db, storage.MessageProvisional, "", 10)
		if len(passwords) != 2 || passwords[0].UserID != users[0].ID || passwords[1].UserID != users[2].ID {
			t.Fatalf("passwords = %v; want those whose identifiers are printed", passwords)
		}
		fresh := provisional(users[0].ID, 1001, 5000)
		second.Letters = 2
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateProvisional(ctx, fresh), q.FinishPrintRun(ctx, second, fresh.ID, 1000))
		})
		if live, err := db.LiveProvisionals(ctx, users[0].ID, 1002); err != nil || len(live) != 1 || live[0].ID != fresh.ID {
			t.Errorf("live = %v, %v; want the printed one only", live, err)
		}
		if runs, err := db.PrintRuns(ctx, 10); err != nil || len(runs) != 4 || runs[3].Letters != 2 || runs[3].SHA256 != "00ff" {
			t.Errorf("runs = %+v, %v", runs, err)
		}
	})
}

func TestAbandonedRunGivesItsLettersBack(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		credentials(t, db, storage.ByLetter, 5)
		run, letters := openRun(t, db, storage.MessageIdentifier, "", 3)
		if len(letters) != 3 {
			t.Fatalf("%d letters, want the limit of 3", len(letters))
		}
		if open, err := db.InterruptedPrintRuns(ctx); err != nil || len(open) != 1 || open[0].Number != run.Number {
			t.Errorf("open runs = %v, %v", open, err)
		}
		abandon := func() error {
			return db.InTx(ctx, func(q *storage.Queries) error { return q.AbandonPrintRun(ctx, run.Number) })
		}
		if err := abandon(); err != nil {
			t.Fatal(err)
		}
		if err := abandon(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("abandoned twice: %v, want ErrNotFound", err)
		}
		if open, err := db.InterruptedPrintRuns(ctx); err != nil || len(open) != 0 {
			t.Errorf("interrupted runs = %v, %v; want none, there is no file", open, err)
		}
		next, again := openRun(t, db, storage.MessageIdentifier, letters[0].ID, 10)
		if next.Number != 2 || len(again) != 4 || again[0].ID != letters[1].ID {
			t.Errorf("run %d took %d letters; want the four after the first one", next.Number, len(again))
		}
	})
}

func TestLettersAreTakenByOneRun(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		credentials(t, db, storage.ByLetter, 2)
		var taken [8]int
		won := atOnce(len(taken), func(i int) bool {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				run, err := q.OpenPrintRun(t.Context(), storage.MessageIdentifier, "", 1000)
				if err != nil {
					return err
				}
				letters, err := q.TakeLetters(t.Context(), run, "", 10, 1000)
				taken[i] = len(letters)
				return err
			})
			if err != nil {
				taken[i] = 0
				if !errors.Is(err, storage.ErrConflict) {
					t.Error(err)
				}
			}
			return err == nil
		})
		sum := 0
		for _, n := range taken {
			sum += n
		}
		if won == 0 || sum != 2 {
			t.Errorf("%d runs were opened and took %d letters, want 2", won, sum)
		}
	})
}
