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
