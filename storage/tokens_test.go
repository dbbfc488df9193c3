package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"loge/storage"
	"loge/storage/storagetest"
)

// granted stores a session of a new person and a grant for two clients' use,
// with one code.
func granted(t *testing.T, db *storage.DB) (storage.Grant, storage.Code) {
	t.Helper()
	u := person(t, db)
	someClient(t, db, "loyers")
	someClient(t, db, "autre")
	s := storage.Session{ID: storage.NewID(), IDHash: []byte("cookie"), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 5, SeenAt: 5, ExpiresAt: 1000}
	g := storage.Grant{ID: storage.NewID(), ClientID: "loyers", UserID: u.ID, SessionID: s.ID, Scopes: "openid email", CreatedAt: 10, ExpiresAt: 500}
	c := storage.Code{Signature: "sig", GrantID: g.ID, ClientID: "loyers", Request: "nonce=n&redirect_uri=x", Scopes: "openid email",
		Granted: "openid email", Session: `{"v":1}`, RequestedAt: 10, ExpiresAt: 70}
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateSession(ctx, s), q.CreateGrant(ctx, g), q.CreateCode(ctx, c))
	})
	return g, c
}

func TestClientComesBackAsStored(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		c := storage.Client{ID: "loyers", Name: "Loyers", Publisher: "Loyers SA", Purpose: "suivre les loyers", PolicyURI: "https://loyers.example/p",
			RedirectURIs: []string{"https://loyers.example/cb", "https://loyers.example/cb?a=b"}, Scopes: "openid email",
			AuthMethod: storage.AuthBasic, SecretHash: []byte{1, 2}, SecretCreatedAt: 3, FormerSecretHash: []byte{7}, FormerSecretUntil: 8, RegistrationHash: []byte{5},
			Metadata:    storage.ClientMetadata{LogoURI: "https://loyers.example/logo.png", JWKS: []byte(`{"keys":[]}`), AccessTokenLifetime: 60},
			SubjectType: storage.SubjectPairwise, Sector: "loyers.example",
			IDTokenAlg: "RS256", RequirePKCE: true, Consent: storage.ConsentAsk, CreatedAt: 3, UpdatedAt: 3}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateClient(ctx, c) })
		check := func(what string) {
			t.Helper()
			got, err := db.Client(ctx, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, got); diff != "" {
				t.Errorf("%s (-want +read):\n%s", what, diff)
			}
		}
		check("created")

		c.Name, c.RedirectURIs, c.PostLogoutRedirectURIs, c.BackchannelLogoutURI, c.Scopes, c.IDTokenAlg, c.RequirePKCE, c.UpdatedAt =
			"Loyers 2", []string{"https://loyers.example/cb2"}, []string{"https://loyers.example/fin"}, "https://loyers.example/deconnexion", "openid", "ES256", false, 9
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.SaveClient(ctx, c) })
		check("saved")

		c.FormerSecretHash, c.FormerSecretUntil = c.SecretHash, 12
		c.SecretHash, c.SecretCreatedAt, c.UpdatedAt = []byte{9}, 10, 10
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.RotateClientSecret(ctx, c.ID, c.SecretHash, 12, 10)
		})
		check("secret renewed")

		c.DisabledAt, c.UpdatedAt = 11, 11
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, c.ID, 11) })
		check("disabled")

		for name, fn := range map[string]func(q *storage.Queries) error{
			"disable again":     func(q *storage.Queries) error { return q.DisableClient(ctx, c.ID, 12) },
			"secret of unknown": func(q *storage.Queries) error { return q.RotateClientSecret(ctx, "x", []byte{1}, 0, 12) },
			"save unknown": func(q *storage.Queries) error {
				return q.SaveClient(ctx, storage.Client{ID: "x", AuthMethod: "none", SubjectType: "pairwise", IDTokenAlg: "RS256", Consent: "ask"})
			},
		} {
			if err := db.InTx(ctx, fn); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		if err := db.InTx(ctx, func(q *storage.Queries) error { return q.CreateClient(ctx, c) }); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("second client with the same id: %v, want ErrConflict", err)
		}
		if list, err := db.Clients(ctx); err != nil || len(list) != 1 {
			t.Errorf("Clients = %v, %v", list, err)
		}
	})
}

