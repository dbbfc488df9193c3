package account

import (
	"testing"

	"loge/storage"
)

func TestMayClaim(t *testing.T) {
	for _, test := range []struct {
		name    string
		user    storage.User
		account storage.Account
		want    bool
	}{
		{"the first person of an organisation", storage.User{}, storage.Account{Kind: storage.Organisation}, true},
		{"of an organisation that has an administrator", storage.User{}, storage.Account{Kind: storage.Organisation, ClaimedAt: 1}, false},
		{"a member who starts again", storage.User{ActivatedAt: 1}, storage.Account{Kind: storage.Organisation}, false},
		{"an individual", storage.User{}, storage.Account{Kind: storage.Individual}, false},
	} {
		if got := MayClaim(test.user, test.account); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestCorrespondent(t *testing.T) {
	person := func(id, role, state string, activated storage.Time) storage.User {
		return storage.User{ID: id, Role: role, State: state, ActivatedAt: activated}
	}
	claimed := storage.Account{Kind: storage.Organisation, ClaimedAt: 1}
	free := storage.Account{Kind: storage.Organisation}
	const boss, member = storage.RoleAdministrator, storage.RoleMember
	for _, test := range []struct {
		name    string
		account storage.Account
		users   []storage.User
		want    string
		others  int
	}{
		{"an individual", storage.Account{Kind: storage.Individual}, []storage.User{person("a", storage.RoleHolder, storage.StateActive, 1)}, "a", 0},
		{"the only administrator", claimed, []storage.User{person("a", member, storage.StateActive, 1), person("b", boss, storage.StateActive, 1)}, "b", 0},
		{"one of two", claimed, []storage.User{person("a", boss, storage.StateActive, 1), person("b", boss, storage.StateActive, 1)}, "a", 1},
		{"the one who is not suspended", claimed, []storage.User{person("a", boss, storage.StateSuspended, 1), person("b", boss, storage.StateActive, 1)}, "b", 0},
		{"an administrator who may come back", claimed, []storage.User{person("a", boss, storage.StateSuspended, 1), person("b", boss, storage.StateDormant, 1)}, "b", 0},
		{"whoever is to come first", free, []storage.User{person("a", member, storage.StateSuspended, 1), person("b", member, storage.StateActive, 1),
			person("c", member, storage.StateIssued, 0)}, "c", 0},
		{"members without an administrator", claimed, []storage.User{person("a", boss, storage.StateSuspended, 1), person("b", member, storage.StateActive, 1),
			person("c", member, storage.StateIssued, 0)}, "b", 1},
		{"nobody who may sign in", claimed, []storage.User{person("a", boss, storage.StateSuspended, 1)}, "a", 0},
		{"nobody", claimed, nil, "", 0},
	} {
		got, others := Correspondent(test.account, test.users)
		if got.ID != test.want || others != test.others {
			t.Errorf("%s: %q and %d others, want %q and %d", test.name, got.ID, others, test.want, test.others)
		}
	}
}

// Every act × who does it × to whom.
func TestMayDo(t *testing.T) {
	const boss, member = storage.RoleAdministrator, storage.RoleMember
	states := []string{storage.StateIssued, storage.StateActive, storage.StateSuspended, storage.StateDormant, storage.StateClosed}
	// What may be done to a colleague in each state, in the order of states.
	mayMember := map[Act]string{Suspend: "y y - y -", Reopen: "- - y - -", Reset: "y y - y -", Close: "y y y y -", Appoint: "- y - - -", HandOver: "- y - - -", Demote: "- - - - -", Reissue: "- - - - -"}
	mayBoss := map[Act]string{Suspend: "y y - y -", Reopen: "- - y - -", Reset: "y y - y -", Close: "y y y y -", Appoint: "- - - - -", HandOver: "- - - - -", Demote: "y y y y -", Reissue: "- - - - -"}
	by := storage.User{ID: "by", AccountID: "ours", Role: boss, State: storage.StateActive}
	for role, table := range map[string]map[Act]string{member: mayMember, boss: mayBoss} {
		for act, allowed := range table {
			for i, state := range states {
				on := storage.User{ID: "on", AccountID: "ours", Role: role, State: state}
				var want error
				if allowed[2*i] != 'y' {
					want = StateChanged
				}
				for _, last := range []bool{false, true} {
					if got := MayDo(act, by, on, last); got != want {
						t.Errorf("%s a colleague, %s and %s: %v, want %v", act, role, state, got, want)
					}
				}
				on.AccountID = "theirs"
				if got := MayDo(act, by, on, false); got != Stranger {
					t.Errorf("%s somebody of another organisation: %v", act, got)
				}
			}
			for _, stranger := range []storage.User{
				{ID: "x", AccountID: "ours", Role: member, State: storage.StateActive}, {ID: "x", AccountID: "ours", Role: boss, State: storage.StateSuspended},
				{ID: "x", AccountID: "ours", Role: storage.RoleHolder, State: storage.StateActive}, {ID: "x", AccountID: "ours", Role: boss, State: storage.StateDormant}, {},
			} {
				if got := MayDo(act, stranger, storage.User{ID: "on", AccountID: "ours", Role: member, State: storage.StateActive}, false); got != Stranger {
					t.Errorf("%s by a %s who is %s: %v", act, stranger.Role, stranger.State, got)
				}
			}
		}
	}
	for act, want := range map[Act][2]error{ // to oneself: one of two, the last one
		Suspend: {Oneself, Oneself}, Reopen: {Oneself, Oneself}, Close: {nil, LastAdministrator}, Demote: {nil, LastAdministrator},
		Appoint: {StateChanged, StateChanged}, HandOver: {StateChanged, StateChanged}, Reset: {nil, nil},
	} {
		for i, last := range []bool{false, true} {
			if got := MayDo(act, by, by, last); got != want[i] {
				t.Errorf("%s oneself, last %v: %v, want %v", act, last, got, want[i])
			}
		}
	}
}

func TestNeedsLongerPassword(t *testing.T) {
	for _, test := range []struct {
		user storage.User
		want bool
	}{
		{storage.User{Role: storage.RoleAdministrator}, true},
		{storage.User{Role: storage.RoleAdministrator, PasswordLong: true}, false},
		{storage.User{Role: storage.RoleMember}, false},
		{storage.User{Role: storage.RoleHolder}, false},
	} {
		if got := NeedsLongerPassword(test.user); got != test.want {
			t.Errorf("%+v: %v", test.user, got)
		}
	}
}
