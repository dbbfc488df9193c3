package oauth

import (
	"slices"

	"loge/storage"
)

// claim is one fact about a person, released with a scope. value returns nil
// where there is nothing to tell: a claim is never null and never empty.
type claim struct {
	scope string
	name  string
	value func(storage.User, storage.Account) any
}

// claims is everything an application can learn at userinfo. The identifier
// people sign in with is not among it, and the postal address only for clients
// that were registered for it.
var claims = []claim{
	{"profile", "name", func(u storage.User, _ storage.Account) any { return filled(u.Name()) }},
	{"profile", "given_name", func(u storage.User, _ storage.Account) any { return filled(u.GivenName) }},
	{"profile", "family_name", func(u storage.User, _ storage.Account) any { return filled(u.FamilyName) }},
	{"profile", "updated_at", func(u storage.User, _ storage.Account) any {
		if u.DetailsAt.IsZero() {
			return nil
		}
		return u.DetailsAt
	}},
	{"email", "email", func(u storage.User, _ storage.Account) any { return filled(u.Email) }},
	{"email", "email_verified", func(u storage.User, _ storage.Account) any {
		if u.Email == "" {
			return nil
		}
		return !u.EmailVerifiedAt.IsZero()
	}},
	{"phone", "phone_number", func(u storage.User, _ storage.Account) any { return filled(u.Phone) }},
	{"address", "address", func(_ storage.User, a storage.Account) any {
		if a.Address == "" {
			return nil
		}
		return map[string]string{"formatted": a.Address}
	}},
	{"bailleur", "type_bailleur", func(_ storage.User, a storage.Account) any { return translated(kinds, a.Kind) }},
	{"bailleur", "numero_utilisateur", func(_ storage.User, a storage.Account) any { return filled(a.Number) }},
	{"bailleur", "departement", func(_ storage.User, a storage.Account) any { return filled(a.Department) }},
	{"organisme", "siret", organisation(func(_ storage.User, a storage.Account) any { return filled(a.SIRET) })},
	{"organisme", "raison_sociale", organisation(func(_ storage.User, a storage.Account) any { return filled(a.CompanyName) })},
	{"organisme", "role", organisation(func(u storage.User, _ storage.Account) any { return translated(roles, u.Role) })},
	// Rights are held per application; a person without any has no claim.
	{"habilitations", "habilitations", func(storage.User, storage.Account) any { return nil }},
}

var (
	kinds = map[string]string{storage.Individual: "physique", storage.Organisation: "moral"}
	roles = map[string]string{storage.RoleAdministrator: "administrateur", storage.RoleMember: "collaborateur"}
)

func filled(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func translated(words map[string]string, word string) any { return filled(words[word]) }

// organisation releases a claim for organisations only.
func organisation(value func(storage.User, storage.Account) any) func(storage.User, storage.Account) any {
	return func(u storage.User, a storage.Account) any {
		if a.Kind != storage.Organisation {
			return nil
		}
		return value(u, a)
	}
}

// claimsFor returns what these scopes release.
func claimsFor(scopes []string, u storage.User, a storage.Account) map[string]any {
	released := map[string]any{}
	for _, c := range claims {
		if !slices.Contains(scopes, c.scope) {
			continue
		}
		if v := c.value(u, a); v != nil {
			released[c.name] = v
		}
	}
	return released
}

// offlineAccess is the scope that brings refresh tokens (Core §11).
const offlineAccess = "offline_access"

// offeredScopes in the order in which discovery lists them. All of them are
// about a person.
var offeredScopes = []string{"openid", "profile", "email", "phone", "address", "bailleur", "organisme", "habilitations", offlineAccess}

// offered says whether a scope exists.
func offered(scope string) bool { return slices.Contains(offeredScopes, scope) }
