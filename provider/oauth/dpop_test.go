package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/google/go-cmp/cmp"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

// RFC 9449 §4.3, rule by rule.
func TestDPoPProofs(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.client(t, "robot", machine)
	es, rs, ps, ed := newClientKey(t, "ES256", ""), newClientKey(t, "RS256", ""), newClientKey(t, "PS256", ""), newClientKey(t, "EdDSA", "")
	now := o.clock.Load()
	claim := func(name string, value any) map[string]any { return map[string]any{name: value} }
	header := func(name jose.HeaderKey, value any) map[jose.HeaderKey]any {
		return map[jose.HeaderKey]any{name: value}
	}
	upper := strings.Replace(issuer, "https://connexion", "HTTPS://Connexion", 1) + "/oauth2/token"
	for _, c := range []struct {
		name   string
		key    clientKey
		claims map[string]any
		header map[jose.HeaderKey]any
		code   string
	}{
		{"ES256", es, nil, nil, ""},
		{"RS256", rs, nil, nil, ""},
		{"PS256", ps, nil, nil, ""},
		{"EdDSA", ed, nil, nil, ""},
		{"Ed25519", clientKey{alg: "Ed25519", private: ed.private}, nil, nil, ""},
		{"RS384", clientKey{alg: "RS384", private: rs.private}, nil, nil, ""},
		{"PS512", clientKey{alg: "PS512", private: ps.private}, nil, nil, ""},
		{"ES384", newClientKey(t, "ES384", ""), nil, nil, ""},
		{"ES512", newClientKey(t, "ES512", ""), nil, nil, ""},
		{"iat 10 s ago", es, claim("iat", now-10), nil, ""},
		{"iat 10 s ahead", es, claim("iat", now+10), nil, ""},
		{"iat with a fraction", es, claim("iat", float64(now)+0.5), nil, ""},
		{"htu in other letters", es, claim("htu", upper), nil, ""},
		{"htu with the usual port", es, claim("htu", issuer+":443/oauth2/token"), nil, ""},
		{"htu with query and fragment", es, claim("htu", issuer+"/oauth2/token?a=b#c"), nil, ""},
		{"long jti", es, claim("jti", strings.Repeat("j", 512)), nil, ""},

		{"iat 11 s ago", es, claim("iat", now-11), nil, "use_dpop_nonce"},
		{"iat 11 s ahead", es, claim("iat", now+11), nil, "use_dpop_nonce"},
		{"foreign nonce", es, claim("nonce", "x"), nil, "use_dpop_nonce"},
		{"no iat", es, claim("iat", nil), nil, "invalid_dpop_proof"},
		{"iat is text", es, claim("iat", "now"), nil, "invalid_dpop_proof"},
		{"iat beyond numbers", es, claim("iat", 1e300), nil, "invalid_dpop_proof"},
		{"no jti", es, claim("jti", nil), nil, "invalid_dpop_proof"},
		{"jti too long", es, claim("jti", strings.Repeat("j", 513)), nil, "invalid_dpop_proof"},
		{"too large", es, claim("x", strings.Repeat("x", 9000)), nil, "invalid_dpop_proof"},
		{"no htm", es, claim("htm", nil), nil, "invalid_dpop_proof"},
		{"another htm", es, claim("htm", "GET"), nil, "invalid_dpop_proof"},
		{"htm in small letters", es, claim("htm", "post"), nil, "invalid_dpop_proof"},
		{"no htu", es, claim("htu", nil), nil, "invalid_dpop_proof"},
		{"another endpoint", es, claim("htu", issuer+"/oauth2/par"), nil, "invalid_dpop_proof"},
		{"another host", es, claim("htu", "https://example.com/oauth2/token"), nil, "invalid_dpop_proof"},
		{"another port", es, claim("htu", issuer+":8443/oauth2/token"), nil, "invalid_dpop_proof"},
		{"http", es, claim("htu", strings.Replace(issuer, "https", "http", 1)+"/oauth2/token"), nil, "invalid_dpop_proof"},
		{"htu with a user", es, claim("htu", strings.Replace(issuer, "https://", "https://a@", 1)+"/oauth2/token"), nil, "invalid_dpop_proof"},
		{"no typ", es, nil, header("typ", nil), "invalid_dpop_proof"},
		{"typ JWT", es, nil, header("typ", "JWT"), "invalid_dpop_proof"},
		{"no jwk", es, nil, header("jwk", nil), "invalid_dpop_proof"},
		{"another key", es, nil, header("jwk", jose.JSONWebKey{Key: newClientKey(t, "ES256", "").private.Public()}), "invalid_dpop_proof"},
		{"key of another kind", es, nil, header("jwk", jose.JSONWebKey{Key: rs.private.Public()}), "invalid_dpop_proof"},
		{"private EC key", es, nil, header("jwk", jose.JSONWebKey{Key: es.private}), "invalid_dpop_proof"},
		{"private RSA key", rs, nil, header("jwk", jose.JSONWebKey{Key: rs.private}), "invalid_dpop_proof"},
		{"private Ed25519 key", ed, nil, header("jwk", jose.JSONWebKey{Key: ed.private}), "invalid_dpop_proof"},
		{"symmetric key", es, nil, header("jwk", map[string]string{"kty": "oct", "k": "c2VjcmV0"}), "invalid_dpop_proof"},
		{"crit", es, nil, header("crit", []string{"typ"}), "invalid_dpop_proof"},
		{"Ed25519 of another key", clientKey{alg: "Ed25519", private: ed.private}, nil, header("jwk", jose.JSONWebKey{Key: newClientKey(t, "EdDSA", "").private.Public()}), "invalid_dpop_proof"},
		{"Ed25519 with a key of another kind", clientKey{alg: "Ed25519", private: ed.private}, nil, header("jwk", jose.JSONWebKey{Key: rs.private.Public()}), "invalid_dpop_proof"},
		{"curve of another alg", newClientKey(t, "ES384", ""), nil, header("jwk", jose.JSONWebKey{Key: es.private.Public()}), "invalid_dpop_proof"},
	} {
		got := o.postProven(t, "/oauth2/token", credentialsOf(), "robot", c.key.proof(t, o.proves("POST", "/oauth2/token", c.claims), c.header))
		if got.header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: no DPoP-Nonce", c.name)
		}
		if c.code != "" {
			wantRefused(t, c.name, got, 400, c.code)
		} else if got.status != 200 || got.Type != "DPoP" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	good := func() string { return es.proof(t, o.proves("POST", "/oauth2/token", nil), nil) }
	for name, proofs := range map[string][]string{
		"empty": {""}, "rubbish": {"x"}, "two headers": {good(), good()}, "two in one": {good() + ", " + good()}, "cut": {good()[:200]},
	} {
		wantRefused(t, name, o.postProven(t, "/oauth2/token", credentialsOf(), "robot", proofs...), 400, "invalid_dpop_proof")
	}
	text := good()
	parts := strings.Split(text, ".")
	wantRefused(t, "alg none", o.postProven(t, "/oauth2/token", credentialsOf(), "robot", "eyJhbGciOiJub25lIiwidHlwIjoiZHBvcCtqd3QifQ."+parts[1]+"."), 400, "invalid_dpop_proof")
	if got := o.token(t, credentialsOf(), "robot"); got.Type != "Bearer" || got.header.Get("DPoP-Nonce") != "" {
		t.Errorf("without a proof: %+v", got)
	}
	// The address is that of the settings, whatever the request is sent to.
	r := httptest.NewRequest("POST", "https://elsewhere.example/oauth2/token", strings.NewReader(credentialsOf().Encode()))
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Dpop": {es.proof(t, o.proves("POST", "/oauth2/token", claim("htu", "https://elsewhere.example/oauth2/token")), nil)}}
	r.SetBasicAuth("robot", secretOf)
	wantRefused(t, "address of the Host header", o.send(t, r), 400, "invalid_dpop_proof")
}

