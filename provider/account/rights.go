package account

import (
	"slices"
	"strings"

	"loge/storage"
)

// HeldRights returns the names of the rights that a person holds in an
// application, in the order in which it registered them. They are those of the
// account; a member of an organisation holds the ones of them that he was given.
// An administrator holds all, because he could give himself any of them. What
// the application no longer registers nobody holds.
func HeldRights(u storage.User, r storage.Rights) (held []string) {
	chosen := strings.Fields(r.Chosen)
	for _, right := range AccountRights(r) {
		if u.Role != storage.RoleMember || slices.Contains(chosen, right.Name) {
			held = append(held, right.Name)
		}
	}
	return held
}

// AccountRights returns the rights that the account of r holds.
func AccountRights(r storage.Rights) (held []storage.Right) {
	given, withheld := strings.Fields(r.Given), strings.Fields(r.Withheld)
	for _, right := range r.Registered {
		if slices.Contains(given, right.Name) || !right.Restricted && !slices.Contains(withheld, right.Name) {
			held = append(held, right)
		}
	}
	return held
}

// MayOpen says whether the person may open the application: it knows no rights,
// or he holds one of them.
func MayOpen(u storage.User, r storage.Rights) bool {
	return len(r.Registered) == 0 || len(HeldRights(u, r)) > 0
}
