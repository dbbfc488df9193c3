package oauth_test

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// Core §5.5, openid-provider.md §10: claims asked by name come where they were
// asked, without their scope; the ID token stays lean otherwise.
func TestClaimsAskedByName(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		for _, c := range []struct {
			name, claims   string
			token, answers string // names, beside those that are always there
		}{
			{"none", "", "", ""},
			{"empty", `{}`, "", ""},
			{"both empty", `{"userinfo":{},"id_token":null}`, "", ""},
			{"name", `{"userinfo":{"name":{"essential":true}}}`, "", "name"},
			{"null", `{"userinfo":{"given_name":null,"departement":null}}`, "", "given_name departement"},
			{"in the ID token", `{"id_token":{"phone_number":null,"family_name":{"essential":false}}}`, "phone_number family_name", ""},
			{"in both", `{"id_token":{"email":null},"userinfo":{"phone_number":null}}`, "email", "phone_number"},
			{"value that fits", `{"id_token":{"type_bailleur":{"value":"physique"},"departement":{"values":["01","69"]}}}`, "type_bailleur departement", ""},
			{"value that does not", `{"id_token":{"type_bailleur":{"value":"moral"},"email_verified":{"value":false}}}`, "", ""},
			{"value of another kind", `{"id_token":{"email_verified":{"value":true},"departement":{"value":69}}}`, "email_verified", ""},
			{"without a value", `{"id_token":{"siret":{"essential":true},"habilitations":null}}`, "", ""},
			{"unknown ones", `{"x":5,"userinfo":{"birthdate":null,"verified_claims":[1],"name#fr":7,"":null,"family_name":{"x":[{}],"essential":true}}}`, "", "family_name"},
			{"always there", `{"id_token":{"auth_time":{"essential":true},"sub":null,"acr":null,"amr":null,"nonce":{"essential":true}}}`, "", ""},
			{"postal address, which the client may not ask", `{"userinfo":{"address":{"essential":true}},"id_token":{"address":null}}`, "", ""},
		} {
			pairs := []string{"scope", "openid"}
			if c.claims != "" {
				pairs = append(pairs, "claims", c.claims)
			}
			got := b.token(t, exchange(b.code(t, "loyers", pairs...)), "loyers")
			wantNames(t, c.name+": ID token", idToken(t, got.ID).all, "iss sub aud exp iat auth_time nonce sid at_hash acr amr "+c.token)
			answers, _ := b.userinfo(t, got.Access)
			wantNames(t, c.name+": userinfo", answers, "sub "+c.answers)
			if got.Scope != "openid" {
				t.Errorf("%s: scope %q", c.name, got.Scope)
			}
		}
	})
}

func wantNames(t *testing.T, what string, claims map[string]any, names string) {
	t.Helper()
	want := strings.Fields(names)
	for _, name := range want {
		if value, ok := claims[name]; !ok || value == nil || value == "" {
			t.Errorf("%s: %s is missing in %v", what, name, claims)
		}
	}
	if len(claims) != len(want) {
		t.Errorf("%s: %v, want %s", what, claims, names)
	}
}

// A claim asked by name needs the consent that its scope needs.
func TestClaimsAskedByNameNeedConsent(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "loge.db")
	b := ready(t, storagetest.OpenURL(t, address))
	b.client(t, "autre", nil)
	b.consents(t, "autre", "openid")
	ask := func(pairs ...string) string {
		got, _ := b.authorize(t, asks("autre", append(pairs, "scope", "openid", "prompt", "none")...))
		return got.Get("error") + strings.Repeat("code", min(1, len(got.Get("code"))))
	}
	if got := ask(); got != "code" {
		t.Errorf("without claims: %s", got)
	}
	for _, claims := range []string{`{"userinfo":{"phone_number":null}}`, `{"id_token":{"phone_number":null}}`} {
		if got := ask("claims", claims); got != "consent_required" {
			t.Errorf("%s: %s", claims, got)
		}
	}
	w := b.get("/oauth2/authorize?" + asks("autre", "scope", "openid", "claims", `{"userinfo":{"phone_number":null,"siret":null}}`).Encode())
	flow, err := b.db.Flow(t.Context(), flowOf(t, w))
	if err != nil || flow.Scopes != "openid phone organisme" {
		t.Errorf("asked on the consent page: %q, %v", flow.Scopes, err)
	}
	before := b.Pending // whatever the pages say
	b.Pending = func(context.Context, *storage.Visitor, storage.Flow) (string, error) { return "", nil }
	if got := ask("claims", `{"userinfo":{"phone_number":null}}`); got != "consent_required" {
		t.Errorf("without the pages: %s", got)
	}
	b.Pending = before
	b.consents(t, "autre", "phone organisme")
	got := answered(t, b.get("/oauth2/authorize/suite?demande="+flow.ID))
	tokens := b.token(t, exchange(got.Get("code")), "autre")
	if answers, _ := b.userinfo(t, tokens.Access); answers["phone_number"] == nil || tokens.Scope != "openid" {
		t.Errorf("after consent: %v, scope %q", answers, tokens.Scope)
	}
	// Taken back, it is gone at once.
	execute(t, address, `UPDATE consents SET scopes = 'openid' WHERE client_id = 'autre'`)
	if answers, _ := b.userinfo(t, tokens.Access); len(answers) != 1 {
		t.Errorf("after it was taken back: %v", answers)
	}
}