// RFC 9449 §8: replicas agree on nonces, which stand in for the client's clock.
func TestDPoPNonces(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		replica := newOP(t, storagetest.OpenURL(t, address))
		o.client(t, "robot", machine)
		k := newClientKey(t, "ES256", "")
		ask := func(at *op, change map[string]any) tokens {
			return at.postProven(t, "/oauth2/token", credentialsOf(), "robot", k.proof(t, o.proves("POST", "/oauth2/token", change), nil))
		}
		off := o.clock.Load() - 3600
		refused := ask(o, map[string]any{"iat": off})
		wantRefused(t, "clock an hour off", refused, 400, "use_dpop_nonce")
		with := map[string]any{"iat": off, "nonce": refused.header.Get("DPoP-Nonce")}
		if got := ask(replica, with); got.status != 200 {
			t.Errorf("the nonce at the other replica: %+v", got)
		}
		o.RequireDPoPNonce = true
		wantRefused(t, "none where one is required", ask(o, nil), 400, "use_dpop_nonce")
		o.advance(2 * time.Minute)
		if got := ask(o, with); got.status != 200 {
			t.Errorf("a window later: %+v", got)
		}
		o.advance(2 * time.Minute)
		wantRefused(t, "two windows later", ask(o, with), 400, "use_dpop_nonce")
	})
}

