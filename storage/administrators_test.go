package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// organisation stores one whose people have the roles given, and are active.
func organisation(t *testing.T, db *storage.DB, number string, roles ...string) (storage.Account, []storage.User) {
	t.Helper()
	a := account(number)
	a.Kind, a.CompanyName, a.ClaimedAt = storage.Organisation, "SCI des Tilleuls", 1
	var users []storage.User
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		users = nil
		if err := q.CreateAccount(ctx, a); err != nil {
			return err
		}
		for i, role := range roles {
			u := user(a.ID, fmt.Sprintf("LOG%s%03d", number[9:], i), fmt.Sprintf("p%d@%s.example", i, number))
			u.Role, u.State, u.PasswordHash, u.ActivatedAt = role, storage.StateActive, "hash", 1
			if err := q.CreateUser(ctx, u); err != nil {
				return err
			}
			users = append(users, u)
		}
		return nil
	})
	return a, users
}

// administrators returns how many of an account may act.
func administrators(t *testing.T, db *storage.DB, accountID string) (n int) {
	t.Helper()
	users, err := db.UsersOfAccount(t.Context(), accountID)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.Role == storage.RoleAdministrator && u.State == storage.StateActive {
			n++
		}
	}
	return n
}

// losses are the ways in which an administrator stops being one.
var losses = map[string]func(ctx context.Context, q *storage.Queries, accountID, userID string) error{
	"demote": func(ctx context.Context, q *storage.Queries, accountID, userID string) error {
		_, err := q.DemoteAdministrator(ctx, accountID, userID, 9)
		return err
	},
	"suspend": func(ctx context.Context, q *storage.Queries, accountID, userID string) error {
		_, err := q.SuspendUser(ctx, accountID, userID, 9)
		return err
	},
	"close": func(ctx context.Context, q *storage.Queries, accountID, userID string) error {
		_, err := q.CloseUser(ctx, accountID, userID, "removed", 9)
		return err
	},
}

const admin = storage.RoleAdministrator

// Two administrators who act on each other at once leave one, whatever each of
// them does.
func TestTwoAdministratorsActingOnEachOtherLeaveOne(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		number := 45675320380000
		for first, loseFirst := range losses {
			for second, loseSecond := range losses {
				for range 5 {
					number++
					a, users := organisation(t, db, fmt.Sprint(number), admin, admin, storage.RoleMember)
					acts := []func(context.Context, *storage.Queries, string, string) error{loseFirst, loseSecond}
					won := atOnce(2, func(i int) bool {
						err := db.InTx(t.Context(), func(q *storage.Queries) error { return acts[i](t.Context(), q, a.ID, users[1-i].ID) })
						if err != nil && !errors.Is(err, storage.ErrLastAdministrator) {
							t.Errorf("%s and %s: %v, want ErrLastAdministrator", first, second, err)
						}
						return err == nil
					})
					if left := administrators(t, db, a.ID); won != 1 || left != 1 {
						t.Fatalf("%s and %s at once: %d went through, %d administrators left", first, second, won, left)
					}
				}
			}
		}
	})
}

// Fifty administrators act on each other at once.
func TestFiftyAdministratorsAtOnceLeaveOne(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		roles := make([]string, 50)
		for i := range roles {
			roles[i] = admin
		}
		names := []string{"demote", "suspend", "close"}
		for round := range 3 {
			a, users := organisation(t, db, fmt.Sprint(45675320380001+round), roles...)
			won := atOnce(len(users), func(i int) bool {
				err := db.InTx(t.Context(), func(q *storage.Queries) error {
					return losses[names[(i+round)%3]](t.Context(), q, a.ID, users[(i+1)%len(users)].ID)
				})
				if err != nil && !errors.Is(err, storage.ErrLastAdministrator) {
					t.Errorf("%v, want ErrLastAdministrator", err)
				}
				return err == nil
			})
			if left := administrators(t, db, a.ID); won != 49 || left != 1 {
				t.Fatalf("%d went through, %d administrators left", won, left)
			}
		}
	})
}