// What was asked by name is answered again with each refreshed ID token.
func TestClaimsAskedByNameAreRefreshed(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "offline", func(c *storage.Client) {
		c.Scopes += " offline_access"
		c.GrantTypes = "authorization_code refresh_token"
	})
	b.consents(t, "offline", "openid email offline_access")
	first := b.token(t, exchange(b.code(t, "offline", "scope", "openid offline_access", "claims", `{"id_token":{"email":null},"userinfo":{"email":null}}`)), "offline")
	next := b.token(t, with(url.Values{}, "grant_type", "refresh_token", "refresh_token", first.Refresh), "offline")
	answers, _ := b.userinfo(t, next.Access)
	if got := idToken(t, next.ID).all["email"]; got != b.user.Email || answers["email"] != b.user.Email {
		t.Errorf("ID token says %v, userinfo %v; want %s", got, answers, b.user.Email)
	}
}

// Core §5.5, security-classes.md 13.
func TestMalformedClaimsAreRefused(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, claims := range []string{"x", "[]", "null", "5", `"x"`, `{`, `{}{}`, `{"userinfo":5}`, `{"id_token":[]}`, `{"id_token":{"name":true}}`, `{"id_token":{"name":[]}}`,
		`{"userinfo":{"email":{"essential":"yes"}}}`, `{"userinfo":{"email":{"values":"x"}}}`, `{"userinfo":{"email":{"values":[` + strings.Repeat("1,", 20) + `1]}}}`,
		strings.Repeat(`{"userinfo":`, 300) + strings.Repeat("}", 300), `{"x":"` + strings.Repeat("x", 4096) + `"}`, strings.Repeat("[", 4000)} {
		got, w := b.authorize(t, asks("loyers", "claims", claims))
		if got.Get("error") != "invalid_request" || got.Get("state") != "state-1" {
			t.Errorf("%.60s: %d %v", claims, w.Code, got)
		}
	}
	twice := asks("loyers")
	twice["claims"] = []string{"{}", "{}"}
	if got, _ := b.authorize(t, twice); got.Get("error") != "invalid_request" {
		t.Errorf("claims twice: %v", got)
	}
}

// Core §5.5.1, §3.1.2.2: sub with a value says who is meant, as id_token_hint does.
func TestSubAskedByValue(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		mine := idToken(t, b.token(t, exchange(b.code(t, "loyers")), "loyers").ID).Subject
		for _, c := range []struct {
			claims map[string]any
			fits   bool
		}{
			{map[string]any{"id_token": map[string]any{"sub": map[string]any{"value": mine}}}, true},
			{map[string]any{"id_token": map[string]any{"sub": map[string]any{"values": []string{"x", mine}}}}, true},
			{map[string]any{"userinfo": map[string]any{"sub": map[string]any{"value": mine}}}, true},
			{map[string]any{"id_token": map[string]any{"sub": map[string]any{"value": "x"}}}, false},
			{map[string]any{"userinfo": map[string]any{"sub": map[string]any{"value": 5}}}, false},
			{map[string]any{"id_token": map[string]any{"sub": map[string]any{"value": mine}}, "userinfo": map[string]any{"sub": map[string]any{"value": "x"}}}, false},
		} {
			text, err := json.Marshal(c.claims)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := b.authorize(t, asks("loyers", "claims", string(text), "prompt", "none"))
			if c.fits != got.Has("code") || c.fits == (got.Get("error") == "login_required") {
				t.Errorf("%s: %v", text, got)
			}
			if c.fits {
				continue
			}
			// With pages: somebody has to sign in; when it is not the one, the application learns it.
			flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", "claims", string(text)).Encode()))
			b.signInFor(t)(flow)
			wantError(t, string(text), answered(t, b.get("/oauth2/authorize/suite?demande="+flow)), "login_required")
		}
	})
}

