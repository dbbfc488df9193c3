package storage_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// A device code goes from waiting to used by the statements alone: whoever
// comes second, too late, as another client or after it was burnt finds nothing.
func TestDeviceCodeIsDecidedAboutOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		in := func(fn func(q *storage.Queries) error) error { return db.InTx(ctx, fn) }
		none := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", what, err)
			}
		}
		good := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		good("client", in(func(q *storage.Queries) error {
			return q.CreateClient(ctx, storage.Client{ID: "borne", Name: "Borne", AuthMethod: storage.AuthNone, SubjectType: storage.SubjectPublic,
				IDTokenAlg: "RS256", Consent: storage.ConsentAsk, CreatedAt: 1, UpdatedAt: 1})
		}))
		begin := func(signature string) {
			t.Helper()
			good("create "+signature, in(func(q *storage.Queries) error {
				return q.CreateDevice(ctx, storage.Device{Signature: signature, UserCodeHash: []byte(signature), ClientID: "borne", Scopes: "openid", Pause: 5, CreatedAt: 10, ExpiresAt: 100})
			}))
		}
		approve := func(signature string, now storage.Time) error {
			return in(func(q *storage.Queries) error { return q.ApproveDevice(ctx, signature, "g", "{}", now) })
		}
		deny := func(signature string) error {
			return in(func(q *storage.Queries) error { return q.DenyDevice(ctx, signature, 20) })
		}
		burn := func(signature string) error {
			return in(func(q *storage.Queries) error { _, err := q.BurnDevice(ctx, signature, 20); return err })
		}
		consume := func(signature, client string, now storage.Time) error {
			return in(func(q *storage.Queries) error { return q.ConsumeDevice(ctx, signature, client, now) })
		}

		begin("agreed")
		if err := in(func(q *storage.Queries) error {
			return q.CreateDevice(ctx, storage.Device{Signature: "double", UserCodeHash: []byte("agreed"), ClientID: "borne", ExpiresAt: 100})
		}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a user code for two devices: %v, want ErrConflict", err)
		}
		if d, err := db.WaitingDevice(ctx, []byte("agreed"), 20); err != nil || d.Signature != "agreed" {
			t.Errorf("waiting: %+v, %v", d, err)
		}
		none("consume before anybody agrees", consume("agreed", "borne", 20))
		good("agree", approve("agreed", 20))
		none("agree twice", approve("agreed", 20))
		none("refuse after that", deny("agreed"))
		if _, err := db.WaitingDevice(ctx, []byte("agreed"), 20); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("waiting after that: %v", err)
		}
		none("consume by another client", consume("agreed", "autre", 20))
		none("consume too late", consume("agreed", "borne", 100))
		var wins atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				switch err := consume("agreed", "borne", 99); {
				case err == nil:
					wins.Add(1)
				case !errors.Is(err, storage.ErrNotFound):
					t.Errorf("consume at once: %v", err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("consumed %d times, want once", wins.Load())
		}
		none("burn after use", burn("agreed"))

		begin("refused")
		good("refuse", deny("refused"))
		none("refuse twice", deny("refused"))
		none("agree after that", approve("refused", 20))
		begin("late")
		none("agree too late", approve("late", 100))

		begin("leaked")
		good("agree", approve("leaked", 20))
		good("burn", burn("leaked"))
		none("burn twice", burn("leaked"))
		none("consume what was burnt", consume("leaked", "borne", 20))
		begin("leaked early")
		good("burn", burn("leaked early"))
		none("agree after that", approve("leaked early", 20))

		begin("asks")
		poll := func(now storage.Time) (d storage.Device) {
			t.Helper()
			good("poll", in(func(q *storage.Queries) (err error) { d, err = q.PollDevice(ctx, "asks", "borne", 5, now); return err }))
			return d
		}
		if d := poll(20); d.TooSoon || d.PolledAt != 20 {
			t.Errorf("first question: %+v", d)
		}
		if d := poll(24); d.TooSoon {
			t.Errorf("a second early: %+v", d)
		}
		if d := poll(25); !d.TooSoon || d.Pause != 10 {
			t.Errorf("too soon: %+v", d)
		}
		none("question of another client", in(func(q *storage.Queries) error { _, err := q.PollDevice(ctx, "asks", "autre", 5, 50); return err }))
		if n, err := purge(ctx, db, 101); err != nil || n != 6 {
			t.Errorf("purged %d, %v; want all 6", n, err)
		}
		if _, err := db.Device(ctx, "asks"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("after the purge: %v", err)
		}
	})
}

func purge(ctx context.Context, db *storage.DB, before storage.Time) (n int64, err error) {
	err = db.InTx(ctx, func(q *storage.Queries) (err error) { n, err = q.PurgeDevices(ctx, before, 100); return err })
	return n, err
}
