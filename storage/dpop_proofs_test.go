package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestAProofIsUsedOnceUntilItIsPurged(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		use := func(hash string) error {
			return db.InTx(t.Context(), func(q *storage.Queries) error { return q.UseProof(t.Context(), []byte(hash), 100) })
		}
		if err := use("a"); err != nil {
			t.Fatal(err)
		}
		if err := use("a"); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("second use: %v", err)
		}
		if err := use("b"); err != nil {
			t.Errorf("another one: %v", err)
		}
		for _, c := range []struct{ before, want storage.Time }{{100, 0}, {101, 2}} {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				if n, err := q.PurgeProofs(ctx, c.before, 10); err != nil || n != int64(c.want) {
					t.Errorf("purge before %d: %d, %v", c.before, n, err)
				}
				return nil
			})
		}
		if err := use("a"); err != nil {
			t.Errorf("after the purge: %v", err)
		}
	})
}
