package storage_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// A session that is confirmed has another secret and the time, and is else what
// it was; one that has ended is not confirmed any more.
func TestSessionIsConfirmed(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		s := storage.Session{ID: storage.NewID(), IDHash: []byte("first"), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 1000, SeenAt: 1000, ExpiresAt: 9000}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateSession(ctx, s) })
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			got, err := q.ConfirmSession(ctx, s.ID, []byte("second"), 2000)
			if err == nil && (got.ConfirmedAt != 2000 || got.SeenAt != 2000 || got.AuthenticatedAt != 1000 || got.ExpiresAt != 9000 || !bytes.Equal(got.IDHash, []byte("second"))) {
				t.Errorf("confirmed: %+v", got)
			}
			return err
		})
		if _, err := db.SessionByHash(t.Context(), []byte("first")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the old secret: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := q.EndSession(ctx, s.ID, 3000); err != nil {
				return err
			}
			if _, err := q.ConfirmSession(ctx, s.ID, []byte("third"), 3000); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("an ended session: %v", err)
			}
			return nil
		})
	})
}
