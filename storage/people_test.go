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

// house is an organisation with an administrator, and n active members.
func house(t *testing.T, db *storage.DB, number string, n int) (by storage.Acting, members []storage.User) {
	t.Helper()
	a := account(number)
	a.Kind, a.CompanyName = storage.Organisation, "SCI "+number
	administrator := user(a.ID, "LOGA"+number[len(number)-7:], "chef@"+number+".example")
	administrator.Role, administrator.State, administrator.FamilyName = storage.RoleAdministrator, storage.StateActive, "Aaa"
	administrator.ActivatedAt = 10
	write(t, db, func(ctx context.Context, q *storage.Queries) error {
		err := errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, administrator))
		for i := range n {
			u := user(a.ID, fmt.Sprintf("LOG%02d%s", i, number[len(number)-6:]), fmt.Sprintf("m%d@%s.example", i, number))
			u.Role, u.State, u.ActivatedAt, u.GivenName, u.FamilyName = storage.RoleMember, storage.StateActive, 10, "Nina", fmt.Sprintf("Roux%02d", i)
			members = append(members, u)
			err = errors.Join(err, q.CreateUser(ctx, u))
		}
		return err
	})
	return storage.Acting{AccountID: a.ID, ActorID: administrator.ID}, members
}

// Every write of an administrator needs one, and a person of his organisation.
func TestActsOnPeople(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		by, members := house(t, db, "45675320380001", 3)
		foreign, others := house(t, db, "45675320380002", 1)
		m := members[0]
		acts := map[string]func(q *storage.Queries, by storage.Acting, userID string) error{
			"suspend": func(q *storage.Queries, by storage.Acting, id string) error {
				_, err := q.SuspendPerson(ctx, by, id, 50)
				return err
			},
			"remove": func(q *storage.Queries, by storage.Acting, id string) error {
				_, err := q.RemovePerson(ctx, by, id, 50)
				return err
			},
			"hold": func(q *storage.Queries, by storage.Acting, id string) error {
				_, err := q.HoldPerson(ctx, by, id, 50)
				return err
			},
			"offer": func(q *storage.Queries, by storage.Acting, id string) error {
				return q.OfferRole(ctx, storage.RoleOffer{AccountID: by.AccountID, FromID: by.ActorID, ToID: id, Keeps: storage.KeepsRole, CreatedAt: 50, ExpiresAt: 90})
			},
			"review": func(q *storage.Queries, by storage.Acting, id string) error {
				if id != m.ID {
					return storage.ErrNotFound // it is about nobody
				}
				return q.Review(ctx, by, 50)
			},
			"invite": func(q *storage.Queries, by storage.Acting, id string) error {
				if id != m.ID {
					return storage.ErrNotFound
				}
				u := user(by.AccountID, "LOGNOUVEAU1", "nouveau@example.org")
				return q.InvitePerson(ctx, by, u, 10)
			},
		}
		undo := errors.New("undo")
		for name, act := range acts {
			for what, one := range map[string]struct {
				by   storage.Acting
				whom string
				want error
			}{
				"a member acts":                      {storage.Acting{AccountID: by.AccountID, ActorID: members[1].ID}, m.ID, storage.ErrNotFound},
				"another organisation's":             {storage.Acting{AccountID: by.AccountID, ActorID: foreign.ActorID}, m.ID, storage.ErrNotFound},
				"a person of another organisation":   {by, others[0].ID, storage.ErrNotFound},
				"a person of another, by its number": {storage.Acting{AccountID: foreign.AccountID, ActorID: by.ActorID}, others[0].ID, storage.ErrNotFound},
				"nobody":                             {by, storage.NewID(), storage.ErrNotFound},
				"as it should be":                    {by, m.ID, undo},
			} {
				err := db.InTx(ctx, func(q *storage.Queries) error {
					if err := act(q, one.by, one.whom); err != nil {
						return err
					}
					return undo
				})
				if !errors.Is(err, one.want) {
					t.Errorf("%s, %s: %v, want %v", name, what, err, one.want)
				}
			}
		}
	})
}

func TestSuspendedByWhom(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		by, members := house(t, db, "45675320380001", 1)
		id := members[0].ID
		reopen := func() error {
			return db.InTx(ctx, func(q *storage.Queries) error { _, err := q.ReopenPerson(ctx, by, id, 60); return err })
		}
		if err := reopen(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("reopened what is open: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SuspendPerson(ctx, by, id, 50)
			return err
		})
		if p, err := db.PersonOf(ctx, by.AccountID, id, 55); err != nil || p.State != storage.StateSuspended || p.SuspendedBy != by.ActorID {
			t.Errorf("suspended: %s by %q, %v", p.State, p.SuspendedBy, err)
		}
		if err := reopen(); err != nil {
			t.Errorf("reopen: %v", err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetUserState(ctx, id, storage.StateActive, storage.StateSuspended, 70)
			return err
		})
		if err := reopen(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("reopened what the agency suspended: %v", err)
		}
	})
}

