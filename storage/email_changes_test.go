package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestEmailCodeIsUsedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		askCode(t, db, u.ID, "new@example.org", 100)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetEmailCode(ctx, u.ID, storage.OwnAddress, []byte("right"), 200, 100)
			return err
		})
		if try(t, db, u.ID, "right", 200) {
			t.Error("a code was good at its end")
		}
		if try(t, db, u.ID, "wrong", 150) {
			t.Error("a wrong code was good")
		}
		won := atOnce(4, func(int) bool { return try(t, db, u.ID, "right", 199) })
		if won != 1 {
			t.Errorf("%d of 4 used the code, want 1", won)
		}
		if _, err := db.EmailChangeOf(ctx, u.ID, storage.OwnAddress); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the address still waits: %v", err)
		}
	})
}

func TestEmailCodeDiesAfterFiveTries(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		askCode(t, db, u.ID, "new@example.org", 100)
		if try(t, db, u.ID, "", 150) {
			t.Error("an empty code was good before any was sent")
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetEmailCode(ctx, u.ID, storage.OwnAddress, []byte("right"), 200, 100)
			return err
		})
		atOnce(storage.EmailCodeTries, func(i int) bool { return try(t, db, u.ID, fmt.Sprint(i), 150) })
		if try(t, db, u.ID, "right", 150) {
			t.Error("the right code was good after five wrong ones")
		}
	})
}

func TestEmailCodeSendingsAreCounted(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		put := func(now storage.Time) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: u.ID, Purpose: storage.OwnAddress, Email: fmt.Sprint(now, "@x.fr"), EmailKey: fmt.Sprint(now, "@x.fr")}, now)
				return err
			})
		}
		for i := range storage.EmailCodeSendings {
			if err := put(storage.Time(100 + i)); err != nil {
				t.Fatalf("sending %d: %v", i+1, err)
			}
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.DropEmailChange(ctx, u.ID, storage.OwnAddress)
		})
		end, err := db.EmailCodeWait(ctx, u.ID, storage.OwnAddress)
		if err != nil || end != 100+storage.EmailCodeWindow {
			t.Errorf("wait until %d, %v", end, err)
		}
		if err := put(end - 1); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a sixth code was asked for: %v", err)
		}
		if err := put(end); err != nil {
			t.Errorf("the next day no code may be asked for: %v", err)
		}
	})
}

func TestCodeOfAnotherAddressIsDead(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		askCode(t, db, u.ID, "new@example.org", 100)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetEmailCode(ctx, u.ID, storage.OwnAddress, []byte("right"), 200, 100)
			return err
		})
		askCode(t, db, u.ID, "victim@example.org", 110)
		if try(t, db, u.ID, "right", 120) {
			t.Error("a code sent to one address confirmed another")
		}
	})
}

func askCode(t *testing.T, db *storage.DB, userID, email string, now storage.Time) {
	t.Helper()
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: userID, Purpose: storage.OwnAddress, Email: email, EmailKey: email}, now)
		return err
	})
}

func try(t *testing.T, db *storage.DB, userID, hash string, now storage.Time) (ok bool) {
	t.Helper()
	err := db.InTx(t.Context(), func(q *storage.Queries) (err error) {
		_, ok, err = q.TryEmailCode(t.Context(), userID, storage.OwnAddress, []byte(hash), now)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return ok
}
