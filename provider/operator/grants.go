package operator

import (
	"fmt"
	"slices"
	"strings"

	"loge/storage"
)

// offlineAccess is the scope of applications that work while their people are
// away; it goes with the grant refresh_token.
const offlineAccess = "offline_access"

// maxScope is the longest scope of an interface, in bytes.
const maxScope = 64

// grantTypes fills in the grants: people sign in, and the application works on
// while they are away when it has that scope.
func (n NewClient) grantTypes() string {
	switch {
	case len(n.GrantTypes) > 0:
		return strings.Join(n.GrantTypes, " ")
	case slices.Contains(n.Scopes, offlineAccess):
		return storage.GrantCode + " " + storage.GrantRefresh
	}
	return storage.GrantCode
}

// scopes fills in the scopes: an application in which people sign in has openid,
// one in which nobody does has what it was given and no more.
func (n NewClient) scopes() string {
	if len(n.GrantTypes) > 0 && !slices.Contains(n.GrantTypes, storage.GrantCode) && !slices.Contains(n.GrantTypes, storage.GrantDevice) {
		return strings.Join(n.Scopes, " ")
	}
	scopes := n.Scopes
	if len(scopes) == 0 {
		scopes = []string{"profile", "email", "bailleur"}
	}
	scopes = slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "openid" })
	return strings.Join(append([]string{"openid"}, scopes...), " ")
}

// checkGrants tells what does not fit together in grants and scopes.
func checkGrants(c storage.Client) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	known := []string{storage.GrantCode, storage.GrantRefresh, storage.GrantCredentials, storage.GrantDevice}
	for _, grant := range strings.Fields(c.GrantTypes) {
		if !slices.Contains(known, grant) {
			fault("grant type %q: it is %s", shorten(grant), strings.Join(known, ", "))
		}
	}
	switch {
	case c.MayUse(storage.GrantRefresh) && !c.MayUse(storage.GrantCode) && !c.MayUse(storage.GrantDevice):
		fault("grant type refresh_token: goes with authorization_code or the device grant")
	case c.MayUse(storage.GrantRefresh) && !c.MayAsk(offlineAccess):
		fault("grant type refresh_token: goes with the scope offline_access")
	case !c.MayUse(storage.GrantRefresh) && c.MayAsk(offlineAccess):
		fault("scope offline_access: goes with the grant type refresh_token")
	}
	if c.MayUse(storage.GrantCredentials) && c.Public() {
		fault("grant type client_credentials: needs a client with a secret")
	}
	for _, scope := range strings.Fields(c.Scopes) {
		switch about := slices.Contains(Scopes, scope); {
		case about && !c.MayUse(storage.GrantCode):
			fault("scope %q: is about a person, and nobody signs in without the grant type authorization_code", scope)
		case about, c.MayUse(storage.GrantCredentials) && ownScope(scope):
		case c.MayUse(storage.GrantCredentials):
			fault("scope %q: it is %s, or of an interface, such as quittances:lire", shorten(scope), strings.Join(Scopes, ", "))
		default:
			fault("scope %q: it is %s", shorten(scope), strings.Join(Scopes, ", "))
		}
	}
	if slices.Contains(strings.Fields(c.Audiences), c.ID) {
		fault("audience %q: a client sees its own tokens anyway", c.ID)
	}
	return faults
}

// ownScope tells whether a scope is of an interface that applications call in
// their own name. The colon keeps it apart from the scopes about people.
func ownScope(scope string) bool {
	return len(scope) <= maxScope && strings.Trim(scope, idAlphabet+":") == "" && strings.Contains(strings.Trim(scope, ":"), ":")
}