// However many members are appointed at once, the maximum holds.
func TestFiftyAppointmentsAtOnceStopAtTheMaximum(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		roles := []string{admin}
		for range 50 {
			roles = append(roles, storage.RoleMember)
		}
		a, users := organisation(t, db, "45675320380001", roles...)
		won := atOnce(50, func(i int) bool {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				_, err := q.MakeAdministrator(t.Context(), a.ID, users[i+1].ID, 4, 9)
				return err
			})
			if err != nil && !errors.Is(err, storage.ErrTooManyAdministrators) {
				t.Errorf("%v, want ErrTooManyAdministrators", err)
			}
			return err == nil
		})
		if n := administrators(t, db, a.ID); won != 3 || n != 4 {
			t.Errorf("%d were appointed, there are %d administrators; want 3 and 4", won, n)
		}
	})
}

// Several people pass the role of one administrator on at once: one of them has
// it in the end.
func TestRoleIsHandedOverOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		a, users := organisation(t, db, "45675320380001", admin, storage.RoleMember, storage.RoleMember, storage.RoleMember, storage.RoleMember)
		won := atOnce(4, func(i int) bool {
			err := db.InTx(t.Context(), func(q *storage.Queries) error {
				from, to, err := q.HandOver(t.Context(), a.ID, users[0].ID, users[i+1].ID, 9)
				if err == nil && (from.Role != storage.RoleMember || to.Role != admin) {
					t.Errorf("returned %s and %s", from.Role, to.Role)
				}
				return err
			})
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%v, want ErrNotFound", err)
			}
			return err == nil
		})
		if n := administrators(t, db, a.ID); won != 1 || n != 1 {
			t.Errorf("handed over %d times, %d administrators", won, n)
		}
	})
}

func TestWhatMayBecomeOfAnAdministrator(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		a, users := organisation(t, db, "45675320380001", admin, storage.RoleMember, storage.RoleMember)
		act := func(fn func(q *storage.Queries) error) error { return db.InTx(ctx, fn) }
		state := func(u storage.User) string {
			t.Helper()
			u, err := db.User(ctx, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return u.Role + " " + u.State
		}
		for name, lose := range losses {
			err := act(func(q *storage.Queries) error { return lose(ctx, q, a.ID, users[0].ID) })
			if !errors.Is(err, storage.ErrLastAdministrator) || state(users[0]) != "administrator active" {
				t.Errorf("%s the only administrator: %v, %s", name, err, state(users[0]))
			}
		}
		if err := act(func(q *storage.Queries) error { _, err := q.DemoteAdministrator(ctx, a.ID, users[1].ID, 9); return err }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("demote a member: %v", err)
		}
		// A suspended administrator saves nobody, but counts where there may be two.
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.MakeAdministrator(ctx, a.ID, users[1].ID, 2, 9); err != nil {
				return err
			}
			_, err := q.SuspendUser(ctx, a.ID, users[1].ID, 9)
			return err
		})
		if state(users[1]) != "administrator suspended" {
			t.Fatalf("second administrator is %s", state(users[1]))
		}
		if err := act(func(q *storage.Queries) error { _, err := q.SuspendUser(ctx, a.ID, users[0].ID, 9); return err }); !errors.Is(err, storage.ErrLastAdministrator) {
			t.Errorf("suspend the only active administrator: %v", err)
		}
		if err := act(func(q *storage.Queries) error { _, err := q.SuspendUser(ctx, a.ID, users[1].ID, 9); return err }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("suspend twice: %v", err)
		}
		if err := act(func(q *storage.Queries) error {
			_, err := q.MakeAdministrator(ctx, a.ID, users[2].ID, 2, 9)
			return err
		}); !errors.Is(err, storage.ErrTooManyAdministrators) {
			t.Errorf("a third administrator of two: %v", err)
		}
		if _, err := db.User(ctx, users[2].ID); err != nil || state(users[2]) != "member active" {
			t.Errorf("the third is %s", state(users[2]))
		}
		// Suspended, he may be demoted and closed: nothing is lost.
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			if _, err := q.DemoteAdministrator(ctx, a.ID, users[1].ID, 9); err != nil {
				return err
			}
			_, err := q.CloseUser(ctx, a.ID, users[1].ID, "removed", 9)
			return err
		})
		if err := act(func(q *storage.Queries) error {
			_, err := q.MakeAdministrator(ctx, a.ID, users[1].ID, 9, 9)
			return err
		}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("appoint somebody whose access is closed: %v", err)
		}
		if err := act(func(q *storage.Queries) error {
			_, _, err := q.HandOver(ctx, a.ID, users[0].ID, users[1].ID, 9)
			return err
		}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("hand over to somebody whose access is closed: %v", err)
		}
		if state(users[0]) != "administrator active" {
			t.Errorf("after a hand-over that failed the administrator is %s", state(users[0]))
		}
	})
}