// security-classes.md 1 and 2: the client stands in the statement that consumes
// the code, and of many at once one wins.
func TestCodeIsConsumedOnceByItsClientInTime(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		_, code := granted(t, db)
		consume := func(clientID string, now storage.Time) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				got, err := q.ConsumeCode(ctx, "sig", clientID, now)
				if err == nil {
					if diff := cmp.Diff(code, got, cmpopts.IgnoreFields(got, "UsedAt")); diff != "" {
						err = fmt.Errorf("consumed code (-stored +read):\n%s", diff)
					}
				}
				return err
			})
		}
		for name, err := range map[string]error{"another client": consume("autre", 20), "at its end": consume("loyers", 70), "later": consume("loyers", 71)} {
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		won := atOnce(50, func(int) bool {
			err := consume("loyers", 69)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("loser got %v, want ErrNotFound", err)
			}
			return err == nil
		})
		if won != 1 {
			t.Errorf("%d of 50 consumed the code, want 1", won)
		}
		if got, err := db.Code(ctx, "sig"); err != nil || got.UsedAt != 69 {
			t.Errorf("used code = %+v, %v", got, err)
		}
	})
}

func TestBurntCodeIsUsed(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		granted(t, db)
		burn := func() error {
			return db.InTx(ctx, func(q *storage.Queries) error { _, err := q.BurnCode(ctx, "sig", 20); return err })
		}
		if err := burn(); err != nil {
			t.Fatal(err)
		}
		if err := burn(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("burnt twice: %v, want ErrNotFound", err)
		}
		err := db.InTx(ctx, func(q *storage.Queries) error { _, err := q.ConsumeCode(ctx, "sig", "loyers", 21); return err })
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a burnt code was redeemed: %v", err)
		}
	})
}

func TestRevokedGrantTakesItsTokensAndGivesNoMore(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g, _ := granted(t, db)
		token := storage.AccessToken{Signature: "at", GrantID: g.ID, ClientID: "loyers", Scopes: "openid email", Session: `{"v":1}`, RequestedAt: 20, ExpiresAt: 100}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateAccessToken(ctx, token) })
		got, err := db.AccessToken(ctx, "at", 99)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(token, got); diff != "" {
			t.Errorf("token (-stored +read):\n%s", diff)
		}
		if _, err := db.AccessToken(ctx, "at", 100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("expired token: %v, want ErrNotFound", err)
		}
		revoke := func() error {
			return db.InTx(ctx, func(q *storage.Queries) error { _, err := q.RevokeGrant(ctx, g.ID, 30); return err })
		}
		if err := revoke(); err != nil {
			t.Fatal(err)
		}
		if err := revoke(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("revoked twice: %v, want ErrNotFound", err)
		}
		if _, err := db.AccessToken(ctx, "at", 31); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("token of a revoked grant: %v, want ErrNotFound", err)
		}
		for _, grantID := range []string{g.ID, "unknown"} {
			late := token
			late.Signature, late.GrantID = "late"+grantID, grantID
			err := db.InTx(ctx, func(q *storage.Queries) error { return q.CreateAccessToken(ctx, late) })
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("token under grant %s: %v, want ErrNotFound", grantID, err)
			}
		}
		if got, err := db.Grant(ctx, g.ID); err != nil || got.RevokedAt != 30 {
			t.Errorf("Grant = %+v, %v", got, err)
		}
	})
}

// A token added while the revocation runs must be dead as well, whichever
// commits first.
func TestTokenAddedDuringRevocationIsDead(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g, _ := granted(t, db)
		atOnce(16, func(i int) bool {
			return db.InTx(ctx, func(q *storage.Queries) error {
				if i == 8 {
					_, err := q.RevokeGrant(ctx, g.ID, 30)
					return err
				}
				return q.CreateAccessToken(ctx, storage.AccessToken{Signature: fmt.Sprint("at", i), GrantID: g.ID, ClientID: "loyers", ExpiresAt: 100})
			}) == nil
		})
		for i := range 16 {
			if _, err := db.AccessToken(ctx, fmt.Sprint("at", i), 31); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("token %d of a revoked grant is alive: %v", i, err)
			}
			if _, err := db.HolderOfToken(ctx, fmt.Sprint("at", i), 31); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("token %d of a revoked grant has a holder: %v", i, err)
			}
		}
	})
}

