package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// landlord returns a new account with its user, the n-th of a series.
func landlord(n int) storage.Landlord {
	a := account(fmt.Sprintf("%014d", n))
	u := user(a.ID, fmt.Sprintf("LOG%08d", n), fmt.Sprintf("p%d@example.org", n))
	a.Channel, u.FamilyName = storage.ByEmail, "Perrin"
	return storage.Landlord{Account: a, User: u}
}

func store(t *testing.T, db *storage.DB, landlords ...storage.Landlord) {
	t.Helper()
	if err := db.InTx(t.Context(), func(q *storage.Queries) error { return q.CreateLandlords(t.Context(), landlords) }); err != nil {
		t.Fatal(err)
	}
}

func TestLandlordsComeBackAsStored(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		// More than one statement takes, and some left over.
		var stored []storage.Landlord
		var numbers, emails, identifiers []string
		want := map[string]storage.Landlord{}
		for n := range 64 + 64 + 5 {
			l := landlord(n)
			stored = append(stored, l)
			want[l.Account.Number] = l
			numbers, emails, identifiers = append(numbers, l.Account.Number), append(emails, l.User.EmailKey), append(identifiers, l.User.Identifier)
		}
		store(t, db, stored...)
		got, err := db.Landlords(t.Context(), append(numbers, "99999999999999", ""))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("landlords (-stored +read):\n%s", diff)
		}
		for name, read := range map[string]func() (map[string]string, error){
			"emails": func() (map[string]string, error) {
				return db.TakenEmails(t.Context(), append(emails, "nobody@example.org", ""))
			},
			"identifiers": func() (map[string]string, error) {
				return db.TakenIdentifiers(t.Context(), append(identifiers, "LOGNOBODY1"))
			},
		} {
			if owners, err := read(); err != nil || len(owners) != len(stored) {
				t.Errorf("taken %s: %d, %v; want %d", name, len(owners), err, len(stored))
			}
		}
		page, err := db.Accounts(t.Context(), numbers[9], 3)
		if err != nil || len(page) != 3 || page[0].Account.Number != numbers[10] {
			t.Errorf("Accounts after %s = %v, %v", numbers[9], page, err)
		}
	})
}

// The file speaks of an organisation's first user, whoever came later.
func TestLandlordOfAnOrganisationIsTheFirstUser(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		l := landlord(1)
		store(t, db, l)
		colleague := user(l.Account.ID, "LOGCOLLEGUE", "colleague@example.org")
		if err := db.InTx(t.Context(), func(q *storage.Queries) error { return q.CreateUser(t.Context(), colleague) }); err != nil {
			t.Fatal(err)
		}
		got, err := db.Landlords(t.Context(), []string{l.Account.Number})
		if err != nil || got[l.Account.Number].User.ID != l.User.ID {
			t.Errorf("user = %v, %v; want %s", got, err, l.User.ID)
		}
	})
}

func TestLandlordsWithSomethingTakenAreAllRefused(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		first := landlord(1)
		store(t, db, first)
		number, identifier, email := landlord(2), landlord(3), landlord(4)
		number.Account.Number = first.Account.Number
		identifier.User.Identifier = first.User.Identifier
		email.User.EmailKey = first.User.EmailKey
		for name, bad := range map[string]storage.Landlord{"number": number, "identifier": identifier, "e-mail": email} {
			good := landlord(5)
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				return q.CreateLandlords(t.Context(), []storage.Landlord{good, bad})
			})
			if !errors.Is(err, storage.ErrConflict) {
				t.Errorf("same %s: %v, want ErrConflict", name, err)
			}
			if _, err := db.AccountByNumber(t.Context(), good.Account.Number); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("same %s: the other account was stored (%v)", name, err)
			}
		}
	})
}

func TestNamesAreTheAgencysUntilSomebodySignsIn(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		l := landlord(1)
		store(t, db, l)
		update := func(family string) error {
			l.User.FamilyName, l.User.Email, l.User.EmailKey, l.Account.Channel = family, "", "", storage.ByLetter
			return db.InTx(ctx, func(q *storage.Queries) error { return q.UpdateBeforeSignIn(ctx, l, 5) })
		}
		if err := update("Aubry"); err != nil {
			t.Fatal(err)
		}
		messages, err := db.MessagesOf(ctx, l.User.ID, 10)
		if err != nil || len(messages) != 2 {
			t.Fatalf("messages = %v, %v; want 2", messages, err)
		}
		for _, m := range messages {
			if m.Channel != storage.ByLetter {
				t.Errorf("waiting message %s still leaves by %s", m.Kind, m.Channel)
			}
		}
		if err := db.InTx(ctx, func(q *storage.Queries) error { return q.RecordSignIn(ctx, l.User, 6) }); err != nil {
			t.Fatal(err)
		}
		if err := update("Vasseur"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("update after a sign-in: %v, want ErrNotFound", err)
		}
		got, err := db.User(ctx, l.User.ID)
		if err != nil || got.FamilyName != "Aubry" {
			t.Errorf("family name = %q, %v; want the one before the sign-in", got.FamilyName, err)
		}
	})
}