// Suspending and closing end sessions and what applications hold, and closing
// ends what could still open the access.
func TestLosingAccessEndsEverything(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		a, users := organisation(t, db, "45675320380001", admin, storage.RoleMember, storage.RoleMember)
		someClient(t, db, "loyers")
		for i, end := range []string{"suspend", "close"} {
			u := users[i+1]
			s := storage.Session{ID: storage.NewID(), IDHash: []byte(u.ID), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 1, SeenAt: 1, ExpiresAt: 100}
			g := storage.Grant{ID: storage.NewID(), ClientID: "loyers", UserID: u.ID, SessionID: s.ID, Scopes: "openid", CreatedAt: 1, ExpiresAt: 100}
			p := storage.Provisional{ID: storage.NewID(), UserID: u.ID, Hash: []byte("h"), Channel: storage.ByLetter, CreatedAt: 1, ExpiresAt: 100}
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				if err := errors.Join(q.CreateSession(ctx, s), q.CreateGrant(ctx, g), q.CreateProvisional(ctx, p), q.EnqueueCredentials(ctx, a, u, 1)); err != nil {
					return err
				}
				return losses[end](ctx, q, a.ID, u.ID)
			})
			if got, err := db.Session(ctx, s.ID); err != nil || got.EndedAt != 9 {
				t.Errorf("%s: session ended at %d, %v", end, got.EndedAt, err)
			}
			if got, err := db.Grant(ctx, g.ID); err != nil || got.RevokedAt != 9 {
				t.Errorf("%s: grant revoked at %d, %v", end, got.RevokedAt, err)
			}
			if end == "suspend" {
				continue
			}
			if live, err := db.LiveProvisionals(ctx, u.ID, 9); err != nil || len(live) != 0 {
				t.Errorf("%s: provisional passwords %v, %v", end, live, err)
			}
			messages, err := db.MessagesOf(ctx, u.ID, 5)
			if err != nil || len(messages) != 2 {
				t.Fatal(messages, err)
			}
			for _, m := range messages {
				if m.State != storage.MessageFailed || m.LastError != "removed" {
					t.Errorf("%s: message %s is %s: %s", end, m.Kind, m.State, m.LastError)
				}
			}
		}
	})
}

// An id of another organisation is an id of nobody.
func TestNobodyReachesAnotherOrganisation(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		ours, our := organisation(t, db, "45675320380001", admin, admin, storage.RoleMember)
		theirs, their := organisation(t, db, "45675320380002", admin, admin, storage.RoleMember)
		before, err := db.UsersOfAccount(ctx, theirs.ID)
		if err != nil {
			t.Fatal(err)
		}
		acts := map[string]func(q *storage.Queries) error{
			"appoint": func(q *storage.Queries) error {
				_, err := q.MakeAdministrator(ctx, ours.ID, their[2].ID, 9, 9)
				return err
			},
			"hand over to": func(q *storage.Queries) error {
				_, _, err := q.HandOver(ctx, ours.ID, our[0].ID, their[2].ID, 9)
				return err
			},
			"hand over from": func(q *storage.Queries) error {
				_, _, err := q.HandOver(ctx, ours.ID, their[0].ID, our[2].ID, 9)
				return err
			},
			"act as administrator": func(q *storage.Queries) error {
				_, err := q.HoldAdministrator(ctx, ours.ID, their[0].ID, 9)
				return err
			},
			"act as a member":       func(q *storage.Queries) error { _, err := q.HoldAdministrator(ctx, ours.ID, our[2].ID, 9); return err },
			"act in no account":     func(q *storage.Queries) error { return q.HoldAccount(ctx, "nowhere", 9) },
			"claim what is claimed": func(q *storage.Queries) error { return q.ClaimOrganisation(ctx, theirs.ID, our[0].ID, 9) },
		}
		for name, lose := range losses {
			acts[name] = func(q *storage.Queries) error { return lose(ctx, q, ours.ID, their[0].ID) }
		}
		for name, act := range acts {
			if err := db.InTx(ctx, act); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
		}
		after, err := db.UsersOfAccount(ctx, theirs.ID)
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the other organisation changed: %v\nfrom %v\nto   %v", err, before, after)
		}
		if n := administrators(t, db, ours.ID); n != 2 {
			t.Errorf("%d administrators of our own, want 2", n)
		}
		if err := db.InTx(ctx, func(q *storage.Queries) error { _, err := q.HoldAdministrator(ctx, ours.ID, our[0].ID, 9); return err }); err != nil {
			t.Errorf("act as administrator: %v", err)
		}
	})
}

func TestOrganisationIsClaimedOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		a, users := organisation(t, db, "45675320380009", storage.RoleMember, storage.RoleMember, storage.RoleMember, storage.RoleMember)
		claim := func(i int) error {
			return db.InTx(ctx, func(q *storage.Queries) error {
				return q.ClaimOrganisation(ctx, a.ID, users[i%4].ID, storage.Time(i+2))
			})
		}
		if err := claim(0); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("claim an organisation that has been claimed: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.UnclaimOrganisation(ctx, a.ID, 9) })
		won := atOnce(16, func(i int) bool {
			err := claim(i)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("loser got %v, want ErrNotFound", err)
			}
			return err == nil
		})
		stored, err := db.Account(ctx, a.ID)
		if n := administrators(t, db, a.ID); won != 1 || n != 1 || err != nil || stored.ClaimedAt.IsZero() {
			t.Errorf("%d won, %d administrators, claimed at %d, %v", won, n, stored.ClaimedAt, err)
		}
		// An individual's account has no administrator.
		u := person(t, db)
		if err := db.InTx(ctx, func(q *storage.Queries) error { return q.ClaimOrganisation(ctx, u.AccountID, u.ID, 9) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("claim an individual's account: %v", err)
		}
	})
}

// What is told of an administrator goes to the organisation, and by letter when
// it has no e-mail address.
func TestOrganisationIsTold(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		a, users := organisation(t, db, "45675320380001", admin)
		for address, want := range map[string]string{"": storage.ByLetter, "contact@tilleuls.example": storage.ByEmail} {
			a.ContactEmail = address
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.NotifyAppointed(ctx, a, users[0].ID, 9)
			})
			messages, err := db.MessagesOf(t.Context(), users[0].ID, 1)
			if err != nil || len(messages) != 1 || messages[0].Kind != storage.MessageAdministratorAppointed || messages[0].Channel != want || messages[0].AccountID != a.ID {
				t.Errorf("address %q: %+v, %v", address, messages, err)
			}
		}
	})
}

func TestSignInOfTheWrongPersonIsForgotten(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u := person(t, db)
		open := func(id string) {
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.CreateSession(ctx, storage.Session{ID: id, IDHash: []byte(id), UserID: u.ID, AMR: "pwd", AuthenticatedAt: 5, SeenAt: 5, ExpiresAt: 100})
			})
		}
		forget := func(id string) storage.User {
			write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.ForgetFirstSignIn(ctx, u.ID, id) })
			got, err := db.User(ctx, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		open("a")
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.RecordSignIn(ctx, u, 5) })
		if got := forget("a"); !got.LastSignInAt.IsZero() {
			t.Errorf("last sign-in at %d", got.LastSignInAt)
		}
		if _, err := db.Session(ctx, "a"); err != nil {
			t.Errorf("a session that has not ended is gone: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error { return q.EndOtherSessions(ctx, u.ID, "", 6) })
		forget("a")
		if _, err := db.Session(ctx, "a"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the session is still there: %v", err)
		}
		// Once the details were given, somebody has begun.
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return errors.Join(q.RecordSignIn(ctx, u, 7), q.SaveDetails(ctx, u.ID, storage.Details{GivenName: "Odile", FamilyName: "Martin"}, 7))
		})
		if got := forget("a"); got.LastSignInAt != 7 {
			t.Errorf("a sign-in that was begun is forgotten: %d", got.LastSignInAt)
		}
	})
}
