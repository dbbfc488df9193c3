package registry

import (
	"slices"
	"strings"

	"loge/storage"
)

// offlineAccess is the scope of applications that work while their people are
// away; it goes with the grant refresh_token.
const offlineAccess = "offline_access"

// maxScope is the longest scope of an interface, in bytes.
const maxScope = 64

// Scopes about people that a client may be allowed, in the order they are shown.
// openid is always among those of a client in which people sign in.
var Scopes = []string{"openid", "profile", "email", "phone", "address", "bailleur", "organisme", "habilitations", offlineAccess}

// grants are those a client may be registered for.
var grants = []string{storage.GrantCode, storage.GrantRefresh, storage.GrantCredentials, storage.GrantDevice}

// signsIn tells whether people sign in with one of these grants; none is the
// default, in which they do.
func signsIn(grants []string) bool {
	return len(grants) == 0 || slices.Contains(grants, storage.GrantCode) || slices.Contains(grants, storage.GrantDevice)
}

// grantTypes fills in the grants: people sign in, and the application works on
// while they are away when it has that scope.
func grantTypes(given, scopes []string) string {
	switch {
	case len(given) > 0:
		return strings.Join(given, " ")
	case slices.Contains(scopes, offlineAccess):
		return storage.GrantCode + " " + storage.GrantRefresh
	}
	return storage.GrantCode
}

// fillScopes fills in the scopes: an application in which people sign in has
// openid, one in which nobody does has what it was given and no more.
func fillScopes(grants, scopes []string) string {
	if !signsIn(grants) {
		return strings.Join(scopes, " ")
	}
	if len(scopes) == 0 {
		scopes = []string{"profile", "email", "bailleur"}
	}
	scopes = slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "openid" })
	return strings.Join(append([]string{"openid"}, scopes...), " ")
}

// checkGrants tells what does not fit together in grants and scopes.
func checkGrants(c storage.Client, faults *Faults) {
	granted := strings.Fields(c.GrantTypes)
	for _, grant := range granted {
		if !slices.Contains(grants, grant) {
			faults.add("grant_types", "grant type %q: it is %s", shorten(grant), strings.Join(grants, ", "))
		}
	}
	signsIn := signsIn(granted)
	switch {
	case c.MayUse(storage.GrantRefresh) && !signsIn:
		faults.add("grant_types", "grant type refresh_token: goes with authorization_code or the device grant")
	case c.MayUse(storage.GrantRefresh) && !c.MayAsk(offlineAccess):
		faults.add("grant_types", "grant type refresh_token: goes with the scope offline_access")
	case !c.MayUse(storage.GrantRefresh) && c.MayAsk(offlineAccess):
		faults.add("scope", "scope offline_access: goes with the grant type refresh_token")
	}
	if c.MayUse(storage.GrantCredentials) && c.Public() {
		faults.add("grant_types", "grant type client_credentials: needs a client with a secret")
	}
	for _, scope := range strings.Fields(c.Scopes) {
		switch about := slices.Contains(Scopes, scope); {
		case about && !signsIn:
			faults.add("scope", "scope %q: is about a person, and nobody signs in without the grant type authorization_code", scope)
		case about, c.MayUse(storage.GrantCredentials) && ownScope(scope):
		case c.MayUse(storage.GrantCredentials):
			faults.add("scope", "scope %q: it is %s, or of an interface, such as quittances:lire", shorten(scope), strings.Join(Scopes, ", "))
		default:
			faults.add("scope", "scope %q: it is %s", shorten(scope), strings.Join(Scopes, ", "))
		}
	}
	if storage.HasWord(c.Audiences, c.ID) {
		faults.add("audiences", "audience %q: a client sees its own tokens anyway", c.ID)
	}
}

// ownScope tells whether a scope is of an interface that applications call in
// their own name. The colon keeps it apart from the scopes about people.
func ownScope(scope string) bool {
	return len(scope) <= maxScope && strings.Trim(scope, idAlphabet+":") == "" && strings.Contains(strings.Trim(scope, ":"), ":")
}
