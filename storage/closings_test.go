package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func askClosing(t *testing.T, db *storage.DB, userID string, at storage.Time) bool {
	t.Helper()
	err := db.InTx(t.Context(), func(q *storage.Queries) error {
		return q.AskClosing(t.Context(), storage.Closing{ID: storage.NewID(), UserID: userID, Reason: "sold", AskedAt: at})
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	return err == nil
}

func TestOneRequestToCloseIsOpen(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		if _, err := db.OpenClosing(ctx, u.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("before: %v", err)
		}
		if won := atOnce(4, func(int) bool { return askClosing(t, db, u.ID, 100) }); won != 1 {
			t.Errorf("%d of 4 asked, want 1", won)
		}
		if open, err := db.OpenClosings(ctx, 10); err != nil || len(open) != 1 || open[0].User.ID != u.ID || open[0].Account.ID != u.AccountID || open[0].Closing.Reason != "sold" {
			t.Errorf("open: %+v, %v", open, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.WithdrawClosing(ctx, u.ID, 110)
			return err
		})
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.WithdrawClosing(ctx, u.ID, 111); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("withdrawn twice: %v", err)
			}
			if _, err := q.AnswerClosing(ctx, u.ID, storage.ClosingRefused, "agent:a", "no", 111); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("answered after it was withdrawn: %v", err)
			}
			return q.CloseAsked(ctx, u.ID, "agent:a", 112) // nothing to answer
		})
		if !askClosing(t, db, u.ID, 200) {
			t.Error("could not ask again")
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			c, err := q.AnswerClosing(ctx, u.ID, storage.ClosingRefused, "agent:a", "still needed", 210)
			if err == nil && (c.Answer != storage.ClosingRefused || c.AnsweredAt != 210 || c.Note != "still needed" || c.AskedAt != 200) {
				t.Errorf("answered: %+v", c)
			}
			return err
		})
		if !askClosing(t, db, u.ID, 300) {
			t.Error("could not ask after a refusal")
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			n, err := q.PurgeClosings(ctx, 1000, 10)
			if n != 2 {
				t.Errorf("purged %d, want the two that are not open", n)
			}
			return err
		})
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CloseAsked(ctx, u.ID, "agent:a", 310) })
		if open, err := db.OpenClosings(ctx, 10); err != nil || len(open) != 0 {
			t.Errorf("left open: %+v, %v", open, err)
		}
	})
}

func TestOtherAdministratorCanAct(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		other := user(u.AccountID, "LOG7Y7Y7Y7Y", "deux@example.org")
		other.Role, other.State = storage.RoleAdministrator, storage.StateSuspended
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateUser(ctx, other) })
		if got, err := db.OtherAdministrator(t.Context(), u); err != nil || got {
			t.Errorf("a suspended one counts: %v, %v", got, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetUserState(ctx, other.ID, storage.StateSuspended, storage.StateActive, 1)
			return err
		})
		if got, err := db.OtherAdministrator(t.Context(), u); err != nil || !got {
			t.Errorf("the active one: %v, %v", got, err)
		}
	})
}