func TestOrganisationTakesNoMorePeopleThanItMay(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		by, _ := house(t, db, "45675320380001", 1)
		won := atOnce(8, func(i int) bool {
			u := user(by.AccountID, fmt.Sprintf("LOGNEUF%04d", i), fmt.Sprintf("neuf%d@example.org", i))
			err := db.InTx(t.Context(), func(q *storage.Queries) error { return q.InvitePerson(t.Context(), by, u, 5) })
			if err != nil && !errors.Is(err, storage.ErrFull) {
				t.Errorf("invite: %v", err)
			}
			return err == nil
		})
		if count, err := db.CountPeople(t.Context(), by.AccountID, ""); won != 3 || count != 5 || err != nil {
			t.Errorf("%d were invited, there are %d, %v", won, count, err)
		}
	})
}

func TestPeopleInTheirOrder(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		by, members := house(t, db, "45675320380001", 5)
		house(t, db, "45675320380002", 3)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			u := user(by.AccountID, "LOGINVITE01", "invitee@example.org")
			u.GivenName, u.FamilyName, u.CreatedAt = "Zoé", "100%_x", 50
			_, err := q.RemovePerson(ctx, by, members[4].ID, 50)
			return errors.Join(err, q.InvitePerson(ctx, by, u, 10))
		})
		list := func(search string, limit, offset int) (names []string) {
			people, err := db.PeopleOf(ctx, by.AccountID, search, 60, limit, offset)
			if err != nil {
				t.Fatal(err)
			}
			count, err := db.CountPeople(ctx, by.AccountID, search)
			if err != nil || limit > count && count != len(people) {
				t.Errorf("%q: %d counted, %d listed, %v", search, count, len(people), err)
			}
			for _, p := range people {
				names = append(names, p.FamilyName)
			}
			return names
		}
		for _, test := range []struct {
			search        string
			limit, offset int
			want          []string
		}{
			{"", 3, 0, []string{"100%_x", "Aaa", "Roux00"}},
			{"", 3, 3, []string{"Roux01", "Roux02", "Roux03"}},
			{"", 3, 6, nil},
			{"roux0", 10, 0, []string{"Roux00", "Roux01", "Roux02", "Roux03"}},
			{"NINA ROUX03", 10, 0, []string{"Roux03"}},
			{"m2@", 10, 0, []string{"Roux02"}},
			{"loginvite01", 10, 0, []string{"100%_x"}},
			{"%", 10, 0, []string{"100%_x"}},
			{"_x", 10, 0, []string{"100%_x"}},
			{"!", 10, 0, nil},
			{"' OR 1=1", 10, 0, nil},
		} {
			if diff := cmp.Diff(test.want, list(test.search, test.limit, test.offset)); diff != "" {
				t.Errorf("%q from %d (-want +got):\n%s", test.search, test.offset, diff)
			}
		}
		// The role goes to active members alone.
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SuspendPerson(ctx, by, members[1].ID, 50)
			return err
		})
		for search, want := range map[string][]string{"": {"Roux00", "Roux02", "Roux03"}, "roux02": {"Roux02"}, "roux01": nil, "aaa": nil} {
			heirs, err := db.HeirsOf(ctx, by.AccountID, search, 60, 10, 0)
			var names []string
			for _, p := range heirs {
				names = append(names, p.FamilyName)
			}
			count, counted := db.CountHeirs(ctx, by.AccountID, search)
			if diff := cmp.Diff(want, names); diff != "" || count != len(want) || err != nil || counted != nil {
				t.Errorf("%q: %d counted, %v, %v (-want +got):\n%s", search, count, err, counted, diff)
			}
		}
		if second, err := db.HeirsOf(ctx, by.AccountID, "", 60, 1, 1); err != nil || len(second) != 1 || second[0].FamilyName != "Roux02" {
			t.Errorf("the second page: %+v, %v", second, err)
		}
		// Invited as long as a code can be used or is on its way.
		people, err := db.PeopleOf(ctx, by.AccountID, "loginvite01", 60, 1, 0)
		if err != nil || len(people) != 1 || people[0].Invited {
			t.Fatalf("nothing was sent: %+v, %v", people, err)
		}
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			return q.CreateProvisional(ctx, storage.Provisional{ID: storage.NewID(), UserID: people[0].ID, Hash: []byte("x"), Channel: storage.ByEmail, CreatedAt: 55, ExpiresAt: 70})
		})
		for now, want := range map[storage.Time]bool{69: true, 70: false} {
			if p, err := db.PersonOf(ctx, by.AccountID, people[0].ID, now); err != nil || p.Invited != want {
				t.Errorf("at %d: invited %v, %v", now, p.Invited, err)
			}
		}
		if _, err := db.PersonOf(ctx, by.AccountID, members[4].ID, 60); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a person who was removed: %v", err)
		}
	})
}