func TestHolderIsThePersonWithEveryFact(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		g, _ := granted(t, db)
		user, err := db.User(ctx, g.UserID)
		if err != nil {
			t.Fatal(err)
		}
		account, err := db.Account(ctx, user.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		session, err := db.Session(ctx, g.SessionID)
		if err != nil {
			t.Fatal(err)
		}
		old := storage.Document{ID: "d1", Kind: storage.Rules, Version: "1", SHA256: "aa", PublishedAt: 10}
		current := storage.Document{ID: "d2", Kind: storage.Rules, Version: "2", SHA256: "bb", PublishedAt: 20}
		later := storage.Document{ID: "d3", Kind: storage.Rules, Version: "3", SHA256: "cc", PublishedAt: 90}
		terms := storage.Document{ID: "d4", Kind: storage.Terms, Version: "1", SHA256: "dd", PublishedAt: 70}
		accept := func(d storage.Document) {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.Accept(ctx, storage.Acceptance{ID: storage.NewID(), UserID: user.ID, AccountID: account.ID, DocumentID: d.ID, Kind: d.Kind, Version: d.Version, SHA256: d.SHA256, AcceptedAt: 30})
			})
		}
		want := storage.Holder{User: user, Account: account, Session: session, Accepted: true}
		check := func(what string, now storage.Time) {
			t.Helper()
			got, err := db.HolderOfSession(ctx, session.ID, "loyers", now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +read):\n%s", what, diff)
			}
			visitor, err := db.VisitorOfCookie(ctx, session.IDHash, "loyers", now)
			if diff := cmp.Diff(got, visitor.Holder); diff != "" || err != nil {
				t.Errorf("%s, visitor (-holder +visitor), %v:\n%s", what, err, diff)
			}
		}
		check("no document", 40)

		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.PublishDocument(ctx, old), q.PublishDocument(ctx, current), q.PublishDocument(ctx, later), q.PublishDocument(ctx, terms))
		})
		want.Accepted = false
		check("nothing accepted", 40)
		accept(old)
		want.Accepted = true
		check("an older version accepted: the newer one waits for the next sign-in", 40)
		want.Accepted = false
		check("a document of another kind published meanwhile", 70)
		accept(terms)
		want.Accepted = true
		check("a version of each kind accepted", 90)

		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.SaveConsent(ctx, storage.Consent{UserID: user.ID, ClientID: "loyers", Scopes: "openid email", GrantedAt: 40}),
				q.SaveConsent(ctx, storage.Consent{UserID: user.ID, ClientID: "autre", Scopes: "openid", GrantedAt: 40}),
				q.DisableClient(ctx, "loyers", 41),
				q.CreateAccessToken(ctx, storage.AccessToken{Signature: "at", GrantID: g.ID, ClientID: "loyers", Scopes: "openid", ExpiresAt: 80}))
		})
		want.Consented, want.ClientDisabledAt, want.Accepted = "email openid", 41, true
		check("consent and disabled client", 50)

		got, err := db.HolderOfToken(ctx, "at", 50)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Holder); diff != "" || got.Token.GrantID != g.ID || got.Token.Scopes != "openid" {
			t.Errorf("holder of token (-want +read):\n%s\ntoken %+v", diff, got.Token)
		}
		if _, err := db.HolderOfToken(ctx, "at", 80); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("holder of an expired token: %v, want ErrNotFound", err)
		}
		if _, err := db.HolderOfSession(ctx, session.ID, "unknown", 50); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("holder towards an unknown client: %v, want ErrNotFound", err)
		}
	})
}

func TestReplicasAgreeOnTheFirstKey(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		won := atOnce(16, func(i int) bool {
			k := storage.SigningKey{KID: fmt.Sprint("k", i), Alg: "RS256", Generation: 1, Sealed: []byte{1}, Public: "{}", CreatedAt: 1, SignsFrom: 1}
			if err := db.InTx(ctx, func(q *storage.Queries) error { return q.AddSigningKey(ctx, k) }); err != nil {
				if !errors.Is(err, storage.ErrConflict) {
					t.Errorf("starter %d: %v", i, err)
				}
				return false
			}
			return true
		})
		keys, err := db.SigningKeys(ctx)
		if err != nil || len(keys) != 1 || won != 1 {
			t.Errorf("%d keys of one generation by %d starters, want 1 (%v)", len(keys), won, err)
		}
	})
}
