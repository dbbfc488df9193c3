package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// givenUp stores that the user gave an address up at 100, to be taken back until 200.
func givenUp(t *testing.T, db *storage.DB, userID, email string) storage.EmailUndo {
	t.Helper()
	u := storage.EmailUndo{ID: storage.NewID(), UserID: userID, Email: email, EmailKey: email, NewEmail: "new@example.org", CreatedAt: 100, ExpiresAt: 200}
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		if err := q.CreateEmailUndo(ctx, u); err != nil {
			return err
		}
		_, err := q.SetEmailUndoSecret(ctx, u.ID, []byte(email), 150)
		return err
	})
	return u
}

func undo(t *testing.T, db *storage.DB, id, hash string, now storage.Time) bool {
	t.Helper()
	err := db.InTx(t.Context(), func(q *storage.Queries) error {
		_, err := q.ConsumeEmailUndo(t.Context(), id, []byte(hash), now)
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	return err == nil
}

func TestEmailChangeIsTakenBackOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		first, second := givenUp(t, db, u.ID, "first@example.org"), givenUp(t, db, u.ID, "second@example.org")
		switch {
		case undo(t, db, first.ID, "first@example.org", 200):
			t.Error("taken back at the end")
		case undo(t, db, first.ID, "wrong", 199):
			t.Error("taken back with a wrong link")
		case undo(t, db, first.ID, "", 199), undo(t, db, storage.NewID(), "x", 199):
			t.Error("taken back without a link")
		}
		if won := atOnce(4, func(int) bool { return undo(t, db, first.ID, "first@example.org", 199) }); won != 1 {
			t.Errorf("%d of 4 took it back, want 1", won)
		}
		if undo(t, db, second.ID, "second@example.org", 199) {
			t.Error("a later change was taken back after the earlier one")
		}
		if _, err := db.OpenEmailUndo(t.Context(), u.ID, 199); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a change is open: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.SetEmailUndoSecret(ctx, first.ID, []byte("again"), 150); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("another link for what was taken back: %v", err)
			}
			return nil
		})
	})
}

// An earlier link stays good when a later one was used: the earliest owner has
// the last word.
func TestEarlierAddressHasTheLastWord(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		first, second := givenUp(t, db, u.ID, "first@example.org"), givenUp(t, db, u.ID, "second@example.org")
		if !undo(t, db, second.ID, "second@example.org", 160) || !undo(t, db, first.ID, "first@example.org", 170) {
			t.Error("the earlier change could not be taken back")
		}
	})
}

func TestAddressGivenUpIsKeptForItsOwner(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		undo := givenUp(t, db, u.ID, "old@example.org")
		for _, test := range []struct {
			user, email string
			now         storage.Time
			want        bool
		}{
			{"another", "old@example.org", 199, true}, {"another", "old@example.org", 200, false}, {u.ID, "old@example.org", 199, false},
			{"another", "odile@example.org", 300, true}, {u.ID, "odile@example.org", 300, false}, {"another", "", 150, false}, {"another", "free@example.org", 150, false},
		} {
			got, err := db.EmailTaken(t.Context(), test.user, test.email, test.now)
			if err != nil || got != test.want {
				t.Errorf("%q for %q at %d: taken %v, %v; want %v", test.email, test.user, test.now, got, err, test.want)
			}
		}
		if got, err := db.EmailUndoByAddress(t.Context(), "old@example.org", 199); err != nil || got.ID != undo.ID {
			t.Errorf("by address: %+v, %v", got, err)
		}
		if _, err := db.EmailUndoByAddress(t.Context(), "old@example.org", 200); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("by address, too late: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if n, err := q.PurgeEmailUndos(ctx, 200, 10); err != nil || n != 0 {
				t.Errorf("purged %d too early, %v", n, err)
			}
			n, err := q.PurgeEmailUndos(ctx, 201, 10)
			if n != 1 {
				t.Errorf("purged %d, want 1", n)
			}
			return err
		})
	})
}

func TestDisownedPasswordIsGone(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.SetPassword(ctx, u.ID, "hash", false, 100); err != nil {
				return err
			}
			if err := q.KnowBrowser(ctx, storage.KnownBrowser{ID: storage.NewID(), Hash: []byte("b"), UserID: u.ID, CreatedAt: 100, ExpiresAt: 900}); err != nil {
				return err
			}
			return q.DisownPassword(ctx, u.ID, 200)
		})
		after, err := db.User(t.Context(), u.ID)
		if err != nil || after.PasswordHash != "" || after.PasswordSetAt != 200 {
			t.Errorf("user %+v, %v", after, err)
		}
		if id, err := db.KnownBrowser(t.Context(), u.ID, []byte("b"), 300); err != nil || id != "" {
			t.Errorf("the browser is known: %q, %v", id, err)
		}
	})
}
