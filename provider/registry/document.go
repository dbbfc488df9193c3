package registry

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"loge/storage"
)

// Document describes a client with the names of RFC 7591 §2, OpenID Connect
// Registration §2 and the registries; publisher, purpose, sector, require_pkce,
// consent, audiences, access_token_format, resources and the lifetimes are our
// own. What is left out has the default that Client writes.
type Document struct {
	ID        string `json:"client_id,omitempty"`   // made of the name
	Name      string `json:"client_name,omitempty"` // people read it
	Publisher string `json:"publisher,omitempty"`   // who runs it; the name
	Purpose   string `json:"purpose,omitempty"`     // what the data is for, one sentence
	PolicyURI string `json:"policy_uri,omitempty"`

	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`

	Scope         string   `json:"scope,omitempty"` // space list; openid profile email bailleur
	AuthMethod    string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes    []string `json:"grant_types,omitempty"`    // authorization_code, and refresh_token with offline_access
	ResponseTypes []string `json:"response_types,omitempty"` // code
	SubjectType   string   `json:"subject_type,omitempty"`   // pairwise
	Sector        string   `json:"sector,omitempty"`         // the host of sector_identifier_uri or of the redirect URIs
	IDTokenAlg    string   `json:"id_token_signed_response_alg,omitempty"`
	RequirePKCE   *bool    `json:"require_pkce,omitempty"` // true
	Consent       string   `json:"consent,omitempty"`      // ask
	Audiences     []string `json:"audiences,omitempty"`    // ids of clients

	storage.ClientMetadata
}

// Of describes a client that is stored. Client makes the same one of it.
func Of(c storage.Client) Document {
	pkce := c.RequirePKCE
	d := Document{ID: c.ID, Name: c.Name, Publisher: c.Publisher, Purpose: c.Purpose, PolicyURI: c.PolicyURI,
		RedirectURIs: c.RedirectURIs, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, BackchannelLogoutURI: c.BackchannelLogoutURI,
		Scope: c.Scopes, AuthMethod: c.AuthMethod, GrantTypes: strings.Fields(c.GrantTypes), SubjectType: c.SubjectType, Sector: c.Sector,
		IDTokenAlg: c.IDTokenAlg, RequirePKCE: &pkce, Consent: c.Consent, Audiences: strings.Fields(c.Audiences), ClientMetadata: c.Metadata}
	if len(d.GrantTypes) == 0 {
		d.GrantTypes = []string{storage.GrantCode}
	}
	if c.MayUse(storage.GrantCode) {
		d.ResponseTypes = []string{"code"}
	}
	d.JWKS = canonical(d.JWKS)
	return d
}

// Client is the client that the document describes, defaults filled in. It has
// no secret, and has not been checked.
func (d Document) Client(now storage.Time) storage.Client {
	c := storage.Client{ID: d.ID, Name: tidy(d.Name), Publisher: tidy(d.Publisher), Purpose: tidy(d.Purpose), PolicyURI: d.PolicyURI,
		RedirectURIs: d.RedirectURIs, PostLogoutRedirectURIs: d.PostLogoutRedirectURIs, BackchannelLogoutURI: d.BackchannelLogoutURI,
		AuthMethod: d.AuthMethod, SubjectType: d.SubjectType, Sector: d.Sector, IDTokenAlg: d.IDTokenAlg,
		RequirePKCE: d.RequirePKCE == nil || *d.RequirePKCE, Consent: d.Consent, Audiences: strings.Join(d.Audiences, " "),
		Metadata: d.ClientMetadata, CreatedAt: now, UpdatedAt: now}
	def := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	def(&c.ID, slug(c.Name))
	def(&c.Publisher, c.Name)
	def(&c.AuthMethod, storage.AuthBasic)
	def(&c.SubjectType, storage.SubjectPairwise)
	def(&c.IDTokenAlg, "RS256")
	def(&c.Consent, storage.ConsentAsk)
	def(&c.Sector, sectorHost(d.SectorIdentifierURI))
	scopes := strings.Fields(d.Scope)
	c.GrantTypes, c.Scopes = grantTypes(d.GrantTypes, scopes), fillScopes(d.GrantTypes, scopes)
	c.Metadata.JWKS = canonical(d.JWKS)
	return c
}

// sectorHost is the sector that a sector_identifier_uri names, "" without one.
func sectorHost(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// canonical writes JSON in one way, so that equal sets compare equal; what is
// no JSON is left for the check to refuse.
func canonical(raw json.RawMessage) json.RawMessage {
	var value any
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &value) != nil {
		if string(raw) == "null" {
			return nil
		}
		return raw
	}
	text, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return text
}

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_."

// slug makes an id of a name: « Ma Régie & Cie » → ma-regie-cie.
func slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

// tidy squeezes spaces; what is not text is left for the check to refuse.
func tidy(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}
