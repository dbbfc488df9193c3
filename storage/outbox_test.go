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

// credentials stores n accounts with their two messages each.
func credentials(t *testing.T, db *storage.DB, channel string, n int) []storage.User {
	t.Helper()
	var users []storage.User
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		for i := range n {
			a := account(fmt.Sprintf("4567532038%04d", i))
			a.Channel = channel
			u := user(a.ID, fmt.Sprintf("LOG%08d", i), fmt.Sprintf("p%d@example.org", i))
			if err := errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u), q.EnqueueCredentials(ctx, a, u, 100)); err != nil {
				return err
			}
			users = append(users, u)
		}
		return nil
	})
	return users
}

// claim takes the next e-mail at now, under a lease of ten seconds.
func claim(t *testing.T, db *storage.DB, now storage.Time) (m storage.Message, err error) {
	t.Helper()
	err = db.InTx(t.Context(), func(q *storage.Queries) error {
		m, err = q.ClaimMessage(t.Context(), now, now+10)
		return err
	})
	return m, err
}

func TestPasswordIsHeldUntilIdentifierHasLeft(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := credentials(t, db, storage.ByEmail, 1)[0]
		first, err := claim(t, db, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := storage.Message{Kind: storage.MessageIdentifier, Channel: storage.ByEmail, AccountID: u.AccountID, UserID: u.ID,
			State: storage.MessageQueued, NotBefore: 100, LeasedUntil: 110, Attempts: 1, CreatedAt: 100}
		if diff := cmp.Diff(want, first, cmpopts.IgnoreFields(storage.Message{}, "ID"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("claimed message (-want +got):\n%s", diff)
		}
		if _, err := claim(t, db, 100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("claim of a held message: %v, want ErrNotFound", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.MarkSent(ctx, first, 105), q.ReleaseFollowers(ctx, first.ID, 225))
		})
		if _, err := claim(t, db, 224); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("password before its time: %v, want ErrNotFound", err)
		}
		second, err := claim(t, db, 225)
		if err != nil || second.Kind != storage.MessageProvisional || second.Follows != first.ID {
			t.Errorf("second message = %+v, %v", second, err)
		}
		if got, err := db.Message(ctx, first.ID); err != nil || got.State != storage.MessageSent || got.LeftAt != 105 || got.LeasedUntil != 0 {
			t.Errorf("first message = %+v, %v", got, err)
		}
	})
}

func TestClaimedMessageIsClaimedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		credentials(t, db, storage.ByEmail, 1)
		won := atOnce(50, func(int) bool {
			_, err := claim(t, db, 100)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Error(err)
			}
			return err == nil
		})
		if won != 1 {
			t.Errorf("%d claims of one message, want 1", won)
		}
	})
}

func TestLostLeaseSettlesNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		credentials(t, db, storage.ByEmail, 1)
		slow, err := claim(t, db, 100)
		if err != nil {
			t.Fatal(err)
		}
		quick, err := claim(t, db, 110) // the lease of the slow one is over
		if err != nil || quick.ID != slow.ID || quick.Attempts != 2 {
			t.Fatalf("claim after the lease = %+v, %v", quick, err)
		}
		settle := func(fn func(q *storage.Queries) error) error { return db.InTx(ctx, fn) }
		for name, fn := range map[string]func(q *storage.Queries) error{
			"MarkSent":   func(q *storage.Queries) error { return q.MarkSent(ctx, slow, 111) },
			"MarkFailed": func(q *storage.Queries) error { return q.MarkFailed(ctx, slow, "no", 111) },
			"Postpone":   func(q *storage.Queries) error { return q.Postpone(ctx, slow, 500, "no") },
		} {
			if err := settle(fn); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s under a lost lease: %v, want ErrNotFound", name, err)
			}
		}
		if err := settle(func(q *storage.Queries) error { return q.Postpone(ctx, quick, 500, "421 busy") }); err != nil {
			t.Error(err)
		}
		if got, err := db.Message(ctx, quick.ID); err != nil || got.NotBefore != 500 || got.Attempts != 2 || got.LastError != "421 busy" {
			t.Errorf("postponed message = %+v, %v", got, err)
		}
	})
}

func TestCodesPassBeforeAnImport(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := credentials(t, db, storage.ByEmail, 3)[2]
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.Enqueue(ctx, storage.Message{Kind: storage.MessageEmailCode, Channel: storage.ByEmail, AccountID: u.AccountID, UserID: u.ID,
				Data: map[string]string{"a": "b"}, NotBefore: 200, CreatedAt: 200})
		})
		m, err := claim(t, db, 200)
		if err != nil || m.Kind != storage.MessageEmailCode || m.Data["a"] != "b" {
			t.Errorf("first message = %+v, %v; want the code", m, err)
		}
	})
}

func TestCredentialsWaitWhileAccessIsSuspended(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		a := account("45675320380001")
		a.Channel, a.SuspendedAt = storage.ByEmail, 90
		u := user(a.ID, "LOG1A2B3C4D", "")
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u), q.EnqueueCredentials(ctx, a, u, 100))
		})
		if m, err := claim(t, db, 100); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("identifier of a suspended account = %+v, %v; want it to wait", m, err)
		}
		write(t, db, func(_ context.Context, q *storage.Queries) error {
			return q.Enqueue(ctx, storage.Message{Kind: storage.MessageAdministratorAppointed, Channel: storage.ByEmail, AccountID: a.ID, UserID: u.ID})
		})
		if m, err := claim(t, db, 100); err != nil || m.Kind != storage.MessageAdministratorAppointed {
			t.Errorf("notice about a suspended account = %+v, %v; want it to leave", m, err)
		}
		if list, err := db.MessagesOf(ctx, u.ID, 10); err != nil || len(list) != 3 {
			t.Errorf("MessagesOf = %d messages, %v; want 3", len(list), err)
		}
	})
}

func BenchmarkEnqueueCredentials(b *testing.B) {
	db := storagetest.Open(b)
	ctx := b.Context()
	a := account("45675320380001")
	u := user(a.ID, "LOG1A2B3C4D", "")
	if err := db.InTx(ctx, func(q *storage.Queries) error { return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u)) }); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		err := db.InTx(ctx, func(q *storage.Queries) error {
			for range 1000 {
				if err := q.EnqueueCredentials(ctx, a, u, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/account")
}
