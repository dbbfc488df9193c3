package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestPurgeTakesWhatIsOverInBatches(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			for i := range 5 {
				if err := q.CreateProvisional(ctx, provisional(u.ID, 1, storage.Time(100+i))); err != nil {
					return err
				}
			}
			return nil
		})
		for i, want := range []int64{2, 1, 0} {
			var got int64
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				got, err = q.PurgeProvisionals(ctx, 103, 2)
				return err
			})
			if got != want {
				t.Errorf("batch %d deleted %d rows, want %d", i, got, want)
			}
		}
		if left, err := db.ProvisionalsOf(ctx, u.ID); err != nil || len(left) != 2 {
			t.Errorf("left = %v, %v; want the two that are not over", left, err)
		}
	})
}

func TestPurgeKeepsMessagesThatWait(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		credentials(t, db, storage.ByEmail, 2)
		m, err := claim(t, db, 100)
		if err != nil {
			t.Fatal(err)
		}
		var gone int64
		write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
			if err := q.MarkSent(ctx, m, 101); err != nil {
				return err
			}
			gone, err = q.PurgeMessages(ctx, 1000, 100)
			return err
		})
		if _, err := db.Message(t.Context(), m.ID); gone != 1 || !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("purged %d messages (%v), want the one that was sent", gone, err)
		}
	})
}

func TestPurgeKeepsTheCountOfCodes(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		purge := func(before storage.Time) (gone int64) {
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				gone, err = q.PurgeEmailChanges(ctx, before, 10)
				return err
			})
			return gone
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: u.ID, Purpose: storage.OwnAddress, Email: "a@b.c", EmailKey: "a@b.c"}, 1000)
			return err
		})
		if n := purge(1000 + storage.EmailCodeWindow); n != 0 {
			t.Errorf("the day's count was purged")
		}
		if n := purge(1001 + storage.EmailCodeWindow); n != 1 {
			t.Errorf("purged %d, want 1", n)
		}
	})
}

func TestPurgedAuditStillVerifies(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		for _, at := range []storage.Time{10, 20, 15, 40, 12, 50} { // 12: a replica whose clock is late
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.Audit(ctx, storage.AuditEvent{At: at, Actor: "system", Action: "test", Subject: fmt.Sprint(at)})
			})
		}
		for i, want := range []int64{2, 1, 0} {
			var got int64
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				got, err = q.PurgeAudit(ctx, 30, 2)
				return err
			})
			if got != want {
				t.Errorf("batch %d deleted %d events, want %d", i, got, want)
			}
		}
		if n, err := db.VerifyAudit(ctx); n != 3 || err != nil {
			t.Errorf("VerifyAudit = %d, %v; want 3 events", n, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.PurgeAudit(ctx, 1000, 100)
			return err
		})
		if n, err := db.VerifyAudit(ctx); n != 1 || err != nil {
			t.Errorf("after purging all: VerifyAudit = %d, %v; want the last event", n, err)
		}
	})
}

func TestPurgeStatementsRunOnEmptyTables(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			for name, purge := range map[string]func(context.Context, storage.Time, int) (int64, error){
				"flows": q.PurgeFlows, "codes": q.PurgeCodes, "access tokens": q.PurgeAccessTokens, "refresh tokens": q.PurgeRefreshTokens, "grants": q.PurgeGrants,
				"sessions": q.PurgeSessions, "provisionals": q.PurgeProvisionals, "e-mail changes": q.PurgeEmailChanges,
				"messages": q.PurgeMessages, "audit": q.PurgeAudit,
				"logouts": q.PurgeLogouts, "signing keys": q.PurgeSigningKeys,
			} {
				if n, err := purge(ctx, 1000, 10); n != 0 || err != nil {
					return fmt.Errorf("purge %s: %d, %w", name, n, err)
				}
			}
			return nil
		})
	})
}

// A session is purged once it has ended, for its applications to be told first;
// of the flows the oldest go, and none that lives.
func TestPurgeTakesEndedSessionsAndOldFlows(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			errs := []error{q.CreateClient(ctx, storage.Client{ID: "loyers", AuthMethod: "none", SubjectType: "public", IDTokenAlg: "ES256", Consent: "ask"})}
			for i := range 3 {
				end := storage.Time(100 * (i + 1))
				errs = append(errs, q.CreateSession(ctx, storage.Session{ID: storage.NewID(), IDHash: []byte{byte(i)}, UserID: u.ID, ExpiresAt: end}),
					q.CreateFlow(ctx, storage.Flow{ID: storage.NewID(), ClientID: "loyers", BrowserHash: []byte("browser"), ExpiresAt: end}))
			}
			return errors.Join(errs...)
		})
		purge := func(what string, purge func(*storage.Queries, context.Context, storage.Time, int) (int64, error), before storage.Time, want int64) {
			t.Helper()
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				if n, err := purge(q, ctx, before, 2); n != want || err != nil {
					t.Errorf("purged %d %s before %d, want %d: %v", n, what, before, want, err)
				}
				return nil
			})
		}
		sessions, flows := (*storage.Queries).PurgeSessions, (*storage.Queries).PurgeFlows
		purge("sessions that nobody has ended", sessions, 1000, 0)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.EndExpiredSessions(ctx, 1000, 10)
			return err
		})
		purge("sessions", sessions, 150, 1)
		purge("sessions", sessions, 1000, 2)
		purge("flows", flows, 100, 0)
		purge("flows", flows, 250, 2)
		purge("flows", flows, 250, 0)
		purge("flows", flows, 301, 1)
	})
}
