package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestLeaseHasOneHolder(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		take := func(holder string, now, until storage.Time) error {
			return db.InTx(ctx, func(q *storage.Queries) error { return q.TakeLease(ctx, "purge", holder, now, until) })
		}
		for i, c := range []struct {
			holder     string
			now, until storage.Time
			want       error
		}{
			{"a", 100, 160, nil},
			{"b", 159, 219, storage.ErrNotFound},
			{"a", 150, 210, nil}, // renewed
			{"b", 160, 220, storage.ErrNotFound},
			{"b", 210, 270, nil}, // over at the second it names
			{"a", 211, 271, storage.ErrNotFound},
		} {
			if err := take(c.holder, c.now, c.until); !errors.Is(err, c.want) {
				t.Errorf("step %d: %s at %d: %v, want %v", i, c.holder, c.now, err, c.want)
			}
		}
		end := func(holder string) {
			write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndLease(ctx, "purge", holder, 220) })
		}
		end("a") // not its lease any more
		if err := take("a", 221, 300); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("somebody else gave the lease back: %v", err)
		}
		end("b")
		if err := take("a", 221, 300); err != nil {
			t.Errorf("lease given back: %v", err)
		}
	})
}
