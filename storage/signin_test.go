package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// write runs fn in a transaction and fails the test when it fails.
func write(t *testing.T, db *storage.DB, fn func(ctx context.Context, q *storage.Queries) error) {
	t.Helper()
	if err := db.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}

// person stores an account with one user.
func person(t *testing.T, db *storage.DB) storage.User {
	t.Helper()
	a := account("45675320380001")
	u := user(a.ID, "LOG1A2B3C4D", "odile@example.org")
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u))
	})
	return u
}

func someClient(t *testing.T, db *storage.DB, id string) {
	t.Helper()
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		return q.CreateClient(ctx, storage.Client{ID: id, Name: id, AuthMethod: "none", SubjectType: "pairwise", IDTokenAlg: "RS256", Consent: "ask"})
	})
}

// atOnce runs fn n times in parallel and returns how often it said yes.
func atOnce(n int, fn func(i int) bool) int64 {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if fn(i) {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func TestSessionLives(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		s := storage.Session{ID: storage.NewID(), IDHash: []byte("one"), UserID: u.ID, ProvisionalID: "p", AMR: "pwd",
			AuthenticatedAt: 10, UserAgent: "test", SeenAt: 10, ExpiresAt: 1000}
		other := s
		other.ID, other.IDHash = storage.NewID(), []byte("other")
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateSession(ctx, s), q.CreateSession(ctx, other))
		})
		got, err := db.SessionByHash(ctx, []byte("one"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Errorf("session (-stored +read):\n%s", diff)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := errors.Join(q.TouchSession(ctx, s.ID, 20), q.TouchSession(ctx, s.ID, 15), q.AcceptAdministrator(ctx, s.ID, 21)); err != nil {
				return err
			}
			_, err := q.RotateSession(ctx, s.ID, []byte("two"), 22)
			return err
		})
		if _, err := db.SessionByHash(ctx, []byte("one")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the old secret still finds the session: %v", err)
		}
		got, err = db.SessionByHash(ctx, []byte("two"))
		if err != nil || got.ID != s.ID || got.ProvisionalID != "" || got.SeenAt != 22 || got.AdministratorAcceptedAt != 21 {
			t.Errorf("after rotation: %+v, %v", got, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndOtherSessions(ctx, u.ID, s.ID, 30) })
		if list, err := db.SessionsOfUser(ctx, u.ID); err != nil || len(list) != 1 || list[0].ID != s.ID {
			t.Errorf("living sessions = %v, %v", list, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.RotateSession(ctx, other.ID, []byte("three"), 31); !errors.Is(err, storage.ErrNotFound) {
				return fmt.Errorf("an ended session was rotated: %w", err)
			}
			if n, err := q.PurgeSessions(ctx, 1001, 1); n != 1 || err != nil {
				return fmt.Errorf("purged %d sessions, want 1: %w", n, err)
			}
			return nil
		})
	})
}

func TestFlowBelongsToItsBrowserAndIsUsedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		someClient(t, db, "loyers")
		f := storage.Flow{ID: storage.NewID(), BrowserHash: []byte("mine"), ClientID: "loyers", Request: "a=b", RedirectURI: "https://x/cb",
			Scopes: "openid", ForceSignIn: true, CreatedAt: 10, ExpiresAt: 100}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateFlow(ctx, f) })
		got, err := db.FlowOfBrowser(ctx, f.ID, []byte("mine"), 99)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Errorf("flow (-stored +read):\n%s", diff)
		}
		for name, attempt := range map[string]struct {
			browser string
			now     storage.Time
		}{"another browser": {"theirs", 50}, "at its end": {"mine", 100}, "after its end": {"mine", 101}} {
			if _, err := db.FlowOfBrowser(ctx, f.ID, []byte(attempt.browser), attempt.now); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s reads the flow: %v", name, err)
			}
			err := db.InTx(ctx, func(q *storage.Queries) error {
				_, err := q.ConsumeFlow(ctx, f.ID, []byte(attempt.browser), attempt.now)
				return err
			})
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s consumes the flow: %v", name, err)
			}
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.SetFlowConsented(ctx, f.ID, 19), q.SetFlowSession(ctx, f.ID, "s"))
		})
		if f, err := db.Flow(ctx, f.ID); err != nil || f.ConsentedAt != 0 {
			t.Errorf("consent of the session before survives a new one: %+v, %v", f, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.SetFlowDenied(ctx, f.ID, 20), q.SetFlowConsented(ctx, f.ID, 21))
		})
		won := atOnce(16, func(int) bool {
			return db.InTx(ctx, func(q *storage.Queries) error {
				_, err := q.ConsumeFlow(ctx, f.ID, []byte("mine"), 50)
				return err
			}) == nil
		})
		if won != 1 {
			t.Errorf("%d of 16 consumed the flow, want 1", won)
		}
		done, err := db.Flow(ctx, f.ID)
		if err != nil || done.FinishedAt != 50 || done.DeniedAt != 0 || done.ConsentedAt != 21 || done.SessionID != "s" {
			t.Errorf("finished flow = %+v, %v", done, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if n, err := q.PurgeFlows(ctx, 101, 10); n != 1 || err != nil {
				return fmt.Errorf("purged %d flows, want 1: %w", n, err)
			}
			return nil
		})
	})
}

