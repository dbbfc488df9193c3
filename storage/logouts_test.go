package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// signedInto stores a person's session, with a grant for each of the clients.
func signedInto(t *testing.T, db *storage.DB, u storage.User, expires storage.Time, clients ...string) storage.Session {
	t.Helper()
	s := storage.Session{ID: storage.NewID(), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 5, SeenAt: 5, ExpiresAt: expires}
	s.IDHash = []byte(s.ID)
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		if err := q.CreateSession(ctx, s); err != nil {
			return err
		}
		for _, id := range clients {
			if err := q.CreateGrant(ctx, storage.Grant{ID: storage.NewID(), ClientID: id, UserID: u.ID, SessionID: s.ID, Scopes: "openid", CreatedAt: 10, ExpiresAt: 500}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

// toldAt registers clients that are told of sign-outs.
func toldAt(t *testing.T, db *storage.DB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		someClient(t, db, id)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			c, err := q.Client(ctx, id)
			c.BackchannelLogoutURI = "https://" + id + ".example/logout"
			return errors.Join(err, q.SaveClient(ctx, c))
		})
	}
}

func claimLogout(t *testing.T, db *storage.DB, now storage.Time) (l storage.Logout, err error) {
	t.Helper()
	err = db.InTx(t.Context(), func(q *storage.Queries) error {
		l, err = q.ClaimLogout(t.Context(), now, now+10)
		return err
	})
	return l, err
}

func clientsToTell(t *testing.T, db *storage.DB, sessionID string) []string {
	t.Helper()
	list, err := db.LogoutsOf(t.Context(), sessionID)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, l := range list {
		ids = append(ids, l.ClientID)
	}
	return ids
}

// Whatever ends a session, its clients are told, once each, and nobody else.
func TestEndOfASessionIsToldToItsClients(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		toldAt(t, db, "loyers", "assurance", "ferme")
		someClient(t, db, "muet")
		for name, end := range map[string]func(ctx context.Context, q *storage.Queries, s storage.Session) error{
			"ended": func(ctx context.Context, q *storage.Queries, s storage.Session) error {
				return errors.Join(q.EndSession(ctx, s.ID, 50), q.EndSession(ctx, s.ID, 60))
			},
			"all of the person ended": func(ctx context.Context, q *storage.Queries, s storage.Session) error {
				return q.EndOtherSessions(ctx, u.ID, "", 50)
			},
			"expired": func(ctx context.Context, q *storage.Queries, s storage.Session) error {
				if n, err := q.EndExpiredSessions(ctx, 49, 10); n != 0 || err != nil {
					return fmt.Errorf("a second early %d ended, %w", n, err)
				}
				n, err := q.EndExpiredSessions(ctx, 50, 10)
				if n != 1 {
					return fmt.Errorf("%d expired, want 1", n)
				}
				return err
			},
		} {
			s := signedInto(t, db, u, 50, "loyers", "loyers", "assurance", "muet")
			write(t, db, func(ctx context.Context, q *storage.Queries) error { return end(ctx, q, s) })
			if diff := cmp.Diff([]string{"assurance", "loyers"}, clientsToTell(t, db, s.ID)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if row, err := db.Session(t.Context(), s.ID); err != nil || row.EndedAt != 50 {
				t.Errorf("%s: ended at %d, %v; want 50", name, row.EndedAt, err)
			}
		}

		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "ferme", 40) })
		kept, other := signedInto(t, db, u, 1000, "loyers"), signedInto(t, db, u, 1000, "loyers", "ferme")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndOtherSessions(ctx, u.ID, kept.ID, 50) })
		if got := clientsToTell(t, db, kept.ID); len(got) != 0 {
			t.Errorf("the kept session's clients are told: %v", got)
		}
		if diff := cmp.Diff([]string{"loyers"}, clientsToTell(t, db, other.ID)); diff != "" {
			t.Errorf("a disabled client (-want +got):\n%s", diff)
		}
	})
}

