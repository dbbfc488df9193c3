package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/provider/registry"
	"loge/storage"
)

func loyers() registry.Document {
	return registry.Document{Name: "Loyers", RedirectURIs: []string{"https://loyers.example/cb"}}
}

// ec is a public key, with what change adds to it.
func ec(change string) json.RawMessage {
	return json.RawMessage(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"` + change + `}]}`)
}

func TestEachFaultIsNamed(t *testing.T) {
	age := func(n int64) *int64 { return &n }
	short := strings.Repeat("A", 171) // 1024 bits
	for _, test := range []struct {
		field, text string
		change      func(d *registry.Document)
	}{
		{"client_id", "hyphen", func(d *registry.Document) { d.ID = "a:b" }}, // the colon tells URIs and ids apart
		{"client_id", "1 to 64", func(d *registry.Document) { d.ID = strings.Repeat("a", 65) }},
		{"rights", "hyphen", func(d *registry.Document) { d.Rights = []storage.Right{{Name: "lire tout", Sentence: "Lire"}} }},
		{"rights", "hyphen", func(d *registry.Document) {
			d.Rights = []storage.Right{{Name: strings.Repeat("a", 41), Sentence: "Lire"}}
		}},
		{"rights", "twice", func(d *registry.Document) {
			d.Rights = []storage.Right{{Name: "lire", Sentence: "Lire"}, {Name: "lire", Sentence: "Lire"}}
		}},
		{"rights", "sentence is missing", func(d *registry.Document) { d.Rights = []storage.Right{{Name: "lire", Sentence: " "}} }},
		{"rights", "one line", func(d *registry.Document) { d.Rights = []storage.Right{{Name: "lire", Sentence: "Lire\nÉcrire"}} }},
		{"rights", "more than 120", func(d *registry.Document) {
			d.Rights = []storage.Right{{Name: "lire", Sentence: strings.Repeat("é", 121)}}
		}},
		{"rights", "more than 20", func(d *registry.Document) { d.Rights = make([]storage.Right, 21) }},
		{"client_name", "missing", func(d *registry.Document) { d.ID, d.Name = "x", "" }},
		{"client_name", "one line", func(d *registry.Document) { d.ID, d.Name = "x", "a\nb" }},
		{"redirect_uris", "at least one", func(d *registry.Document) { d.RedirectURIs = nil }},
		{"redirect_uris", "fragment", func(d *registry.Document) { d.RedirectURIs = []string{"https://x.example/#a"} }},
		{"policy_uri", "https", func(d *registry.Document) { d.PolicyURI = "http://x.example/" }},
		{"tos_uri", "https", func(d *registry.Document) { d.TOSURI = "javascript:alert(1)" }},
		{"client_uri", "absolute", func(d *registry.Document) { d.ClientURI = "/x" }},
		{"logo_uri", "https", func(d *registry.Document) { d.LogoURI = "http://x.example/l.png" }},
		{"initiate_login_uri", "https", func(d *registry.Document) { d.InitiateLoginURI = "http://x.example/" }},
		{"contacts", "e-mail", func(d *registry.Document) { d.Contacts = []string{"me"} }},
		{"frontchannel_logout_uri", "redirect address", func(d *registry.Document) { d.FrontchannelLogoutURI = "https://other.example/out" }},
		{"frontchannel_logout_session_required", "needs", func(d *registry.Document) { d.FrontchannelLogoutSessionRequired = true }},
		{"token_endpoint_auth_method", "authentication", func(d *registry.Document) { d.AuthMethod = "password" }},
		{"jwks", "needs jwks", func(d *registry.Document) { d.AuthMethod = storage.AuthPrivateKeyJWT }},
		{"jwks", "needs jwks", func(d *registry.Document) { d.AuthMethod = storage.AuthSelfSignedTLS }},
		{"jwks", "signed request objects", func(d *registry.Document) { d.RequireSignedRequestObject = true }},
		{"jwks", "not both", func(d *registry.Document) { d.JWKS, d.JWKSURI = ec(""), "https://x.example/jwks" }},
		{"jwks", "private", func(d *registry.Document) { d.JWKS = ec(`,"d":"AA"`) }},
		{"jwks", "private", func(d *registry.Document) { d.JWKS = json.RawMessage(`{"keys":[{"kty":"oct","k":"AA"}]}`) }},
		{"jwks", "2048", func(d *registry.Document) {
			d.JWKS = json.RawMessage(`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + short + `"}]}`)
		}},
		{"jwks", "not a key set", func(d *registry.Document) { d.JWKS = json.RawMessage(`[]`) }},
		{"jwks", "no key", func(d *registry.Document) { d.JWKS = json.RawMessage(`{"keys":[]}`) }},
		{"jwks_uri", "https", func(d *registry.Document) { d.JWKSURI = "http://x.example/jwks" }},
		{"token_endpoint_auth_signing_alg", "private_key_jwt only", func(d *registry.Document) { d.TokenEndpointAuthSigningAlg = "ES256" }},
		{"request_object_signing_alg", "HS256", func(d *registry.Document) { d.JWKS, d.RequestObjectSigningAlg = ec(""), "HS256" }},
		{"request_object_signing_alg", "contradicts", func(d *registry.Document) {
			d.JWKS, d.RequestObjectSigningAlg, d.RequireSignedRequestObject = ec(""), "none", true
		}},
		{"jwks", "need jwks", func(d *registry.Document) { d.RequestObjectSigningAlg = "Ed25519" }},
		{"userinfo_signed_response_alg", "HS256", func(d *registry.Document) { d.UserinfoSignedResponseAlg = "HS256" }},
		{"tls_client_auth_subject_dn", "exactly one", func(d *registry.Document) { d.AuthMethod = storage.AuthTLS }},
		{"tls_client_auth_subject_dn", "goes with", func(d *registry.Document) { d.TLSClientAuthSANDNS = "x.example" }},
		{"tls_client_auth_san_ip", "not an IP", func(d *registry.Document) { d.AuthMethod, d.TLSClientAuthSANIP = storage.AuthTLS, "x" }},
		{"subject_type", "pairwise", func(d *registry.Document) { d.SubjectType = "x" }},
		{"sector", "several hosts", func(d *registry.Document) { d.RedirectURIs = append(d.RedirectURIs, "https://b.example/") }},
		{"sector", "leave it out", func(d *registry.Document) { d.SectorIdentifierURI, d.Sector = "https://s.example/f", "x.example" }},
		{"sector_identifier_uri", "https", func(d *registry.Document) { d.SectorIdentifierURI = "http://s.example/f" }},
		{"id_token_signed_response_alg", "none", func(d *registry.Document) { d.IDTokenAlg = "none" }},
		{"require_pkce", "cannot do without", func(d *registry.Document) { d.AuthMethod, d.RequirePKCE = storage.AuthNone, new(bool) }},
		{"grant_types", "needs a client with a secret", func(d *registry.Document) {
			d.AuthMethod, d.GrantTypes = storage.AuthNone, []string{"authorization_code", "client_credentials"}
		}},
		{"scope", "everything", func(d *registry.Document) { d.Scope = "everything" }},
		{"default_max_age", "0 to", func(d *registry.Document) { d.DefaultMaxAge = age(-1) }},
		{"default_acr_values", "without spaces", func(d *registry.Document) { d.DefaultACRValues = []string{"a b"} }},
		{"access_token_format", "jwt", func(d *registry.Document) { d.AccessTokenFormat = "saml" }},
		{"resources", "absolute", func(d *registry.Document) { d.Resources = []string{"/x"} }},
		{"dpop_bound_access_tokens", "choose one", func(d *registry.Document) { d.DPoPBoundAccessTokens, d.TLSBoundAccessTokens = true, true }},
		{"access_token_lifetime", "30 to 86400", func(d *registry.Document) { d.AccessTokenLifetime = 86401 }},
		{"id_token_lifetime", "30 to 86400", func(d *registry.Document) { d.IDTokenLifetime = -1 }},
		{"refresh_idle_lifetime", "longer than", func(d *registry.Document) {
			d.Scope, d.RefreshIdleLifetime, d.RefreshAbsoluteLifetime = "email offline_access", 100, 50
		}},
		{"refresh_idle_lifetime", "refresh_token", func(d *registry.Document) { d.RefreshIdleLifetime = 100 }},
	} {
		d := loyers()
		test.change(&d)
		faults := registry.Check(d.Client(1))
		found := false
		for _, fault := range faults {
			found = found || fault.Field == test.field && strings.Contains(fault.Text, test.text)
		}
		if !found {
			t.Errorf("want %s: … %s …, got %q", test.field, test.text, faults)
		}
	}
}

func TestFullClientIsGoodAndComesBackFromItsFile(t *testing.T) {
	age := int64(0)
	pkce := false
	d := registry.Document{ID: "full", Name: "Élan & Cie", Publisher: "Coopérative : « Clés »", Purpose: "true", PolicyURI: "https://full.example/p",
		RedirectURIs: []string{"https://full.example/a?b=c", "https://other.example/"}, PostLogoutRedirectURIs: []string{"https://full.example/out"},
		BackchannelLogoutURI: "https://full.example/bc", Scope: "openid email offline_access quittances:lire", AuthMethod: storage.AuthPrivateKeyJWT,
		GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"}, SubjectType: "pairwise", IDTokenAlg: "ES256",
		RequirePKCE: &pkce, Consent: "inform", Audiences: []string{"api"},
		ClientMetadata: storage.ClientMetadata{ClientURI: "https://full.example", LogoURI: "https://full.example/l.png", TOSURI: "https://full.example/t",
			Contacts: []string{"dev@full.example"}, InitiateLoginURI: "https://full.example/start", FrontchannelLogoutURI: "https://full.example/fc",
			FrontchannelLogoutSessionRequired: true, JWKS: ec(`,"kid":"007"`), TokenEndpointAuthSigningAlg: "ES256", RequirePushedAuthorizationRequests: true,
			RequireSignedRequestObject: true, RequestObjectSigningAlg: "ES256", DefaultMaxAge: &age, RequireAuthTime: true, DefaultACRValues: []string{"1"},
			SectorIdentifierURI: "https://sector.example/list", AccessTokenFormat: "jwt", Resources: []string{"https://api.example/"},
			DPoPBoundAccessTokens: true, UserinfoSignedResponseAlg: "EdDSA", IntrospectionSignedResponseAlg: "PS256",
			AccessTokenLifetime: 60, IDTokenLifetime: 60, RefreshIdleLifetime: 3600, RefreshAbsoluteLifetime: 7200}}
	c := d.Client(1)
	if faults := registry.Check(c); faults != nil {
		t.Fatal(faults.Err())
	}
	if c.Sector != "sector.example" {
		t.Errorf("sector %q", c.Sector)
	}
	var file bytes.Buffer
	if err := registry.Write(&file, []registry.Document{registry.Of(c)}); err != nil {
		t.Fatal(err)
	}
	entries, err := registry.Read(&file)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	if diff := cmp.Diff(c, entries[0].Client(1)); diff != "" {
		t.Errorf("through the file (-stored +read):\n%s", diff)
	}
	if changes, err := registry.Compare(registry.Of(c), registry.Of(entries[0].Client(2))); err != nil || len(changes) != 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
}

func TestFilesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "no client",
		"[]":                             "no client",
		"just text":                      "line 1",
		"client_id: a\nclient_id: b":     "line 2",
		"- client_id: a\n- client_id: a": "twice",
		"client_id: [a]":                 "must be text",
		"client_id: a\nrequire_pkce: 3":  "line 2: require_pkce: is number, and must be true or false",
		"client_id: a\naccess_token_lifetime: soon":    "must be a whole number",
		"client_id: a\nClient-Name: x":                 "write client_name",
		"client_id: a\nname: x":                        "write client_name",
		"client_id: a\n---\nclient_id: b":              "more than one document",
		"{\"client_id\": \"a\",\n\t\"secret\": \"b\"}": "line 2: unknown name",
		"client_id: a\n\tb: c":                         "line 2",
		"a: &a [*a]":                                   "unknown name",
		strings.Repeat("#", 5<<20):                     "more than",
	} {
		if _, err := registry.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestSectorFileListsEveryRedirectAddress(t *testing.T) {
	d := loyers()
	d.RedirectURIs = append(d.RedirectURIs, "https://b.example/cb")
	d.SectorIdentifierURI = "https://sector.example/list"
	asked := 0
	examine := func(former storage.Client, answer string, err error) registry.Faults {
		_, faults := registry.Examine(t.Context(), d.Client(1), former, func(_ context.Context, address string) ([]byte, error) {
			if asked++; address != d.SectorIdentifierURI {
				t.Errorf("asked at %s", address)
			}
			return []byte(answer), err
		})
		return faults
	}
	if faults := examine(storage.Client{}, `["https://b.example/cb","https://loyers.example/cb"]`, nil); faults != nil {
		t.Error(faults.Err())
	}
	for _, answer := range []string{`["https://b.example/cb"]`, `{}`, ``, `["https://b.example/cb","https://loyers.example/cb/"]`} {
		if faults := examine(storage.Client{}, answer, nil); len(faults) != 1 || faults[0].Field != "sector_identifier_uri" {
			t.Errorf("%s: %v", answer, faults)
		}
	}
	if faults := examine(storage.Client{}, "", errors.New("network refused")); len(faults) != 1 || !strings.Contains(faults[0].Text, "network refused") {
		t.Errorf("no answer: %v", faults)
	}
	asked = 0
	if faults := examine(d.Client(1), "", nil); faults != nil || asked != 0 {
		t.Errorf("of a client that passed already: %v, asked %d times", faults, asked)
	}
}

// picture is a PNG or JPEG of that size.
func picture(t testing.TB, width, height int, asJPEG bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	img.SetGray(0, 0, color.Gray{200})
	var out bytes.Buffer
	err := png.Encode(&out, img)
	if asJPEG {
		out.Reset()
		err = jpeg.Encode(&out, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// class 12: pictures are known by their content, and nothing but pixels is left.
func TestLogosAreCheckedByContent(t *testing.T) {
	script := []byte("<script>alert(1)</script>")
	for kind, body := range map[string][]byte{"image/png": picture(t, 512, 512, false), "image/jpeg": picture(t, 64, 32, true)} {
		logo, err := registry.ReadLogo(append(body, script...))
		if err != nil || logo.Type != kind || bytes.Contains(logo.Image, script) {
			t.Errorf("%s: %+v, %v", kind, logo, err)
		}
	}
	whole := picture(t, 20, 20, false)
	for name, body := range map[string][]byte{
		"empty": nil, "text": script, "svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "gif": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"wide": picture(t, 513, 1, false), "high": picture(t, 1, 513, true), "cut": whole[:len(whole)-20], "large": append(whole, make([]byte, 201<<10)...),
	} {
		if _, err := registry.ReadLogo(body); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestLogoIsFetchedOnce(t *testing.T) {
	d := loyers()
	d.LogoURI = "https://loyers.example/logo.png"
	asked := 0
	fetch := func(context.Context, string) ([]byte, error) { asked++; return picture(t, 9, 9, false), nil }
	logo, faults := registry.Examine(t.Context(), d.Client(1), storage.Client{}, fetch)
	if faults != nil || logo == nil {
		t.Fatal(logo, faults)
	}
	if logo, faults = registry.Examine(t.Context(), d.Client(1), d.Client(1), fetch); faults != nil || logo != nil || asked != 1 {
		t.Errorf("again: %v, %v, asked %d times", logo, faults, asked)
	}
	_, faults = registry.Examine(t.Context(), d.Client(1), storage.Client{}, func(context.Context, string) ([]byte, error) { return nil, fmt.Errorf("it answers 404") })
	if len(faults) != 1 || faults[0].Field != "logo_uri" {
		t.Errorf("missing logo: %v", faults)
	}
}
