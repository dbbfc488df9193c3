package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// refreshable stores an offline grant with one refresh token and one access
// token, r and a.
func refreshable(t *testing.T, db *storage.DB) storage.Grant {
	t.Helper()
	g, _ := granted(t, db)
	g.ID, g.Offline = storage.NewID(), true
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateGrant(ctx, g),
			q.CreateRefreshToken(ctx, storage.RefreshToken{Signature: "r", GrantID: g.ID, ClientID: "loyers", Scopes: "openid offline_access",
				Session: `{"v":1}`, CreatedAt: 100, ExpiresAt: 400}),
			q.CreateAccessToken(ctx, storage.AccessToken{Signature: "a", GrantID: g.ID, ClientID: "loyers", Scopes: "openid", Audience: "api", ExpiresAt: 400}))
	})
	return g
}

func rotate(t *testing.T, db *storage.DB, clientID string, now storage.Time) (got storage.RefreshToken, err error) {
	t.Helper()
	err = db.InTx(t.Context(), func(q *storage.Queries) (err error) {
		got, err = q.RotateRefreshToken(t.Context(), "r", clientID, storage.Grace{Since: now - 30, Uses: 3}, now)
		return err
	})
	return got, err
}

func TestRefreshTokenRotatesWithinItsGrace(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		g := refreshable(t, db)
		for _, c := range []struct {
			what, client string
			now          storage.Time
			uses         int64 // 0: refused
		}{
			{"another client", "autre", 200, 0},
			{"expired", "loyers", 400, 0},
			{"first use", "loyers", 200, 1},
			{"another client, within the grace", "autre", 210, 0},
			{"last second of the grace", "loyers", 230, 2},
			{"after the grace", "loyers", 231, 0},
			{"the clock of a late replica", "loyers", 190, 3},
			{"once too often", "loyers", 201, 0},
		} {
			got, err := rotate(t, db, c.client, c.now)
			if c.uses == 0 {
				if !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s: %v, want ErrNotFound", c.what, err)
				}
				continue
			}
			want := storage.RefreshToken{Signature: "r", GrantID: g.ID, ClientID: "loyers", Scopes: "openid offline_access", Session: `{"v":1}`,
				CreatedAt: 100, ExpiresAt: 400, FirstUsedAt: 200, Uses: c.uses}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", c.what, err, diff)
			}
		}
	})
}

// fosite.md §4: after a revocation no statement adds to the family.
func TestRevokedFamilyGetsNothingMore(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g := refreshable(t, db)
		revoke := func(clientID string) (got storage.Grant, err error) {
			err = db.InTx(ctx, func(q *storage.Queries) (err error) {
				got, err = q.RevokeFamily(ctx, "r", clientID, 250)
				return err
			})
			return got, err
		}
		if _, err := revoke("autre"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("by another client: %v, want ErrNotFound", err)
		}
		if got, err := revoke("loyers"); err != nil || got.ID != g.ID || got.RevokedAt != 250 {
			t.Errorf("RevokeFamily = %+v, %v", got, err)
		}
		if _, err := revoke("loyers"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("again: %v, want ErrNotFound", err)
		}
		if _, err := rotate(t, db, "loyers", 260); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("rotation: %v, want ErrNotFound", err)
		}
		for what, fn := range map[string]func(q *storage.Queries) error{
			"refresh token": func(q *storage.Queries) error {
				return q.CreateRefreshToken(ctx, storage.RefreshToken{Signature: "r2", GrantID: g.ID, ClientID: "loyers", ExpiresAt: 400})
			},
			"access token": func(q *storage.Queries) error {
				return q.CreateAccessToken(ctx, storage.AccessToken{Signature: "a2", GrantID: g.ID, ClientID: "loyers", ExpiresAt: 400})
			},
		} {
			if err := db.InTx(ctx, fn); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("new %s: %v, want ErrNotFound", what, err)
			}
		}
		if _, err := db.HolderOfToken(ctx, "a", 260); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("access token: %v, want ErrNotFound", err)
		}
		if h, err := db.HolderOfRefreshToken(ctx, "r", 260); err != nil || h.Grant.RevokedAt != 250 {
			t.Errorf("the refresh token stays, to be judged: %+v, %v", h.Grant, err)
		}
	})
}

func TestLeakIsNotedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		refreshable(t, db)
		for i, want := range []error{nil, storage.ErrNotFound} {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				_, err := q.NoteLeakedRefreshToken(t.Context(), "r", 200)
				return err
			})
			if !errors.Is(err, want) {
				t.Errorf("leak %d: %v, want %v", i, err, want)
			}
		}
		if got, err := db.RefreshToken(t.Context(), "r"); err != nil || got.LeakedAt != 200 || got.Uses != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// An offline grant lives without its session, another one does not.
