package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// Towards no client, and towards one that is not there, a visitor is who he is,
// and gets nothing.
func TestVisitorWithoutClientIsFoundAndGetsNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		s := storage.Session{ID: storage.NewID(), IDHash: []byte("one"), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 10, SeenAt: 10, ExpiresAt: 1000}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateSession(ctx, s), q.EndSession(ctx, s.ID, 20))
		})
		for _, client := range []string{"", "unknown"} {
			v, err := db.VisitorOfCookie(ctx, s.IDHash, client, 30)
			if err != nil || v.User.ID != u.ID || v.Account.ID != u.AccountID || v.Session.ID != s.ID || v.Session.EndedAt != 20 || !v.UpToDate {
				t.Errorf("towards %q: %+v, %v", client, v, err)
			}
			if v.ClientDisabledAt.IsZero() {
				t.Errorf("client %q counts as one that may be given something", client)
			}
		}
		if _, err := db.VisitorOfCookie(ctx, []byte("two"), "", 30); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a cookie of nobody: %v, want ErrNotFound", err)
		}
	})
}
