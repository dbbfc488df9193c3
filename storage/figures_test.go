package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestMessagesAndLettersAreCounted(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		credentials(t, db, storage.ByLetter, 3) // three wait, and three are held behind them
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			run, err := q.OpenPrintRun(ctx, storage.MessageIdentifier, "agent:test", 200)
			if err != nil {
				return err
			}
			if _, err := q.TakeLetters(ctx, run, "", 2, 200); err != nil {
				return err
			}
			run.Letters = 2
			return errors.Join(q.FinishPrintRun(ctx, run, "", 200), q.ReleaseRunFollowers(ctx, run.Number, 200))
		})
		queued, err := db.QueuedMessages(t.Context())
		if diff := cmp.Diff(map[string]int64{storage.ByLetter: 3}, queued); diff != "" || err != nil { // one left, two released
			t.Errorf("queued: %v, want -, got +\n%s", err, diff)
		}
		printed, err := db.PrintedLetters(t.Context())
		if diff := cmp.Diff(map[string]int64{storage.MessageIdentifier: 2}, printed); diff != "" || err != nil {
			t.Errorf("printed: %v, want -, got +\n%s", err, diff)
		}
		if stats := db.Stats(); stats.MaxOpenConnections == 0 || stats.OpenConnections == 0 {
			t.Errorf("connections: %+v", stats)
		}
	})
}

func TestOnlyStoredEventsAreTold(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		var told []string
		db.Audited = func(e storage.AuditEvent) { told = append(told, e.Action) }
		refused := errors.New("refused")
		audit := func(outcome error, actions ...string) {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				for _, action := range actions {
					if err := q.Audit(t.Context(), storage.AuditEvent{At: 100, Actor: "system", Action: action}); err != nil {
						return err
					}
				}
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Error(err)
			}
		}
		audit(nil, "first", "second")
		audit(refused, "rolled back")
		audit(nil)
		audit(nil, "third")
		if want := []string{"first", "second", "third"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}