func TestOfflineGrantOutlivesItsSession(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		offline := refreshable(t, db)
		online := offline
		online.ID, online.Offline = storage.NewID(), false
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateGrant(ctx, online),
				q.CreateAccessToken(ctx, storage.AccessToken{Signature: "b", GrantID: online.ID, ClientID: "loyers", Scopes: "openid", ExpiresAt: 400}))
		})
		for _, signature := range []string{"a", "b"} {
			if h, err := db.HolderOfToken(ctx, signature, 200); err != nil || h.Session.ID != offline.SessionID || h.Grant.Offline != (signature == "a") {
				t.Errorf("%s with its session: %+v, %v", signature, h.Grant, err)
			}
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, ended := q.EndExpiredSessions(ctx, 2000, 10)
			_, purged := q.PurgeSessions(ctx, 2000, 10)
			return errors.Join(ended, purged)
		})
		if _, err := db.HolderOfToken(ctx, "b", 200); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("online without its session: %v, want ErrNotFound", err)
		}
		h, err := db.HolderOfToken(ctx, "a", 200)
		if diff := cmp.Diff(storage.Session{}, h.Session); err != nil || diff != "" || h.User.ID != offline.UserID || h.Token.Audience != "api" {
			t.Errorf("offline without its session: %v, %+v\n%s", err, h.Token, diff)
		}
		if r, err := db.HolderOfRefreshToken(ctx, "r", 200); err != nil || r.User.ID != offline.UserID || r.Token.Signature != "r" {
			t.Errorf("its refresh token: %+v, %v", r.Token, err)
		}
	})
}

func TestEndingOtherSessionsRevokesTheirGrants(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g := refreshable(t, db)
		kept := g
		kept.ID, kept.SessionID = storage.NewID(), "kept"
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateGrant(ctx, kept), q.EndOtherSessions(ctx, g.UserID, "kept", 300))
		})
		for id, want := range map[string]storage.Time{g.ID: 300, kept.ID: 0} {
			if got, err := db.Grant(ctx, id); err != nil || got.RevokedAt != want {
				t.Errorf("grant of session %s: revoked at %d, %v; want %d", got.SessionID, got.RevokedAt, err, want)
			}
		}
	})
}

func TestGrantsOfOneSessionAreRevoked(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g := refreshable(t, db)
		other := g
		other.ID, other.SessionID = storage.NewID(), "other"
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateGrant(ctx, other), q.RevokeSessionGrants(ctx, g.SessionID, 300), q.RevokeSessionGrants(ctx, g.SessionID, 400))
		})
		for id, want := range map[string]storage.Time{g.ID: 300, other.ID: 0} {
			if got, err := db.Grant(ctx, id); err != nil || got.RevokedAt != want {
				t.Errorf("grant of session %s: revoked at %d, %v; want %d", got.SessionID, got.RevokedAt, err, want)
			}
		}
	})
}

func TestTokenOfAClientsOwn(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		refreshable(t, db)
		want := storage.AccessToken{Signature: "c", ClientID: "loyers", Scopes: "a:b", Audience: "api", RequestedAt: 100, ExpiresAt: 300}
		create := func(token storage.AccessToken) error {
			return db.InTx(ctx, func(q *storage.Queries) error { return q.CreateClientToken(ctx, token) })
		}
		if err := create(want); err != nil {
			t.Fatal(err)
		}
		got, err := db.ClientToken(ctx, "c", 299)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		_, expired := db.ClientToken(ctx, "c", 300)
		_, persons := db.ClientToken(ctx, "a", 299)
		_, nobodys := db.HolderOfToken(ctx, "c", 299)
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "loyers", 200) })
		_, disabled := db.ClientToken(ctx, "c", 299)
		want.Signature = "d"
		for what, err := range map[string]error{"expired": expired, "a person's token": persons, "the person behind it": nobodys,
			"of a disabled client": disabled, "for a disabled client": create(want)} {
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", what, err)
			}
		}
	})
}

func TestAccessTokenIsRevokedByItsClient(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g := refreshable(t, db)
		revoke := func(clientID string) (got storage.AccessToken, err error) {
			err = db.InTx(ctx, func(q *storage.Queries) (err error) {
				got, err = q.RevokeAccessToken(ctx, "a", clientID)
				return err
			})
			return got, err
		}
		if _, err := revoke("autre"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another client: %v, want ErrNotFound", err)
		}
		if owner, err := db.OwnerOfAccessToken(ctx, "a"); err != nil || owner != "loyers" {
			t.Errorf("owner %q, %v", owner, err)
		}
		if got, err := revoke("loyers"); err != nil || got.GrantID != g.ID {
			t.Errorf("its client: %+v, %v", got, err)
		}
		if _, err := db.OwnerOfAccessToken(ctx, "a"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("afterwards: %v, want ErrNotFound", err)
		}
	})
}

func TestPurgeTakesExpiredRefreshTokensOnly(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		refreshable(t, db)
		if _, err := rotate(t, db, "loyers", 200); err != nil { // used, and still a trip-wire
			t.Fatal(err)
		}
		for before, want := range map[storage.Time]int64{399: 0, 400: 0} {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				n, err := q.PurgeRefreshTokens(ctx, before, 10)
				if n != want {
					t.Errorf("before %d: purged %d, want %d", before, n, want)
				}
				return err
			})
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			n, err := q.PurgeRefreshTokens(ctx, 401, 10)
			if n != 1 {
				t.Errorf("purged %d, want 1", n)
			}
			return err
		})
	})
}
