package account

import (
	"slices"

	"loge/storage"
)

// MayClaim says whether the first sign-in of this person makes him administrator:
// of an organisation that has none, whoever comes first. It is asked once, of
// somebody who never chose a password: an old member who starts again with a
// provisional one is not the first.
func MayClaim(u storage.User, a storage.Account) bool {
	return a.Kind == storage.Organisation && a.ClaimedAt.IsZero() && u.ActivatedAt.IsZero()
}

// Correspondent returns who is meant where an account as a whole is written to,
// users being all of it, oldest first: its administrator; without one whoever may
// become it; else anybody whose access is not stopped. others is how many could
// be meant just as well.
func Correspondent(a storage.Account, users []storage.User) (u storage.User, others int) {
	open := func(u storage.User) bool { return u.State != storage.StateSuspended && u.State != storage.StateClosed }
	for _, fits := range []func(storage.User) bool{
		func(u storage.User) bool {
			return u.Role == storage.RoleAdministrator && u.State == storage.StateActive
		},
		func(u storage.User) bool { return u.Role == storage.RoleAdministrator && open(u) },
		func(u storage.User) bool { return MayClaim(u, a) && open(u) },
		open,
		func(storage.User) bool { return true },
	} {
		if i := slices.IndexFunc(users, fits); i >= 0 {
			n := 0
			for _, other := range users[i+1:] {
				if fits(other) {
					n++
				}
			}
			return users[i], n
		}
	}
	return u, 0
}
