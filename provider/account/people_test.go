package account

import (
	"errors"
	"testing"

	"loge/storage"
)

func TestMayReopenAndGive(t *testing.T) {
	by := storage.User{ID: "by", AccountID: "ours", Role: storage.RoleAdministrator, State: storage.StateActive}
	on := func(account, role, state string) storage.User {
		return storage.User{ID: "on", AccountID: account, Role: role, State: state}
	}
	stopped, active := on("ours", storage.RoleMember, storage.StateSuspended), on("ours", storage.RoleMember, storage.StateActive)
	foreign, closed := on("theirs", storage.RoleMember, storage.StateSuspended), on("ours", storage.RoleMember, storage.StateClosed)
	for _, test := range []struct {
		by, on      storage.User
		suspendedBy string
		want        error
	}{
		{by, stopped, "by", nil}, {by, stopped, "another", nil}, {by, stopped, "", ByTheAgency}, {by, active, "by", StateChanged},
		{by, foreign, "by", Stranger}, {active, stopped, "by", Stranger}, {by, by, "by", Oneself},
	} {
		if err := MayReopen(test.by, test.on, test.suspendedBy); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test, err, test.want)
		}
	}
	rights := storage.Rights{Registered: []storage.Right{{Name: "lire"}, {Name: "payer", Restricted: true}}}
	second := on("ours", storage.RoleAdministrator, storage.StateActive)
	for _, test := range []struct {
		by, on storage.User
		names  []string
		want   error
	}{
		{by, active, []string{"lire"}, nil}, {by, active, nil, nil}, {by, stopped, []string{"lire"}, nil}, {by, active, []string{"lire", "payer"}, RightNotHeld},
		{by, active, []string{"effacer"}, RightNotHeld}, {by, second, []string{"lire"}, StateChanged}, {by, by, []string{"lire"}, StateChanged},
		{by, closed, nil, StateChanged}, {by, foreign, nil, Stranger}, {active, active, []string{"lire"}, Stranger}, {stopped, active, nil, Stranger},
	} {
		if err := MayGive(test.by, test.on, rights, test.names); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test, err, test.want)
		}
	}
}