// Core §5.5.1.1, openid-provider.md §3: acr is what was done, never what was
// asked; only an essential one that cannot be reached is refused.
func TestAuthenticationContext(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "loge.db")
	b := ready(t, storagetest.OpenURL(t, address))
	const password = "urn:loge:acr:password"
	for _, c := range []struct {
		name  string
		pairs []string
		error string
	}{
		{"unknown acr_values", []string{"acr_values", "urn:x 5 \u00e9"}, ""},
		{"endless acr_values", []string{"acr_values", strings.Repeat("x ", 2000)}, ""},
		{"our acr_values", []string{"acr_values", "urn:x " + password}, ""},
		{"voluntary", []string{"claims", `{"id_token":{"acr":{"value":"urn:x"}}}`}, ""},
		{"essential, any", []string{"claims", `{"id_token":{"acr":{"essential":true}}}`}, ""},
		{"essential, ours among them", []string{"claims", `{"id_token":{"acr":{"essential":true,"values":["urn:x","` + password + `"]}}}`}, ""},
		{"essential, not ours", []string{"claims", `{"id_token":{"acr":{"essential":true,"values":["urn:x"]}}}`}, "unmet_authentication_requirements"},
		{"essential, not text", []string{"claims", `{"id_token":{"acr":{"essential":true,"value":5}}}`}, "unmet_authentication_requirements"},
		{"essential at userinfo", []string{"claims", `{"userinfo":{"acr":{"essential":true,"value":"urn:x"}}}`}, ""},
	} {
		got, _ := b.authorize(t, asks("loyers", append(c.pairs, "prompt", "none")...))
		if c.error != "" {
			wantError(t, c.name, got, c.error)
			continue
		}
		if acr := idToken(t, b.token(t, exchange(got.Get("code")), "loyers").ID).all["acr"]; acr != password {
			t.Errorf("%s: acr %v, answer %v", c.name, acr, got)
		}
	}
	// A session that was opened in another way does not do.
	execute(t, address, `UPDATE sessions SET amr = 'mail'`)
	essential := []string{"claims", `{"id_token":{"acr":{"essential":true,"values":["` + password + `"]}}}`}
	got, _ := b.authorize(t, asks("loyers", append(essential, "prompt", "none")...))
	wantError(t, "session of another kind", got, "login_required")
	flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", essential...).Encode()))
	b.signInFor(t)(flow)
	if got := answered(t, b.get("/oauth2/authorize/suite?demande="+flow)); got.Get("code") == "" {
		t.Errorf("after a sign-in by password: %v", got)
	}
}

// Reg §2: default_max_age holds where the request says nothing.
func TestDefaultMaxAge(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	seconds := int64(60)
	b.client(t, "frais", func(c *storage.Client) {
		c.Metadata.DefaultMaxAge, c.Metadata.RequireAuthTime = &seconds, true
		c.Metadata.DefaultACRValues = []string{"urn:loge:acr:password", "urn:x"}
	})
	b.consents(t, "frais", "openid email")
	if got := idToken(t, b.token(t, exchange(b.code(t, "frais", "prompt", "none")), "frais").ID); got.AuthTime != int64(b.session.AuthenticatedAt) {
		t.Errorf("auth_time %d", got.AuthTime)
	}
	b.op.clock.Add(61)
	got, _ := b.authorize(t, asks("frais", "prompt", "none"))
	wantError(t, "sign-in older than the default", got, "login_required")
	if got, _ := b.authorize(t, asks("frais", "prompt", "none", "max_age", "1000")); got.Get("code") == "" {
		t.Errorf("max_age of the request: %v", got)
	}
}

// openid-provider.md §3: hints about the pages are harmless, whatever they say.
func TestHintsAboutThePagesAreHarmless(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, name := range []string{"ui_locales", "claims_locales", "display", "acr_values", "zz"} {
		for _, value := range []string{"popup", "fr-CA fr en", "\u202e<b>", strings.Repeat("x", 5000), "{}", "'; --"} {
			if got, w := b.authorize(t, asks("loyers", name, value)); got.Get("code") == "" {
				t.Errorf("%s=%.20q: %d %v", name, value, w.Code, got)
			}
		}
		twice := asks("loyers")
		twice[name] = []string{"a", "b"}
		if got, _ := b.authorize(t, twice); got.Get("error") != "invalid_request" {
			t.Errorf("%s twice: %v", name, got)
		}
	}
}
