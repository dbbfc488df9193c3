package demo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"loge/provider/text"
)

// partnerScopes are what « Loyers » asks for.
var partnerScopes = []string{oidc.ScopeOpenID, "profile", "email", "bailleur", "organisme"}

// received is what the partner keeps of a sign-in, ready to be shown.
type received struct {
	Name     string
	Facts    []fact
	Checks   []string
	IDToken  []claim
	UserInfo []claim

	raw     string // the ID token, shown again at sign-out
	session string // sid: of which the provider tells the end
}

// fact is one line of the person's card.
type fact struct{ Label, Value string }

// claim is one claim as it came.
type claim struct{ Name, Value, Meaning string }

// profile is what the partner understands of the claims.
type profile struct {
	GivenName   string `json:"given_name"`
	FamilyName  string `json:"family_name"`
	Email       string `json:"email"`
	Verified    bool   `json:"email_verified"`
	Kind        string `json:"type_bailleur"`
	Number      string `json:"numero_utilisateur"`
	Department  string `json:"departement"`
	SIRET       string `json:"siret"`
	CompanyName string `json:"raison_sociale"`
	Role        string `json:"role"`
}

// receive reads the verified claims.
func receive(raw string, idToken *oidc.IDToken, info *oidc.UserInfo) (received, error) {
	var who profile
	var inToken, inInfo map[string]any
	for _, err := range []error{idToken.Claims(&who), info.Claims(&who), idToken.Claims(&inToken), info.Claims(&inInfo)} {
		if err != nil {
			return received{}, fmt.Errorf("read claims: %w", err)
		}
	}
	session, _ := inToken["sid"].(string)
	header, err := joseHeader(raw)
	if err != nil {
		return received{}, err
	}
	r := received{
		raw: raw, session: session,
		Name:     strings.TrimSpace(who.GivenName + " " + who.FamilyName),
		Facts:    who.facts(),
		IDToken:  claims(inToken),
		UserInfo: claims(inInfo),
		Checks: []string{
			fmt.Sprintf("La signature %s est juste, avec la clé « %s » publiée par le fournisseur.", header.Algorithm, header.KeyID),
			"Le jeton vient de " + idToken.Issuer + ".",
			"Il est destiné à cette application et à elle seule.",
			"Il répond à la demande faite par ce navigateur (state, nonce et PKCE).",
			"Il est encore valable, jusqu’au " + text.DateTime(idToken.Expiry) + ".",
			"La réponse de userinfo parle de la même personne que le jeton.",
		},
	}
	if r.Name == "" {
		r.Name = who.CompanyName
	}
	if idToken.AccessTokenHash != "" {
		r.Checks = append(r.Checks, "Le jeton d’accès est bien celui qui va avec le jeton d’identité (at_hash).")
	}
	return r, nil
}

func (p profile) facts() []fact {
	email := p.Email
	if email != "" && p.Verified {
		email += " (confirmée)"
	}
	kind := map[string]string{"physique": "Bailleur physique", "moral": "Bailleur moral"}[p.Kind]
	role := map[string]string{"administrateur": "Administrateur", "collaborateur": "Collaborateur"}[p.Role]
	if role == "" {
		role = p.Role
	}
	all := []fact{
		{"Organisme", p.CompanyName},
		{"SIRET", p.SIRET},
		{"Rôle", role},
		{"Type de compte", kind},
		{"Numéro utilisateur", p.Number},
		{"Département", p.Department},
		{"Adresse e-mail", email},
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

// meanings explains the claims in the order in which they are shown.
var meanings = []claim{
	{Name: "iss", Meaning: "qui a fait le jeton"},
	{Name: "sub", Meaning: "la personne, sous un nom propre à cette application"},
	{Name: "aud", Meaning: "pour qui il est fait"},
	{Name: "azp", Meaning: "qui l’a demandé"},
	{Name: "iat", Meaning: "quand il a été fait"},
	{Name: "exp", Meaning: "jusqu’à quand il vaut"},
	{Name: "auth_time", Meaning: "quand la personne s’est connectée"},
	{Name: "acr", Meaning: "avec quelle force"},
	{Name: "amr", Meaning: "par quel moyen (pwd : mot de passe)"},
	{Name: "sid", Meaning: "la session, pour la fermer partout"},
	{Name: "nonce", Meaning: "la demande à laquelle il répond"},
	{Name: "at_hash", Meaning: "empreinte du jeton d’accès"},
	{Name: "jti", Meaning: "numéro du jeton"},
	{Name: "name", Meaning: "nom complet"},
	{Name: "given_name", Meaning: "prénom"},
	{Name: "family_name", Meaning: "nom"},
	{Name: "email", Meaning: "adresse e-mail"},
	{Name: "email_verified", Meaning: "adresse confirmée par un code"},
	{Name: "type_bailleur", Meaning: "physique ou moral"},
	{Name: "numero_utilisateur", Meaning: "le compte"},
	{Name: "departement", Meaning: "le département du compte"},
	{Name: "raison_sociale", Meaning: "nom de l’organisme"},
	{Name: "siret", Meaning: "numéro SIRET de l’organisme"},
	{Name: "role", Meaning: "rôle dans l’organisme"},
	{Name: "updated_at", Meaning: "dernier changement de ces renseignements"},
}

// claims lists all claims: the known ones in order, then the others by name.
func claims(values map[string]any) []claim {
	var list []claim
	rank := func(name string) int {
		if i := slices.IndexFunc(meanings, func(c claim) bool { return c.Name == name }); i >= 0 {
			return i
		}
		return len(meanings)
	}
	for name, value := range values {
		c := claim{Name: name, Value: shown(name, value)}
		if i := rank(name); i < len(meanings) {
			c.Meaning = meanings[i].Meaning
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b claim) int {
		if d := rank(a.Name) - rank(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// shown writes a claim for people: times as times, the rest as JSON has it.
func shown(name string, value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		if slices.Contains([]string{"iat", "exp", "auth_time", "updated_at", "nbf"}, name) {
			return text.DateTime(time.Unix(int64(v), 0))
		}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // cannot happen: it came from JSON
	}
	return string(raw)
}

type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

// joseHeader reads the header of a token that has been verified already.
func joseHeader(raw string) (h header, err error) {
	first, _, _ := strings.Cut(raw, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	if err == nil {
		err = json.Unmarshal(decoded, &h)
	}
	if err != nil {
		return h, fmt.Errorf("read token header: %w", err)
	}
	return h, nil
}
