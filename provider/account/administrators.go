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
	return a.Kind == storage.Organisation && a.ClaimedAt.IsZero() && u.ActivatedAt.IsZero() && u.InvitedBy == ""
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

// NeedsLongerPassword says that the person became administrator after he chose
// his password, and that it is too short for that: the sign-in asks for another.
func NeedsLongerPassword(u storage.User) bool {
	return u.Role == storage.RoleAdministrator && !u.PasswordLong
}

// Refused is why an administrator may not do something to an access of his
// organisation: the key of the text that says so.
type Refused string

// The refusals.
const (
	// Stranger: not an active administrator of that organisation. Callers answer
	// as for somebody who does not exist.
	Stranger Refused = "organisation.error.stranger"
	// LastAdministrator: somebody else has to be appointed first.
	LastAdministrator Refused = "organisation.error.last"
	// Oneself: nobody suspends his own access.
	Oneself Refused = "organisation.error.oneself"
	// StateChanged: it cannot be done to an access in that state, or somebody was faster.
	StateChanged Refused = "organisation.error.state"
)

func (r Refused) Error() string { return string(r) }

// Appoint, Demote and HandOver are acts of administrators, beside Suspend,
// Reopen, Reset and Close.
const (
	Appoint  Act = "appoint"  // make a member administrator as well
	Demote   Act = "demote"   // make an administrator a member
	HandOver Act = "handover" // make a member administrator in one's own place
)

// Administers says whether the person may act in that account: look, invite,
// give rights.
func Administers(by storage.User, accountID string) bool {
	return by.AccountID == accountID && by.Role == storage.RoleAdministrator && by.State == storage.StateActive
}

// MayDo says why an administrator may not do something to somebody, himself
// perhaps, of his organisation; nil when he may. last says that he is the only
// active administrator: storage asks that again when the act is done, because
// two administrators may act at the same time.
func MayDo(act Act, by, on storage.User, last bool) error {
	self := by.ID == on.ID
	switch {
	case !Administers(by, on.AccountID):
		return Stranger
	case self && (act == Suspend || act == Reopen):
		return Oneself
	case self && last && (act == Close || act == Demote):
		return LastAdministrator
	case !inState(act, on):
		return StateChanged
	}
	return nil
}

// inState says whether role and state of an access allow an act of an administrator.
func inState(act Act, on storage.User) bool {
	switch act {
	case Appoint, HandOver:
		return on.Role == storage.RoleMember && on.State == storage.StateActive
	case Demote:
		return on.Role == storage.RoleAdministrator && on.State != storage.StateClosed
	case Reopen:
		return on.State == storage.StateSuspended
	case Suspend, Reset, Close:
		return slices.Contains(acts[act], on.State)
	}
	return false
}