// security-classes.md 2: a proof is used once, wherever.
func TestADPoPProofIsUsedOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		replica := newOP(t, storagetest.OpenURL(t, address))
		o.client(t, "robot", machine)
		k := newClientKey(t, "ES256", "")
		claims := o.proves("POST", "/oauth2/token", nil)
		text := k.proof(t, claims, nil)
		wantRefused(t, "wrong secret", o.postProven(t, "/oauth2/token", with(credentialsOf(), "client_id", "robot", "client_secret", "x"), "", text), 401, "invalid_client")
		var wins atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				switch got := []*op{o, replica}[i%2].postProven(t, "/oauth2/token", credentialsOf(), "robot", text); {
				case got.status == 200:
					wins.Add(1)
				case got.status != 400 || got.Error != "invalid_dpop_proof":
					t.Errorf("loser: %+v", got)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d of 50 succeed, want 1", wins.Load())
		}
		other := newClientKey(t, "ES256", "").proof(t, claims, nil)
		if got := o.postProven(t, "/oauth2/token", credentialsOf(), "robot", other); got.status != 200 {
			t.Errorf("the same jti of another key: %+v", got)
		}
	})
}

// A public client from authorize with dpop_jkt to a refreshed token.
func TestDPoPFromCodeToRefresh(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		b.client(t, "app", func(c *storage.Client) { offline(c); public(c) })
		b.consents(t, "app", everything+" offline_access")
		k, thief := newClientKey(t, "ES256", ""), newClientKey(t, "ES256", "")
		code := b.code(t, "app", "scope", offlineScope, "dpop_jkt", k.thumbprint(t))
		form := exchange(code, "client_id", "app")
		wantRefused(t, "code without a proof", b.token(t, form, ""), 400, "invalid_grant")
		wantRefused(t, "code with another key", b.proven(t, form, "", thief), 400, "invalid_grant")
		b.RequireDPoPNonce = true
		refused := b.proven(t, form, "", k)
		wantRefused(t, "no nonce", refused, 400, "use_dpop_nonce")
		nonce := refused.header.Get("DPoP-Nonce")
		got := b.postProven(t, "/oauth2/token", form, "", k.proof(t, b.proves("POST", "/oauth2/token", map[string]any{"nonce": nonce}), nil))
		if got.status != 200 || got.Type != "DPoP" || got.Refresh == "" {
			t.Fatalf("redemption: %+v", got)
		}
		userinfo := func(change map[string]any) string {
			return k.proof(t, b.proves("GET", "/oauth2/userinfo", change), nil)
		}
		w := b.asksUserInfo(t, "DPoP", got.Access, userinfo(map[string]any{"ath": ath(got.Access)}))
		if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="use_dpop_nonce"`) || w.Header().Get("DPoP-Nonce") != nonce {
			t.Errorf("userinfo without a nonce: %d %v", w.Code, w.Header())
		}
		if w := b.asksUserInfo(t, "DPoP", got.Access, userinfo(map[string]any{"ath": ath(got.Access), "nonce": nonce})); w.Code != 200 {
			t.Errorf("userinfo: %d %s", w.Code, w.Body)
		}
		b.RequireDPoPNonce = false
		again := refreshes(got.Refresh, "client_id", "app")
		wantRefused(t, "refresh without a proof", b.token(t, again, ""), 400, "invalid_grant")
		wantRefused(t, "refresh with another key", b.proven(t, again, "", thief), 400, "invalid_grant")
		for _, when := range []string{"first", "within the grace"} {
			next := b.proven(t, again, "", k)
			if next.status != 200 || next.Type != "DPoP" {
				t.Errorf("refresh, %s: %+v", when, next)
			}
			wantRefused(t, "next one, with another key", b.proven(t, refreshes(next.Refresh, "client_id", "app"), "", thief), 400, "invalid_grant")
			b.lives(t, "refreshed, as bearer", next.Access, false)
		}
	})
}

func TestConfidentialClientsMayChangeTheirDPoPKey(t *testing.T) {
	b := away(t, storagetest.Open(t))
	first, next := newClientKey(t, "ES256", ""), newClientKey(t, "EdDSA", "")
	got := b.proven(t, exchange(b.code(t, "loyers", "scope", offlineScope)), "loyers", first)
	refreshed := b.proven(t, refreshes(got.Refresh), "loyers", next)
	if refreshed.status != 200 {
		t.Fatalf("refresh: %+v", refreshed)
	}
	for access, k := range map[string]clientKey{got.Access: first, refreshed.Access: next} {
		found := b.introspect(t, access, "loyers")
		if diff := cmp.Diff(map[string]any{"jkt": k.thumbprint(t)}, found["cnf"]); diff != "" || found["token_type"] != "DPoP" {
			t.Errorf("introspection: %v (-want +got):\n%s", found, diff)
		}
	}
}

// RFC 9449 §5.2: dpop_bound_access_tokens.
func TestClientsOfBoundTokensMustProve(t *testing.T) {
	b := away(t, storagetest.Open(t))
	bound := func(c *storage.Client) { c.Metadata.DPoPBoundAccessTokens = true }
	b.client(t, "robot", func(c *storage.Client) { machine(c); bound(c) })
	b.client(t, "liee", func(c *storage.Client) { offline(c); bound(c) })
	b.consents(t, "liee", everything+" offline_access")
	k := newClientKey(t, "ES256", "")
	wantRefused(t, "client_credentials", b.token(t, credentialsOf(), "robot"), 400, "invalid_dpop_proof")
	form := exchange(b.code(t, "liee", "scope", offlineScope))
	wantRefused(t, "code", b.token(t, form, "liee"), 400, "invalid_dpop_proof")
	got := b.proven(t, form, "liee", k)
	wantRefused(t, "refresh", b.token(t, refreshes(got.Refresh), "liee"), 400, "invalid_dpop_proof")
	if got := b.proven(t, refreshes(got.Refresh), "liee", k); got.Type != "DPoP" {
		t.Errorf("refresh with a proof: %+v", got)
	}
	if found := b.introspect(t, got.Access, "liee"); found["active"] != true {
		t.Errorf("the endpoints that give no token ask for no proof: %v", found)
	}
}

// RFC 9449 §10.1.
func TestAPushedRequestBindsItsCode(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	k, other := newClientKey(t, "ES256", ""), newClientKey(t, "ES256", "")
	push := func(k clientKey, pairs ...string) tokens {
		return b.postProven(t, "/oauth2/par", asks("loyers", pairs...), "loyers", k.proof(t, b.proves("POST", "/oauth2/par", nil), nil))
	}
	wantRefused(t, "another key than dpop_jkt", push(k, "dpop_jkt", other.thumbprint(t)), 400, "invalid_dpop_proof")
	if got := push(k, "dpop_jkt", k.thumbprint(t)); got.status != 201 || got.header.Get("DPoP-Nonce") == "" {
		t.Errorf("the same key as dpop_jkt: %+v", got)
	}
	w := b.postForm("/oauth2/par", asks("loyers", "dpop_jkt", "x"), "loyers")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "dpop_jkt") {
		t.Errorf("no thumbprint: %d %s", w.Code, w.Body)
	}
	uri, _ := b.pushWith(t, asks("loyers"), "loyers", k.proof(t, b.proves("POST", "/oauth2/par", nil), nil))
	got, w := b.authorize(t, url.Values{"client_id": {"loyers"}, "request_uri": {uri}})
	if got.Get("code") == "" {
		t.Fatalf("no code: %d %s", w.Code, w.Body)
	}
	wantRefused(t, "another key", b.proven(t, exchange(got.Get("code")), "loyers", other), 400, "invalid_grant")
	if got := b.proven(t, exchange(got.Get("code")), "loyers", k); got.Type != "DPoP" {
		t.Errorf("the key that pushed: %+v", got)
	}
}

// RFC 9449 §7.
func TestUserInfoWithDPoP(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	k, thief := newClientKey(t, "ES256", ""), newClientKey(t, "ES256", "")
	bound := b.proven(t, exchange(b.code(t, "loyers")), "loyers", k).Access
	free := b.token(t, exchange(b.code(t, "loyers")), "loyers").Access
	show := func(k clientKey, change map[string]any) string {
		return k.proof(t, b.proves("GET", "/oauth2/userinfo", change), nil)
	}
	used := show(k, map[string]any{"ath": ath(bound)})
	const algs = `, algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519"`
	challenge := func(scheme, code, description, algs string) string {
		return scheme + ` realm="` + issuer + `", error="` + code + `", error_description="` + description + `"` + algs
	}
	const refused = "The DPoP proof is refused: "
	for _, c := range []struct {
		name, scheme, token string
		proofs              []string
		status              int
		challenge           string
	}{
		{"good", "DPoP", bound, []string{used}, 200, ""},
		{"small letters", "dpop", bound, []string{show(k, map[string]any{"ath": ath(bound)})}, 200, ""},
		{"unbound, as bearer", "Bearer", free, nil, 200, ""},
		{"used", "DPoP", bound, []string{used}, 401, challenge("DPoP", "invalid_dpop_proof", refused+"its jti was used before.", algs)},
		{"no proof", "DPoP", bound, nil, 401, challenge("DPoP", "invalid_dpop_proof", refused+"there is none.", algs)},
		{"no ath", "DPoP", bound, []string{show(k, nil)}, 401, challenge("DPoP", "invalid_dpop_proof", refused+"ath is not the SHA-256 of the access token, in base64url.", algs)},
		{"ath of another token", "DPoP", bound, []string{show(k, map[string]any{"ath": ath(free)})}, 401, challenge("DPoP", "invalid_dpop_proof", refused+"ath is not the SHA-256 of the access token, in base64url.", algs)},
		{"another key", "DPoP", bound, []string{show(thief, map[string]any{"ath": ath(bound)})}, 401, challenge("DPoP", "invalid_token", "The access token is bound to a key that the request does not prove to have.", algs)},
		{"as bearer", "Bearer", bound, []string{show(k, map[string]any{"ath": ath(bound)})}, 401, challenge("Bearer", "invalid_token", "The access token is bound to a key that the request does not prove to have.", "")},
		{"unbound", "DPoP", free, []string{show(k, map[string]any{"ath": ath(free)})}, 401, challenge("DPoP", "invalid_token", "The access token is not bound to a key: send it as a Bearer token.", algs)},
		{"rubbish", "DPoP", "x", []string{show(k, map[string]any{"ath": ath("x")})}, 401, challenge("DPoP", "invalid_token", "The access token is unknown, has expired or has been revoked.", algs)},
	} {
		w := b.asksUserInfo(t, c.scheme, c.token, c.proofs...)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || got != c.challenge {
			t.Errorf("%s: %d %s\nwant %d %s", c.name, w.Code, got, c.status, c.challenge)
		}
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, httptest.NewRequest("GET", "/oauth2/userinfo", nil))
	want := []string{`Bearer realm="` + issuer + `"`, `DPoP realm="` + issuer + `"` + algs}
	if diff := cmp.Diff(want, w.Header().Values("WWW-Authenticate")); diff != "" {
		t.Errorf("who brings nothing (-want +got):\n%s", diff)
	}
}

func FuzzDPoPProof(f *testing.F) {
	k := newClientKey(f, "ES256", "")
	claims := map[string]any{"htm": "POST", "htu": issuer + "/oauth2/token", "iat": 1, "jti": "a"}
	f.Add(k.proof(f, claims, nil))
	f.Add(newClientKey(f, "EdDSA", "").proof(f, claims, nil))
	f.Add(k.proof(f, claims, map[jose.HeaderKey]any{"jwk": nil}))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if jkt, err := oauth.ReadProof(text); (err == nil) != (len(jkt) == 43) {
			t.Errorf("%q: %q, %v", text, jkt, err)
		}
	})
}

func BenchmarkUserInfoDPoP(b *testing.B) {
	p := readyFor(b, "ES256")
	k := newClientKey(b, "ES256", "")
	token := p.proven(b, exchange(p.code(b, "ES256")), "ES256", k).Access
	b.ReportAllocs()
	for b.Loop() {
		if w := p.asksUserInfo(b, "DPoP", token, k.proof(b, p.proves("GET", "/oauth2/userinfo", map[string]any{"ath": ath(token)}), nil)); w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
}
