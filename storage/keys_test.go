package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestSigningKeysEndAreWithdrawnAndPurged(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		for i, from := range []storage.Time{10, 20, 30} {
			for _, alg := range []string{"ES256", "RS256"} {
				write(t, db, func(ctx context.Context, q *storage.Queries) error {
					return q.AddSigningKey(ctx, storage.SigningKey{KID: fmt.Sprint(alg, i+1), Alg: alg, Generation: int64(i + 1), Sealed: []byte{1}, Public: "{}", CreatedAt: 5, SignsFrom: from})
				})
			}
		}
		end := func() error {
			return db.InTx(t.Context(), func(q *storage.Queries) error { return q.EndSigningKey(t.Context(), "RS2561", 20) })
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := end(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("ended twice: %v, want ErrNotFound", err)
		}
		var withdrawn []string
		withdraw := func() []string {
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				withdrawn, err = q.WithdrawSigningKeys(ctx, "RS256", 3, 25)
				return err
			})
			slices.Sort(withdrawn)
			return withdrawn
		}
		if got := withdraw(); !slices.Equal(got, []string{"RS2561", "RS2562"}) {
			t.Errorf("withdrawn %v", got)
		}
		if got := withdraw(); len(got) != 0 {
			t.Errorf("withdrawn twice: %v", got)
		}
		for _, want := range []struct {
			before storage.Time
			kids   string
		}{{20, "[ES2561 ES2562 ES2563 RS2561 RS2562 RS2563]"}, {21, "[ES2561 ES2562 ES2563 RS2562 RS2563]"}, {1000, "[ES2561 ES2562 ES2563 RS2563]"}} {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				_, err := q.PurgeSigningKeys(ctx, want.before, 10)
				return err
			})
			keys, err := db.SigningKeys(t.Context())
			var kids []string
			for _, k := range keys {
				kids = append(kids, k.KID)
			}
			if got := fmt.Sprint(kids); got != want.kids || err != nil {
				t.Errorf("purged before %d: %s (%v), want %s", want.before, got, err, want.kids)
			}
		}
	})
}
