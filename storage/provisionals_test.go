package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func provisional(userID string, created, expires storage.Time) storage.Provisional {
	return storage.Provisional{ID: storage.NewID(), UserID: userID, Hash: []byte{1, 2}, Channel: storage.ByEmail, EmailKey: "a@b.c", CreatedAt: created, ExpiresAt: expires}
}

func TestProvisionalIsUsedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		p := provisional(u.ID, 100, 200)
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateProvisional(ctx, p) })
		won := atOnce(50, func(int) bool {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				used, err := q.ConsumeProvisional(t.Context(), p.ID, 150)
				if err == nil && used.UsedAt != 150 {
					t.Errorf("used = %+v", used)
				}
				return err
			})
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Error(err)
			}
			return err == nil
		})
		if won != 1 {
			t.Errorf("a provisional password was used %d times", won)
		}
	})
}

func TestProvisionalEndsOnTheSecond(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		for _, c := range []struct {
			now  storage.Time
			live bool
		}{{199, true}, {200, false}, {201, false}} {
			p := provisional(u.ID, 100, 200)
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return errors.Join(q.CreateProvisional(ctx, p), q.SupersedeOtherProvisionals(ctx, u.ID, p.ID, 100))
			})
			list, err := db.LiveProvisionals(ctx, u.ID, c.now)
			if err != nil || (len(list) == 1) != c.live {
				t.Errorf("at %d: %d live, %v; want live = %v", c.now, len(list), err, c.live)
			}
			err = db.InTx(ctx, func(q *storage.Queries) error { _, err := q.ConsumeProvisional(ctx, p.ID, c.now); return err })
			if (err == nil) != c.live || err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("consume at %d: %v; want live = %v", c.now, err, c.live)
			}
		}
	})
}

func TestNewerProvisionalReplacesOlderOnes(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		older, newer := provisional(u.ID, 100, 900), provisional(u.ID, 101, 901)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateProvisional(ctx, older), q.CreateProvisional(ctx, newer))
		})
		if list, err := db.LiveProvisionals(ctx, u.ID, 150); err != nil || len(list) != 2 || list[0].ID != newer.ID {
			t.Fatalf("before the newer one has left: %v, %v; want both, newest first", list, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.SupersedeOtherProvisionals(ctx, u.ID, newer.ID, 160)
		})
		list, err := db.LiveProvisionals(ctx, u.ID, 170)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]storage.Provisional{newer}, list); diff != "" {
			t.Errorf("live (-want +got):\n%s", diff)
		}
		if all, err := db.ProvisionalsOf(ctx, u.ID); err != nil || len(all) != 2 || all[1].SupersededAt != 160 {
			t.Errorf("ProvisionalsOf = %v, %v", all, err)
		}
		err = db.InTx(ctx, func(q *storage.Queries) error { _, err := q.ConsumeProvisional(ctx, older.ID, 170); return err })
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("replaced password was used: %v", err)
		}
	})
}
