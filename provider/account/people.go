package account

import (
	"slices"

	"loge/storage"
)

// What an administrator does to people is for MayDo; here is what needs to know
// more than who and whom.
const (
	// ByTheAgency: what the agency suspended, only the agency reopens.
	ByTheAgency Refused = "organisation.error.agency"
	// RightNotHeld: nobody gives a right that the organisation does not hold.
	RightNotHeld Refused = "organisation.error.not_held"
)

// MayReopen is MayDo for Reopen. suspendedBy is the administrator who suspended
// the access, "" for the agency.
func MayReopen(by, on storage.User, suspendedBy string) error {
	err := MayDo(Reopen, by, on, false)
	if err == nil && suspendedBy == "" {
		return ByTheAgency
	}
	return err
}

// MayGive says why an administrator may not give a member exactly these of the
// rights in an application. An administrator holds them all and is given none.
func MayGive(by, on storage.User, r storage.Rights, names []string) error {
	switch {
	case !Administers(by, on.AccountID):
		return Stranger
	case on.Role != storage.RoleMember || on.State == storage.StateClosed:
		return StateChanged
	}
	held := AccountRights(r)
	for _, name := range names {
		if !slices.ContainsFunc(held, func(right storage.Right) bool { return right.Name == name }) {
			return RightNotHeld
		}
	}
	return nil
}
