package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
)

func TestHeldRights(t *testing.T) {
	registered := []storage.Right{{Name: "lire"}, {Name: "declarer"}, {Name: "payer", Restricted: true}}
	for _, test := range []struct {
		name   string
		role   string
		rights storage.Rights
		want   []string
		open   bool
	}{
		{"an application without rights", storage.RoleMember, storage.Rights{Chosen: "lire"}, nil, true},
		{"an individual", storage.RoleHolder, storage.Rights{Registered: registered}, []string{"lire", "declarer"}, true},
		{"an individual whom the agency gave more", storage.RoleHolder, storage.Rights{Registered: registered, Given: "payer"}, []string{"lire", "declarer", "payer"}, true},
		{"an individual from whom it withholds some", storage.RoleHolder, storage.Rights{Registered: registered, Withheld: "lire payer"}, []string{"declarer"}, true},
		{"an individual from whom it withholds all", storage.RoleHolder, storage.Rights{Registered: registered, Withheld: "declarer lire"}, nil, false},
		{"an administrator holds what the organisation holds", storage.RoleAdministrator, storage.Rights{Registered: registered, Withheld: "lire"}, []string{"declarer"}, true},
		{"a member with nothing", storage.RoleMember, storage.Rights{Registered: registered}, nil, false},
		{"a member", storage.RoleMember, storage.Rights{Registered: registered, Chosen: "lire"}, []string{"lire"}, true},
		{"a member, of what the organisation lost since", storage.RoleMember, storage.Rights{Registered: registered, Chosen: "lire", Withheld: "lire"}, nil, false},
		{"a member, of what the organisation never had", storage.RoleMember, storage.Rights{Registered: registered, Chosen: "payer"}, nil, false},
		{"a member, of what is registered no more", storage.RoleMember, storage.Rights{Registered: registered, Chosen: "effacer"}, nil, false},
		{"given wins, so that no order of commands locks anybody out", storage.RoleHolder, storage.Rights{Registered: registered, Given: "lire", Withheld: "lire declarer"}, []string{"lire"}, true},
	} {
		u := storage.User{Role: test.role}
		if diff := cmp.Diff(test.want, HeldRights(u, test.rights)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if open := MayOpen(u, test.rights); open != test.open {
			t.Errorf("%s: may open is %v", test.name, open)
		}
	}
}
