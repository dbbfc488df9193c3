package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// What the writer remembers of the journal's head is wrong after an event was
// taken back, and after another process has written.
func TestJournalStaysWhole(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, url string) {
		one, other := storagetest.OpenURL(t, url), storagetest.OpenURL(t, url)
		back := errors.New("taken back")
		write := func(db *storage.DB, action string, end error) {
			t.Helper()
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				if err := q.Audit(t.Context(), storage.AuditEvent{At: 1, Actor: "système", Action: action, Details: map[string]string{"été": "\"%\n"}}); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		write(one, "first", nil)
		write(one, "second, taken back", back)
		write(one, "second", nil)
		write(other, "third, elsewhere", nil)
		write(one, "fourth", nil)
		if err := one.Apply(t.Context(), func(q *storage.Queries) error {
			return q.Audit(context.Background(), storage.AuditEvent{At: 2, Action: "fifth, with others"})
		}); err != nil {
			t.Fatal(err)
		}
		if n, err := other.VerifyAudit(t.Context()); err != nil || n != 5 {
			t.Errorf("VerifyAudit = %d, %v; want 5 events", n, err)
		}
	})
}

// On both databases a write that hits no row takes everything back.
func TestApplyIsAllOrNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		err := db.Apply(t.Context(), func(q *storage.Queries) error {
			if err := q.CreateAccount(t.Context(), account("45675320380001")); err != nil {
				return err
			}
			_, err := q.ConsumeCode(t.Context(), "unknown", "nobody", 1)
			return err
		})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Apply = %v, want ErrNotFound", err)
		}
		if list, err := db.Accounts(t.Context(), "", 10); err != nil || len(list) > 0 {
			t.Errorf("%d accounts were stored (%v)", len(list), err)
		}
		for range 2 {
			err = db.Apply(t.Context(), func(q *storage.Queries) error { return q.CreateAccount(t.Context(), account("45675320380001")) })
		}
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("the second Apply = %v, want ErrConflict", err)
		}
	})
}