// The end of a session and what has to be told of it are stored together.
func TestLogoutIsStoredWithTheEnd(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		toldAt(t, db, "loyers")
		s := signedInto(t, db, u, 1000, "loyers")
		failed := errors.New("something later fails")
		if err := db.InTx(t.Context(), func(q *storage.Queries) error { return errors.Join(q.EndSession(t.Context(), s.ID, 50), failed) }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if row, err := db.Session(t.Context(), s.ID); err != nil || !row.EndedAt.IsZero() || len(clientsToTell(t, db, s.ID)) != 0 {
			t.Errorf("ended at %d, told %v, %v; want neither", row.EndedAt, clientsToTell(t, db, s.ID), err)
		}
	})
}

func TestExpiredSessionsEndInBatches(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		for range 5 {
			signedInto(t, db, u, 50)
		}
		for i, want := range []int{2, 2, 1, 0} {
			var got int
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				got, err = q.EndExpiredSessions(ctx, 60, 2)
				return err
			})
			if got != want {
				t.Errorf("batch %d ended %d, want %d", i, got, want)
			}
		}
	})
}

func TestLogoutIsSentByOneReplica(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		toldAt(t, db, "loyers")
		s := signedInto(t, db, u, 1000, "loyers")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndSession(ctx, s.ID, 100) })
		if won := atOnce(20, func(int) bool { _, err := claimLogout(t, db, 100); return err == nil }); won != 1 {
			t.Errorf("%d claimed it, want 1", won)
		}
		again, err := claimLogout(t, db, 110) // the lease has passed: whoever held it has died
		if err != nil || again.Attempts != 2 {
			t.Fatalf("claim after the lease: %+v, %v", again, err)
		}
		stale := again
		stale.LeasedUntil = 110
		for name, settle := range map[string]func(*storage.Queries) error{
			"sent":      func(q *storage.Queries) error { return q.MarkLogoutSent(t.Context(), stale, 115) },
			"failed":    func(q *storage.Queries) error { return q.MarkLogoutFailed(t.Context(), stale, "x", 115) },
			"postponed": func(q *storage.Queries) error { return q.PostponeLogout(t.Context(), stale, 200, "x") },
		} {
			if err := db.InTx(t.Context(), settle); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s under a lease that has passed: %v, want ErrNotFound", name, err)
			}
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.MarkLogoutSent(ctx, again, 116) })
		want := []storage.Logout{{SessionID: s.ID, ClientID: "loyers", UserID: u.ID, State: storage.LogoutSent, NotBefore: 100, Attempts: 2, CreatedAt: 100, LeftAt: 116}}
		if got, err := db.LogoutsOf(t.Context(), s.ID); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("sent logout: %v\n%s", err, cmp.Diff(want, got))
		}
		if _, err := claimLogout(t, db, 1000); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("claim of a sent logout: %v, want ErrNotFound", err)
		}
	})
}

// A client that does not answer is left alone for a while, with all that waits
// for it, and the others are told.
func TestDeadClientHoldsNobodyUp(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		toldAt(t, db, "mort", "vivant")
		for range 3 {
			signedInto(t, db, u, 1000, "mort")
		}
		signedInto(t, db, u, 1000, "vivant")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndOtherSessions(ctx, u.ID, "", 100) })
		l, err := claimLogout(t, db, 100)
		for err == nil && l.ClientID == "vivant" {
			l, err = claimLogout(t, db, 100)
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.PostponeLogout(ctx, l, 160, "no answer") })
		for {
			l, err := claimLogout(t, db, 115)
			if errors.Is(err, storage.ErrNotFound) {
				break
			}
			if err != nil || l.ClientID == "mort" {
				t.Fatalf("claimed %+v, %v", l, err)
			}
		}
		if l, err := claimLogout(t, db, 160); err != nil || l.ClientID != "vivant" && l.ClientID != "mort" {
			t.Errorf("later: %+v, %v", l, err)
		}
	})
}

func TestPurgeKeepsLogoutsThatWait(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		toldAt(t, db, "a", "b")
		s := signedInto(t, db, u, 1000, "a", "b")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndSession(ctx, s.ID, 100) })
		l, err := claimLogout(t, db, 100)
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.MarkLogoutFailed(ctx, l, "gone", 101) })
		for _, test := range []struct {
			before storage.Time
			want   int64
		}{{101, 0}, {102, 1}, {5000, 0}} {
			var n int64
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				n, err = q.PurgeLogouts(ctx, test.before, 10)
				return err
			})
			if n != test.want {
				t.Errorf("purge before %d took %d, want %d", test.before, n, test.want)
			}
		}
	})
}