func TestCurrentDocumentsAreTheLatest(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		old := storage.Document{ID: storage.NewID(), Kind: storage.Rules, Version: "1", Text: "a", SHA256: "h", PublishedAt: 10}
		recent := storage.Document{ID: storage.NewID(), Kind: storage.Rules, Version: "2", Text: "b", Summary: "tout", SHA256: "i", PublishedAt: 10}
		terms := storage.Document{ID: storage.NewID(), Kind: storage.Terms, Version: "1", Text: "c", SHA256: "j", PublishedAt: 5}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.PublishDocument(ctx, old), q.PublishDocument(ctx, recent), q.PublishDocument(ctx, terms))
		})
		current, err := db.CurrentDocuments(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := []storage.Document{recent, terms}
		want[0].Text, want[1].Text = "", ""
		if diff := cmp.Diff(want, current); diff != "" {
			t.Errorf("current documents (-want +got):\n%s", diff)
		}
		if d, err := db.DocumentByVersion(ctx, storage.Rules, "1"); err != nil || d != old {
			t.Errorf("version 1 = %v, %v", d, err)
		}
		if list, err := db.Documents(ctx, storage.Rules); err != nil || len(list) != 2 || list[0] != recent {
			t.Errorf("rules = %v, %v", list, err)
		}
		err = db.InTx(ctx, func(q *storage.Queries) error {
			return q.PublishDocument(ctx, storage.Document{ID: storage.NewID(), Kind: storage.Rules, Version: "1"})
		})
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a version was published twice: %v", err)
		}
		first := storage.Acceptance{ID: storage.NewID(), UserID: u.ID, AccountID: u.AccountID, DocumentID: recent.ID,
			Kind: recent.Kind, Version: recent.Version, SHA256: recent.SHA256, AcceptedAt: 20}
		atOnce(8, func(i int) bool {
			again := first
			if i > 0 {
				again.ID = storage.NewID()
			}
			if err := db.InTx(ctx, func(q *storage.Queries) error { return q.Accept(ctx, again) }); err != nil {
				t.Error(err)
			}
			return true
		})
		if list, err := db.Acceptances(ctx, u.ID); err != nil || len(list) != 1 || list[0].DocumentID != recent.ID {
			t.Errorf("acceptances = %v, %v; want one", list, err)
		}
	})
}

func TestConsentsOfTwoTabsAddUp(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		someClient(t, db, "loyers")
		atOnce(8, func(i int) bool {
			c := storage.Consent{UserID: u.ID, ClientID: "loyers", Scopes: fmt.Sprintf("openid s%d", i), GrantedAt: 10}
			if err := db.InTx(ctx, func(q *storage.Queries) error { return q.SaveConsent(ctx, c) }); err != nil {
				t.Error(err)
			}
			return true
		})
		got, err := db.ConsentOf(ctx, u.ID, "loyers")
		if err != nil || got.Scopes != "openid s0 s1 s2 s3 s4 s5 s6 s7" {
			t.Errorf("consent = %+v, %v", got, err)
		}
		if !got.Covers("s3 openid") || got.Covers("openid email") {
			t.Error("Covers is wrong")
		}
	})
}

func TestConsentsAndLogosAreListed(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		someClient(t, db, "b")
		someClient(t, db, "a")
		want := []storage.Consent{{UserID: u.ID, ClientID: "a", Scopes: "openid", GrantedAt: 2}, {UserID: u.ID, ClientID: "b", Scopes: "email", GrantedAt: 1}}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.SaveConsent(ctx, want[1]), q.SaveConsent(ctx, want[0]),
				q.SaveLogo(ctx, storage.Logo{ClientID: "b", URI: "https://b.example/logo", Type: "image/png", Image: []byte("x"), FetchedAt: 1}))
		})
		got, err := db.ConsentsOf(t.Context(), u.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		logos, err := db.LogoURIs(t.Context())
		if diff := cmp.Diff(map[string]string{"b": "https://b.example/logo"}, logos); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestUserSignsInFirst(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := errors.Join(
				q.SaveDetails(ctx, u.ID, storage.Details{GivenName: "Odile", FamilyName: "Martin", Phone: "0612345678", JobTitle: "Gérante"}, 10),
				q.ConfirmEmail(ctx, u.ID, "Odile@example.org", "odile@example.org", 11),
				q.RecordSignIn(ctx, u, 13)); err != nil {
				return err
			}
			if _, err := q.SetPassword(ctx, u.ID, "hash", true, 12); err != nil {
				return err
			}
			if err := q.RecordSignIn(ctx, u, 14); !errors.Is(err, storage.ErrNotFound) {
				return fmt.Errorf("a sign-in with the former password was recorded: %w", err)
			}
			return nil
		})
		want := u
		want.GivenName, want.FamilyName, want.Phone, want.JobTitle, want.DetailsAt = "Odile", "Martin", "0612345678", "Gérante", 10
		want.Email, want.EmailVerifiedAt, want.State = "Odile@example.org", 11, storage.StateActive
		want.PasswordLong = true
		want.PasswordHash, want.PasswordSetAt, want.ActivatedAt, want.LastSignInAt = "hash", 12, 12, 13
		got, err := db.User(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.RehashPassword(ctx, u.ID, "another", "lost"), q.RehashPassword(ctx, u.ID, "hash", "better"),
				q.ReopenDetails(ctx, u.ID), q.ConfirmEmail(ctx, u.ID, "", "", 20))
		})
		got, err = db.User(ctx, u.ID)
		if err != nil || got.PasswordHash != "better" || got.DetailsAt != 0 || got.EmailVerifiedAt != 0 || got.Email != "" {
			t.Errorf("user = %+v, %v", got, err)
		}
	})
}

func TestAddressOfAnotherUserConflicts(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		other := user(u.AccountID, "LOG99999999", "")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.CreateUser(ctx, other) })
		err := db.InTx(ctx, func(q *storage.Queries) error {
			return q.ConfirmEmail(ctx, other.ID, "Odile@Example.org", "odile@example.org", 5)
		})
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("two users share an address: %v", err)
		}
	})
}
