package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

func TestMigrateTwiceDoesNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if pending, err := db.Pending(t.Context()); err != nil || pending {
			t.Errorf("Pending = %v, %v", pending, err)
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenRefusesOtherDatabases(t *testing.T) {
	if _, err := storage.Open(t.Context(), "mysql://localhost"); err == nil {
		t.Error("mysql was accepted")
	}
}

// account returns a plain account for tests.
func account(number string) storage.Account {
	return storage.Account{ID: storage.NewID(), Number: number, Kind: storage.Individual, Department: "69",
		Channel: storage.ByLetter, Address: "12 RUE DES LILAS\n69003 LYON", CreatedAt: 1, UpdatedAt: 1}
}

func user(accountID, identifier, email string) storage.User {
	return storage.User{ID: storage.NewID(), AccountID: accountID, Identifier: identifier, Email: email, EmailKey: email,
		Role: storage.RoleHolder, State: storage.StateIssued, CreatedAt: 1}
}

func TestAccountAndUserComeBackAsStored(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		a := account("45675320380001")
		u := user(a.ID, "LOG1A2B3C4D", "odile@example.org")
		err := db.InTx(ctx, func(q *storage.Queries) error {
			return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u))
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.AccountByNumber(ctx, a.Number)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("account (-stored +read):\n%s", diff)
		}
		byIdentifier, err := db.UserByIdentifier(ctx, u.Identifier)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(u, byIdentifier); diff != "" {
			t.Errorf("user (-stored +read):\n%s", diff)
		}
		if _, err := db.UserByEmail(ctx, ""); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("no address found a user: %v", err)
		}
	})
}

func TestSecondAccountWithSameNumberConflicts(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		create := func() error {
			return db.InTx(ctx, func(q *storage.Queries) error { return q.CreateAccount(ctx, account("45675320380001")) })
		}
		if err := create(); err != nil {
			t.Fatal(err)
		}
		if err := create(); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("second account with the same number: %v, want ErrConflict", err)
		}
	})
}

func TestWriteOutsideTransactionFailsOnSQLite(t *testing.T) {
	db := storagetest.Open(t)
	if err := db.CreateAccount(t.Context(), account("45675320380001")); err == nil {
		t.Error("a write outside InTx went through: it would not be grouped nor atomic")
	}
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := db.InTx(ctx, func(q *storage.Queries) error {
					if err := q.CreateAccount(ctx, account(fmt.Sprintf("%014d", i))); err != nil {
						return err
					}
					if i%2 == 1 {
						return boom
					}
					return nil
				})
				if want := map[bool]error{false: nil, true: boom}[i%2 == 1]; !errors.Is(err, want) {
					t.Errorf("transaction %d: %v, want %v", i, err, want)
				}
			})
		}
		wg.Wait()
		for i := range 40 {
			_, err := db.AccountByNumber(ctx, fmt.Sprintf("%014d", i))
			if stored := err == nil; stored != (i%2 == 0) {
				t.Errorf("account %d stored = %v (%v)", i, stored, err)
			}
		}
	})
}

func TestPanicInTransactionReachesTheCallerAndRollsBack(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(ctx, func(q *storage.Queries) error {
				if err := q.CreateAccount(ctx, account("45675320380001")); err != nil {
					return err
				}
				panic("bug")
			})
		}()
		if _, err := db.AccountByNumber(ctx, "45675320380001"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the account survived the panic: %v", err)
		}
		if err := db.InTx(ctx, func(q *storage.Queries) error { return q.CreateAccount(ctx, account("45675320380001")) }); err != nil {
			t.Errorf("the database is unusable after a panic: %v", err)
		}
	})
}

func TestCancelledCallerDoesNotDisturbOthers(t *testing.T) {
	db := storagetest.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.InTx(ctx, func(*storage.Queries) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled transaction: %v", err)
	}
	if err := db.InTx(t.Context(), func(q *storage.Queries) error { return q.CreateAccount(t.Context(), account("45675320380001")) }); err != nil {
		t.Error(err)
	}
}

func TestAuditChain(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				err := db.InTx(ctx, func(q *storage.Queries) error {
					return q.Audit(ctx, storage.AuditEvent{At: storage.Time(i + 1), Actor: "system", Action: "test", Subject: "s", Details: map[string]string{"n": fmt.Sprint(i)}})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := db.VerifyAudit(ctx); n != 20 || err != nil {
			t.Fatalf("VerifyAudit = %d, %v; want 20 events", n, err)
		}
		events, err := db.AuditOf(ctx, "s", 5)
		if err != nil || len(events) != 5 || events[0].Seq != 20 {
			t.Errorf("AuditOf = %v, %v", events, err)
		}
	})
}
