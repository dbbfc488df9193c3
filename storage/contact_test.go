package storage_test

import (
	"context"
	"errors"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// A person's own address and that of the organisation wait apart: neither's code
// is good for the other, and each has its own sendings.
func TestAddressesWaitApart(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		_, users := organisation(t, db, "45675320380009", admin)
		id := users[0].ID
		put := func(purpose, email string) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: id, Purpose: purpose, Email: email, EmailKey: email}, 100)
				return err
			})
		}
		for range storage.EmailCodeSendings {
			if err := put(storage.OrganisationAddress, "house@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(storage.OrganisationAddress, "house@example.org"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a sixth code was asked for: %v", err)
		}
		if err := put(storage.OwnAddress, "own@example.org"); err != nil {
			t.Errorf("no code for the own address: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetEmailCode(ctx, id, storage.OrganisationAddress, []byte("right"), 200, 100)
			return err
		})
		attempt := func(purpose string) (change storage.EmailChange, right bool) {
			write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
				change, right, err = q.TryEmailCode(ctx, id, purpose, []byte("right"), 150)
				return err
			})
			return change, right
		}
		if _, right := attempt(storage.OwnAddress); right {
			t.Error("the code of the organisation's address confirmed the own one")
		}
		if change, right := attempt(storage.OrganisationAddress); !right || change.Email != "house@example.org" || change.Purpose != storage.OrganisationAddress {
			t.Errorf("the right code: %v, %+v", right, change)
		}
		if own, err := db.EmailChangeOf(ctx, id, storage.OwnAddress); err != nil || own.Email != "own@example.org" {
			t.Errorf("the own address waits no longer: %+v, %v", own, err)
		}
		if until, err := db.EmailCodeWait(ctx, id, storage.OrganisationAddress); err != nil || until != 100+storage.EmailCodeWindow {
			t.Errorf("wait until %d, %v", until, err)
		}
	})
}

// An address that an administrator gave is the organisation's from then on, what
// waits elsewhere in the organisation waits no longer, and it opens nothing.
func TestContactIsChanged(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		ours, our := organisation(t, db, "45675320380009", admin, admin)
		theirs, their := organisation(t, db, "45675320380010", admin)
		fresh := user(ours.ID, "LOG7K29QX", "")
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := q.CreateUser(ctx, fresh); err != nil {
				return err
			}
			for _, a := range []storage.Account{ours, theirs} {
				if err := q.MarkUndeliverable(ctx, storage.Undeliverable{AccountID: a.ID, Channel: storage.ByEmail, Reason: "550", Since: 2}); err != nil {
					return err
				}
			}
			for _, u := range []storage.User{our[0], our[1], their[0]} {
				for _, purpose := range []string{storage.OwnAddress, storage.OrganisationAddress} {
					if _, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: u.ID, Purpose: purpose, Email: "new@example.org", EmailKey: "new@example.org"}, 3); err != nil {
						return err
					}
				}
			}
			return q.ChangeContact(ctx, ours.ID, "Agency@example.org", 0) // as if it were the agency's
		})
		behind := func() int {
			users, err := db.UsersBehindContact(ctx, "agency@example.org", 5)
			if err != nil {
				t.Fatal(err)
			}
			return len(users)
		}
		if a, err := db.Account(ctx, ours.ID); err != nil || a.CredentialsEmail() != "Agency@example.org" || behind() != 1 {
			t.Errorf("the agency's address opens nothing: %+v, %d, %v", a, behind(), err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.HoldAdministrator(ctx, ours.ID, our[0].ID, 9); err != nil {
				return err
			}
			return q.ChangeContact(ctx, ours.ID, "Agency@example.org", 9)
		})
		a, err := db.Account(ctx, ours.ID)
		if err != nil || a.ContactEmail != "Agency@example.org" || a.ContactChangedAt != 9 || a.CredentialsEmail() != "" || behind() != 0 {
			t.Errorf("after the change: %+v, %d behind it, %v", a, behind(), err)
		}
		for i, u := range append(our, their...) {
			_, err := db.EmailChangeOf(ctx, u.ID, storage.OrganisationAddress)
			if waits := err == nil; waits != (i == 2) {
				t.Errorf("organisation's address of %d: %v", i, err)
			}
			if _, err := db.EmailChangeOf(ctx, u.ID, storage.OwnAddress); err != nil {
				t.Errorf("own address of %d: %v", i, err)
			}
		}
		for _, one := range []storage.Account{ours, theirs} {
			marks, err := db.UndeliverableOf(ctx, one.ID)
			if err != nil || (len(marks) == 0) != (one.ID == ours.ID) {
				t.Errorf("undeliverable: %+v, %v", marks, err)
			}
		}

		// The agency knows better, or takes the role from everybody.
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.UpdateBeforeSignIn(ctx, storage.Landlord{Account: a, User: fresh}, 10)
		})
		if a, err := db.Account(ctx, ours.ID); err != nil || a.ContactChangedAt != 0 || behind() != 1 {
			t.Errorf("after an import: %+v, %v", a, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.ChangeContact(ctx, ours.ID, "mine@example.org", 11)
		})
		for _, one := range []storage.Account{ours, theirs} {
			write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.UnclaimOrganisation(ctx, one.ID, 12) })
		}
		if a, err := db.Account(ctx, ours.ID); err != nil || a.ContactEmail != "" || a.ContactChangedAt != 0 {
			t.Errorf("after the role was taken from everybody: %+v, %v", a, err)
		}
		if a, err := db.Account(ctx, theirs.ID); err != nil || a.ContactEmail != theirs.ContactEmail {
			t.Errorf("the agency's own address: %+v, %v", a, err)
		}
	})
}
