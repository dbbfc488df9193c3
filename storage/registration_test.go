package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// Two secrets are valid for a while after a renewal, never three.
func TestFormerSecretEnds(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		c := storage.Client{ID: "loyers", Name: "Loyers", AuthMethod: storage.AuthBasic, SubjectType: storage.SubjectPairwise, IDTokenAlg: "RS256",
			Consent: storage.ConsentAsk, SecretHash: []byte{1}, SecretCreatedAt: 1, CreatedAt: 1, UpdatedAt: 1}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateClient(ctx, c) })
		rotate := func(hash byte, until, now storage.Time) storage.Client {
			t.Helper()
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.RotateClientSecret(ctx, c.ID, []byte{hash}, until, now)
			})
			stored, err := db.Client(t.Context(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			return stored
		}
		if s := rotate(2, 100, 10); s.SecretHash[0] != 2 || s.FormerSecretHash[0] != 1 || s.FormerSecretUntil != 100 {
			t.Errorf("renewed with overlap: %+v", s)
		}
		if s := rotate(3, 100, 11); s.SecretHash[0] != 3 || s.FormerSecretHash[0] != 2 {
			t.Errorf("renewed again: %+v", s)
		}
		end := func(now storage.Time) error {
			return db.InTx(t.Context(), func(q *storage.Queries) error { return q.EndFormerSecret(t.Context(), c.ID, now) })
		}
		if err := end(100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("ended when it had ended: %v", err)
		}
		if err := end(99); err != nil {
			t.Error(err)
		}
		if s := rotate(4, 0, 12); s.FormerSecretHash != nil || s.FormerSecretUntil != 0 {
			t.Errorf("renewed without overlap: %+v", s)
		}
	})
}

// An invitation is used as often as it says, by whoever is first, and not from
// its last second on.
func TestInvitationIsCounted(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.CreateInvitation(ctx, storage.Invitation{ID: "i", Hash: []byte{1}, Scopes: "openid", UsesLeft: 3, CreatedBy: "agent:a", CreatedAt: 1, ExpiresAt: 100})
		})
		use := func(now storage.Time) error {
			return db.InTx(t.Context(), func(q *storage.Queries) error { _, err := q.UseInvitation(t.Context(), "i", now); return err })
		}
		if err := use(100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("used at its end: %v", err)
		}
		if _, err := db.InvitationByHash(t.Context(), []byte{1}, 100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("found at its end: %v", err)
		}
		outcomes := make(chan error)
		for range 50 {
			go func() { outcomes <- use(99) }()
		}
		used := 0
		for range 50 {
			if err := <-outcomes; err == nil {
				used++
			} else if !errors.Is(err, storage.ErrNotFound) {
				t.Error(err)
			}
		}
		if any, err := db.AnyInvitation(t.Context(), 99); used != 3 || any || err != nil {
			t.Errorf("used %d times of 3, still usable: %v, %v", used, any, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if n, err := q.PurgeInvitations(ctx, 100, 10); n != 0 || err != nil {
				t.Errorf("purged %d at the end, %v", n, err)
			}
			n, err := q.PurgeInvitations(ctx, 101, 10)
			if n != 1 {
				t.Errorf("purged %d, want 1", n)
			}
			return err
		})
	})
}
