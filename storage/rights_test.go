package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestRightsAreReadWithTheHolder(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g, _ := granted(t, db)
		user, err := db.User(ctx, g.UserID)
		if err != nil {
			t.Fatal(err)
		}
		registered := []storage.Right{{Name: "lire", Sentence: "Lire"}, {Name: "payer", Sentence: "Payer", Restricted: true}}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			c, err := q.Client(ctx, "loyers")
			if err != nil {
				return err
			}
			c.Metadata.Rights = registered
			return errors.Join(q.SaveClient(ctx, c),
				q.CreateAccessToken(ctx, storage.AccessToken{Signature: "at", GrantID: g.ID, ClientID: "loyers", Scopes: "openid", ExpiresAt: 80}),
				q.CreateRefreshToken(ctx, storage.RefreshToken{Signature: "rt", GrantID: g.ID, ClientID: "loyers", Scopes: "openid", ExpiresAt: 80}))
		})
		want := storage.Rights{Registered: registered}
		check := func(what string) {
			t.Helper()
			rights, err := db.RightsIn(ctx, user.ID, "loyers")
			if diff := cmp.Diff(want, rights); err != nil || diff != "" {
				t.Errorf("%s: rights (-want +read), %v:\n%s", what, err, diff)
			}
			session, err := db.HolderOfSession(ctx, g.SessionID, "loyers", 40)
			if diff := cmp.Diff(want, session.Rights); err != nil || diff != "" {
				t.Errorf("%s: holder of the session (-want +read), %v:\n%s", what, err, diff)
			}
			all, err := db.RightsOf(ctx, user.ID)
			if len(all) != 1 {
				t.Fatalf("%s: rights in %d clients, %v", what, len(all), err)
			}
			if diff := cmp.Diff([]storage.ClientRights{{ClientID: "loyers", Name: all[0].Name, Rights: want}}, all); err != nil || diff != "" {
				t.Errorf("%s: all rights (-want +read), %v:\n%s", what, err, diff)
			}
		}
		check("nothing differs")
		save := func(before, after storage.AccountRights) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				return q.SaveAccountRights(ctx, user.AccountID, "loyers", before, after, 41)
			})
		}
		if err := save(storage.AccountRights{}, storage.AccountRights{Given: "payer", Withheld: "lire"}); err != nil {
			t.Fatal(err)
		}
		if err := save(storage.AccountRights{}, storage.AccountRights{Given: "lire"}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("rights changed over somebody else's change: %v", err)
		}
		if r, err := db.AccountRightsOf(ctx, user.AccountID, "loyers"); err != nil || r.Given != "payer" || r.Withheld != "lire" {
			t.Errorf("rights of the account: %+v, %v", r, err)
		}
		want.Given, want.Withheld = "payer", "lire"
		check("the account's differ")

		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.SaveUserRights(ctx, user.AccountID, user.ID, "loyers", "payer", 42)
		})
		want.Chosen = "payer"
		check("the person was given some")
		token, err := db.HolderOfToken(ctx, "at", 50)
		if diff := cmp.Diff(want, token.Rights); err != nil || diff != "" {
			t.Errorf("holder of the token (-want +read), %v:\n%s", err, diff)
		}
		if diff := cmp.Diff(registered, token.Client.Rights); diff != "" {
			t.Errorf("metadata of the token's client (-want +read):\n%s", diff)
		}
		refresh, err := db.HolderOfRefreshToken(ctx, "rt", 50)
		if diff := cmp.Diff(want, refresh.Rights); err != nil || diff != "" {
			t.Errorf("holder of the refresh token (-want +read), %v:\n%s", err, diff)
		}

		err = db.InTx(ctx, func(q *storage.Queries) error {
			return q.SaveUserRights(ctx, "another account", user.ID, "loyers", "", 43)
		})
		if _, dead := db.HolderOfToken(ctx, "at", 50); !errors.Is(err, storage.ErrNotFound) || dead != nil {
			t.Errorf("rights of a person of another account: %v; the token: %v", err, dead)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.SaveUserRights(ctx, user.AccountID, user.ID, "loyers", "", 44)
		})
		want.Chosen = ""
		check("all taken back")
		if _, err := db.HolderOfToken(ctx, "at", 50); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a token lives on without any right: %v", err)
		}
	})
}