func TestOfferOfTheRole(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		by, members := house(t, db, "45675320380001", 3)
		offer := func(to storage.User, keeps string) {
			t.Helper()
			write(t, db, func(ctx context.Context, q *storage.Queries) error {
				return q.OfferRole(ctx, storage.RoleOffer{AccountID: by.AccountID, FromID: by.ActorID, ToID: to.ID, Keeps: keeps, CreatedAt: 50, ExpiresAt: 90})
			})
		}
		accept := func(id string, most int, now storage.Time) error {
			return db.InTx(ctx, func(q *storage.Queries) error { _, err := q.AcceptOffer(ctx, by.AccountID, id, most, now); return err })
		}
		offer(members[0], storage.KeepsAccess)
		offer(members[1], storage.KeepsRole) // in its place
		if o, err := db.RoleOfferOf(ctx, by.AccountID, 60); err != nil || o.ToID != members[1].ID || o.Keeps != storage.KeepsRole {
			t.Errorf("offer %+v, %v", o, err)
		}
		if _, err := db.RoleOfferOf(ctx, by.AccountID, 90); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("an offer at its end: %v", err)
		}
		if err := accept(members[0].ID, 2, 60); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("somebody else accepts: %v", err)
		}
		if err := accept(members[1].ID, 2, 90); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("accepted at its end: %v", err)
		}
		if err := accept(members[1].ID, 1, 60); !errors.Is(err, storage.ErrTooManyAdministrators) {
			t.Errorf("one too many: %v", err)
		}
		won := atOnce(8, func(int) bool { return accept(members[1].ID, 2, 60) == nil })
		if u, err := db.User(ctx, members[1].ID); won != 1 || u.Role != storage.RoleAdministrator || err != nil {
			t.Errorf("accepted %d times; %s, %v", won, u.Role, err)
		}

		offer(members[0], storage.KeepsNothing)
		if err := accept(members[0].ID, 2, 60); err != nil {
			t.Errorf("hand over: %v", err)
		}
		left, err := db.User(ctx, by.ActorID)
		if err != nil || left.State != storage.StateClosed {
			t.Errorf("who left is %s, %s, %v", left.Role, left.State, err)
		}
		// The administrator who was left may not offer any more; one who is demoted
		// takes his offers along.
		err = db.InTx(ctx, func(q *storage.Queries) error {
			return q.OfferRole(ctx, storage.RoleOffer{AccountID: by.AccountID, FromID: by.ActorID, ToID: members[2].ID, Keeps: storage.KeepsRole, CreatedAt: 50, ExpiresAt: 90})
		})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("offered by somebody who has left: %v", err)
		}
		by.ActorID = members[1].ID
		offer(members[2], storage.KeepsAccess)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.DemotePerson(ctx, storage.Acting{AccountID: by.AccountID, ActorID: members[0].ID}, members[1].ID, 60)
			return err
		})
		if err := accept(members[2].ID, 5, 60); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("accepted from somebody without the role: %v", err)
		}
		by.ActorID = members[0].ID
		offer(members[2], storage.KeepsAccess)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			n, err := q.PurgeRoleOffers(ctx, 90, 10)
			if n != 0 {
				t.Errorf("%d offers purged before their time", n)
			}
			if err == nil {
				n, err = q.PurgeRoleOffers(ctx, 91, 10)
			}
			if n != 1 {
				t.Errorf("%d offers purged", n)
			}
			return err
		})
	})
}

func TestJournalOfAnOrganisation(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		by, _ := house(t, db, "45675320380001", 0)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			var err error
			for i := range 5 {
				err = errors.Join(err, q.Audit(ctx, storage.AuditEvent{At: storage.Time(i), Actor: by.ActorID, Action: "organisation.reviewed", Subject: by.AccountID}),
					q.Audit(ctx, storage.AuditEvent{At: storage.Time(i), Actor: by.ActorID, Action: "signin.succeeded", Subject: by.ActorID}))
			}
			return err
		})
		first, err := db.JournalOf(t.Context(), by.AccountID, 0, 3)
		if err != nil || len(first) != 3 || first[0].At != 4 {
			t.Fatalf("the newest: %+v, %v", first, err)
		}
		rest, err := db.JournalOf(t.Context(), by.AccountID, first[2].Seq, 10)
		if err != nil || len(rest) != 2 || rest[0].At != 1 {
			t.Errorf("older ones: %+v, %v", rest, err)
		}

		// What happened to the accesses of its people, and of nobody else's.
		_, others := house(t, db, "45675320380002", 1)
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			var err error
			for i, action := range []string{"access.suspended", "access.reopened", "signin.failed", "access.dormant"} {
				for _, id := range []string{by.ActorID, others[0].ID} {
					err = errors.Join(err, q.Audit(ctx, storage.AuditEvent{At: storage.Time(10 + i), Actor: "agent:x", Action: action, Subject: id}))
				}
			}
			return err
		})
		var told []string
		newest, err := db.JournalOf(t.Context(), by.AccountID, 0, 4)
		for _, e := range newest {
			if told = append(told, e.Action); e.Subject != by.ActorID && e.Subject != by.AccountID {
				t.Errorf("about somebody of another organisation: %+v", e)
			}
		}
		if diff := cmp.Diff([]string{"access.dormant", "access.reopened", "access.suspended", "organisation.reviewed"}, told); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if older, err := db.JournalOf(t.Context(), by.AccountID, newest[1].Seq, 1); err != nil || len(older) != 1 || older[0].Action != "access.suspended" {
			t.Errorf("from before: %+v, %v", older, err)
		}
	})
}
