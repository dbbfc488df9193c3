package oauth

import (
	"encoding/json"
	"slices"
	"strconv"

	"loge/provider/account"
	"loge/storage"
)

// claim is one fact about a person, released with a scope. value returns nil
// where there is nothing to tell: a claim is never null and never empty.
type claim struct {
	scope string
	name  string
	value func(*storage.Holder) any
}

// claims is everything an application can learn at userinfo. The identifier
// people sign in with is not among it, and the postal address only for clients
// that were registered for it.
var claims = []claim{
	{"profile", "name", func(h *storage.Holder) any { return filled(h.User.Name()) }},
	{"profile", "given_name", func(h *storage.Holder) any { return filled(h.User.GivenName) }},
	{"profile", "family_name", func(h *storage.Holder) any { return filled(h.User.FamilyName) }},
	{"profile", "updated_at", func(h *storage.Holder) any {
		if h.User.DetailsAt.IsZero() {
			return nil
		}
		return h.User.DetailsAt
	}},
	{"email", "email", func(h *storage.Holder) any { return filled(h.User.Email) }},
	{"email", "email_verified", func(h *storage.Holder) any {
		if h.User.Email == "" {
			return nil
		}
		return !h.User.EmailVerifiedAt.IsZero()
	}},
	{"phone", "phone_number", func(h *storage.Holder) any { return filled(h.User.Phone) }},
	{"address", "address", func(h *storage.Holder) any {
		if h.Account.Address == "" {
			return nil
		}
		return map[string]string{"formatted": h.Account.Address}
	}},
	{"bailleur", "type_bailleur", func(h *storage.Holder) any { return translated(kinds, h.Account.Kind) }},
	{"bailleur", "numero_utilisateur", func(h *storage.Holder) any { return filled(h.Account.Number) }},
	{"bailleur", "departement", func(h *storage.Holder) any { return filled(h.Account.Department) }},
	{"organisme", "siret", organisation(func(h *storage.Holder) any { return filled(h.Account.SIRET) })},
	{"organisme", "raison_sociale", organisation(func(h *storage.Holder) any { return filled(h.Account.CompanyName) })},
	{"organisme", "role", organisation(func(h *storage.Holder) any { return translated(roles, h.User.Role) })},
	{"habilitations", "habilitations", func(h *storage.Holder) any {
		if held := account.HeldRights(h.User, h.Rights); len(held) > 0 {
			return held
		}
		return nil
	}},
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
func organisation(value func(*storage.Holder) any) func(*storage.Holder) any {
	return func(h *storage.Holder) any {
		if h.Account.Kind != storage.Organisation {
			return nil
		}
		return value(h)
	}
}

// claimsFor returns what these scopes release to the client towards which h was
// read.
func claimsFor(scopes []string, h *storage.Holder) facts {
	released := make(facts, 0, len(claims)+3) // room for sub, iss and aud
	for _, c := range claims {
		if !slices.Contains(scopes, c.scope) {
			continue
		}
		if v := c.value(h); v != nil {
			released = append(released, fact{c.name, v})
		}
	}
	return released
}

// facts are claims with their values, no name twice, in the order in which they
// are told.
type facts []fact

type fact struct {
	name  string
	value any
}

// and adds those of more that are not there.
func (f facts) and(more facts) facts {
	for _, one := range more {
		if !slices.ContainsFunc(f, func(there fact) bool { return there.name == one.name }) {
			f = append(f, one)
		}
	}
	return f
}

// MarshalJSON makes an object of them.
func (f facts) MarshalJSON() ([]byte, error) {
	text := append(make([]byte, 0, 512), '{')
	for i, one := range f {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendText(text, one.name), ':')
		switch value := one.value.(type) {
		case string:
			text = appendText(text, value)
		case bool:
			text = strconv.AppendBool(text, value)
		case storage.Time:
			text = strconv.AppendInt(text, int64(value), 10)
		default:
			other, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			text = append(text, other...)
		}
	}
	return append(text, '}'), nil
}

// offlineAccess is the scope that brings refresh tokens (Core §11).
const offlineAccess = "offline_access"

// offeredScopes in the order in which discovery lists them. All of them are
// about a person.
var offeredScopes = []string{"openid", "profile", "email", "phone", "address", "bailleur", "organisme", "habilitations", offlineAccess}

// offered says whether a scope exists.
func offered(scope string) bool { return slices.Contains(offeredScopes, scope) }
