package storage_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestPushedRequestIsItsClientsAndUsedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		someClient(t, db, "a")
		someClient(t, db, "b")
		want := storage.PushedRequest{Hash: []byte("hash"), ClientID: "a", Request: "client_id=a", CreatedAt: 10, ExpiresAt: 100}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreatePushedRequest(ctx, want) })
		if got, err := db.PushedRequest(ctx, want.Hash, "a", 99); err != nil || !cmp.Equal(got, want) {
			t.Errorf("stored %+v, got %+v, %v", want, got, err)
		}
		consume := func(client string, now storage.Time) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				_, err := q.ConsumePushedRequest(ctx, want.Hash, client, now)
				return err
			})
		}
		for what, err := range map[string]error{
			"another client's": consume("b", 50), "expired": consume("a", 100),
			"another client's, read": second(db.PushedRequest(ctx, want.Hash, "b", 50)), "expired, read": second(db.PushedRequest(ctx, want.Hash, "a", 100)),
			"unknown": second(db.PushedRequest(ctx, []byte("x"), "a", 50)),
		} {
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		keep := func(until storage.Time) {
			write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.KeepPushedRequest(ctx, want.Hash, until) })
		}
		keep(500)
		keep(200) // never shorter
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := consume("a", 499); err == nil {
					won.Add(1)
				} else if !errors.Is(err, storage.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 50 used it", won.Load())
		}
		keep(900)
		if err := consume("a", 600); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("kept after its use: %v", err)
		}
		var gone int64
		write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
			gone, err = q.PurgePushedRequests(ctx, 501, 10)
			return err
		})
		if gone != 1 {
			t.Errorf("purged %d", gone)
		}
	})
}

func second[T any](_ T, err error) error { return err }
