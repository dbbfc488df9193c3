package account

import (
	"fmt"
	"slices"

	"loge/storage"
)

// Act is what the agency does to somebody's access. The names are those of its
// commands.
type Act string

// The acts.
const (
	Suspend Act = "suspend" // stop it until it is reopened
	Reopen  Act = "reopen"  // take that back; whoever waits after wrong passwords no longer has to
	Reset   Act = "reset"   // send a new provisional password
	Reissue Act = "reissue" // send the identifier and a new provisional password
	Close   Act = "close"   // end it for good
)

// acts says in which states of a user each act can be done.
var acts = map[Act][]string{
	Suspend: {storage.StateIssued, storage.StateActive, storage.StateDormant},
	Reopen:  {storage.StateIssued, storage.StateActive, storage.StateSuspended},
	Reset:   {storage.StateIssued, storage.StateActive, storage.StateDormant},
	Reissue: {storage.StateIssued, storage.StateActive, storage.StateDormant},
	Close:   {storage.StateIssued, storage.StateActive, storage.StateDormant, storage.StateSuspended},
}

// advice says what to do where an act cannot be done.
var advice = map[string]string{
	storage.StateSuspended: "reopen it first, with loge account reopen",
	storage.StateDormant:   "new codes reopen it, with loge account reset",
	storage.StateClosed:    "that is final; the landlord needs another account",
}

// Allows says why an act cannot be done in a state, nil when it can.
func (a Act) Allows(state string) error {
	switch {
	case slices.Contains(acts[a], state):
		return nil
	case a == Suspend && state == storage.StateSuspended:
		return fmt.Errorf("access is suspended already")
	case advice[state] == "":
		return fmt.Errorf("cannot %s an access that is %q", a, state)
	}
	return fmt.Errorf("access is %s: %s", state, advice[state])
}

// Reopened returns the state that a suspended user gets back.
func Reopened(u storage.User) string {
	if u.ActivatedAt.IsZero() {
		return storage.StateIssued
	}
	return storage.StateActive
}
