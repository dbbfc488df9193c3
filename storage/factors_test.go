package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// activePerson stores another active user each time.
func activePerson(t *testing.T, db *storage.DB) storage.User {
	t.Helper()
	id := storage.NewID()
	a, u := account("4567532038"+id[len(id)-4:]), user("", "LOG"+strings.ToUpper(id[len(id)-8:]), id+"@example.org")
	u.AccountID, u.State = a.ID, storage.StateActive
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u))
	})
	return u
}

func addFactor(t *testing.T, db *storage.DB, userID, credential string) (f storage.Factor, first bool) {
	t.Helper()
	f = storage.Factor{ID: storage.NewID(), UserID: userID, Kind: "totp", Name: "Téléphone", Credential: credential,
		Data: []byte("sealed"), CreatedAt: 100, UsedAt: 100}
	write(t, db, func(ctx context.Context, q *storage.Queries) (err error) {
		first, err = q.AddFactor(ctx, f)
		return err
	})
	return f, first
}

// wins tells whether fn was the one that could.
func wins(t *testing.T, db *storage.DB, fn func(ctx context.Context, q *storage.Queries) error) bool {
	t.Helper()
	err := db.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) })
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	return err == nil
}

func TestATimeStepAndACountWorkOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := activePerson(t, db)
		f, _ := addFactor(t, db, u.ID, "c")
		use := func(counter int64) bool {
			return wins(t, db, func(ctx context.Context, q *storage.Queries) error { return q.UseFactor(ctx, f.ID, counter, 200) })
		}
		for range 2 {
			if !use(0) {
				t.Error("a key that counts nothing works once only")
			}
		}
		if won := atOnce(50, func(int) bool { return use(7) }); won != 1 {
			t.Errorf("%d of 50 used the time step, want 1", won)
		}
		if use(6) || use(0) {
			t.Error("an earlier step works after a later one")
		}
		if !use(8) {
			t.Error("the next step does not work")
		}
		got, err := db.FactorsOf(t.Context(), u.ID)
		if err != nil || len(got) != 1 || got[0].Counter != 8 || got[0].UsedAt != 200 || got[0].Name != f.Name || string(got[0].Data) != "sealed" {
			t.Errorf("factors = %+v, %v", got, err)
		}
	})
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u, other := activePerson(t, db), activePerson(t, db)
		replace := func(userID string, hashes ...string) {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				var list [][]byte
				for _, h := range hashes {
					list = append(list, []byte(h))
				}
				return q.ReplaceRecoveryCodes(ctx, userID, list, 100)
			})
		}
		use := func(userID, hash string) bool {
			return wins(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.UseRecoveryCode(ctx, userID, []byte(hash), 200)
			})
		}
		replace(u.ID, "one", "two", "three")
		replace(other.ID, "four")
		if use(other.ID, "one") || use(u.ID, "four") || use(u.ID, "none") {
			t.Error("a code works that is nobody's or somebody else's")
		}
		if won := atOnce(50, func(int) bool { return use(u.ID, "one") }); won != 1 {
			t.Errorf("%d of 50 used the code, want 1", won)
		}
		if left, err := db.RecoveryCodesLeft(t.Context(), u.ID); left != 2 || err != nil {
			t.Errorf("%d left (%v), want 2", left, err)
		}
		replace(u.ID, "five")
		if use(u.ID, "two") || !use(u.ID, "five") {
			t.Error("after new codes a former one works, or a new one does not")
		}
	})
}

func TestFactorsOfAUserAreKnownWithHim(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u, other := activePerson(t, db), activePerson(t, db)
		since := func() storage.Time {
			got, err := db.User(ctx, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got.FactorSince
		}
		one, first := addFactor(t, db, u.ID, "1")
		two, second := addFactor(t, db, u.ID, "2")
		if !first || second || since() != 100 {
			t.Errorf("first %v, second %v, since %v", first, second, since())
		}
		err := db.InTx(ctx, func(q *storage.Queries) error {
			_, err := q.AddFactor(ctx, storage.Factor{ID: storage.NewID(), UserID: other.ID, Kind: "passkey", Credential: "2", Data: []byte{}})
			return err
		})
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("somebody else's key was added: %v", err)
		}
		if wins(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, _, err := q.RemoveFactor(ctx, other.ID, one.ID)
			return err
		}) {
			t.Error("somebody else removed the factor")
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := q.ReplaceRecoveryCodes(ctx, u.ID, [][]byte{[]byte("x")}, 100); err != nil {
				return err
			}
			_, last, err := q.RemoveFactor(ctx, u.ID, one.ID)
			if last {
				t.Error("one of two is the last")
			}
			return err
		})
		if left, _ := db.RecoveryCodesLeft(ctx, u.ID); since() != 100 || left != 1 {
			t.Errorf("since %v, %d codes, want both kept", since(), left)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, last, err := q.RemoveFactor(ctx, u.ID, two.ID)
			if !last {
				t.Error("the only one is not the last")
			}
			return err
		})
		if left, _ := db.RecoveryCodesLeft(ctx, u.ID); since() != 0 || left != 0 {
			t.Errorf("since %v, %d codes, want none", since(), left)
		}
		addFactor(t, db, u.ID, "1")
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			removed, err := q.RemoveFactors(ctx, u.ID)
			if len(removed) != 1 {
				t.Errorf("removed %+v", removed)
			}
			return err
		})
		if since() != 0 {
			t.Error("a user without factors has some")
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetUserState(ctx, u.ID, storage.StateActive, storage.StateSuspended, 300)
			return err
		})
		if wins(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.AddFactor(ctx, storage.Factor{ID: storage.NewID(), UserID: u.ID, Kind: "totp", Credential: "3", Data: []byte{}})
			return err
		}) {
			t.Error("a suspended user got a factor")
		}
	})
}

func TestWhatASessionWaitsForIsAnsweredOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := activePerson(t, db)
		s := storage.Session{ID: storage.NewID(), IDHash: []byte("hash"), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 100, SeenAt: 100, ExpiresAt: 1000}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if err := q.CreateSession(ctx, s); err != nil {
				return err
			}
			return q.SetPending(ctx, s.ID, "challenge", 200)
		})
		consume := func(pending string, now storage.Time) bool {
			return wins(t, db, func(ctx context.Context, q *storage.Queries) error { return q.ConsumePending(ctx, s.ID, pending, now) })
		}
		if consume("challenge", 200) || consume("other", 150) || consume("", 150) {
			t.Error("something late or else was accepted")
		}
		if won := atOnce(50, func(int) bool { return consume("challenge", 199) }); won != 1 {
			t.Errorf("%d of 50 answered the challenge, want 1", won)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			raised, err := q.RaiseSession(ctx, s.ID, []byte("other"), "pwd otp mfa", 160)
			if err == nil && (raised.AMR != "pwd otp mfa" || raised.FactorAt != 160 || string(raised.IDHash) != "other") {
				t.Errorf("raised = %+v", raised)
			}
			return err
		})
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			renewed, err := q.RenewSession(ctx, s)
			if err == nil && (renewed.AMR != "pwd" || renewed.FactorAt != 0) {
				t.Errorf("a new sign-in kept the factor of the former one: %+v", renewed)
			}
			return err
		})
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndSession(ctx, s.ID, 170) })
		if wins(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.RaiseSession(ctx, s.ID, []byte("third"), "pwd otp mfa", 180)
			return err
		}) {
			t.Error("an ended session was raised")
		}
	})
}
