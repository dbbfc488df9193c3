package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
	"loge/storage/storagetest"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientKey is a key pair of a client.
type clientKey struct {
	alg, kid string
	private  crypto.Signer
}

func newClientKey(t testing.TB, alg, kid string) clientKey {
	t.Helper()
	k := clientKey{alg: alg, kid: kid}
	switch alg {
	case "ES256":
		k.private = generated(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	case "ES384":
		k.private = generated(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) })
	case "ES512":
		k.private = generated(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) })
	case "EdDSA", "Ed25519":
		k.private = generated(t, func() (ed25519.PrivateKey, error) { _, key, err := ed25519.GenerateKey(rand.Reader); return key, err })
	default:
		k.private = generated(t, func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	}
	return k
}

// jwks is the client's published set.
func jwks(t testing.TB, keys ...clientKey) json.RawMessage {
	t.Helper()
	set := jose.JSONWebKeySet{}
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid})
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign makes a JWT; headers are added to alg and kid.
func (k clientKey) sign(t testing.TB, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	if k.alg == "Ed25519" {
		return renamed(t, k.private.(ed25519.PrivateKey), clientKey{"EdDSA", k.kid, k.private}.sign(t, claims, headers))
	}
	options := &jose.SignerOptions{ExtraHeaders: headers}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: jose.JSONWebKey{Key: k.private, KeyID: k.kid}}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var jti atomic.Int64

// asserts are the claims of a good assertion; change may add, replace, or
// remove by nil.
func (o *op) asserts(clientID string, change map[string]any) map[string]any {
	claims := map[string]any{"iss": clientID, "sub": clientID, "aud": issuer, "iat": o.clock.Load(), "exp": o.clock.Load() + 60, "jti": fmt.Sprint("jti-", jti.Add(1))}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

func asserted(assertion string, pairs ...string) url.Values {
	return with(credentialsOf("client_assertion_type", assertionType, "client_assertion", assertion), pairs...)
}

// keyed registers a client that authenticates with keys.
func (o *op) keyed(t testing.TB, id string, change func(*storage.Client), keys ...clientKey) {
	t.Helper()
	o.client(t, id, func(c *storage.Client) {
		machine(c)
		c.AuthMethod = storage.AuthPrivateKeyJWT
		c.Metadata.JWKS = jwks(t, keys...)
		if change != nil {
			change(c)
		}
	})
}

// openid-provider.md §12; fosite.md items 10 to 13: clock, audience, keys
// without use or kid, and every alg.
func TestClientAssertions(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	es, rs, ps, ed := newClientKey(t, "ES256", "e"), newClientKey(t, "RS256", "r"), newClientKey(t, "PS256", ""), newClientKey(t, "EdDSA", "")
	stranger := newClientKey(t, "ES256", "e")
	o.keyed(t, "robot", nil, newClientKey(t, "ES256", ""), es, rs, ps, ed) // several fit: each is tried
	o.keyed(t, "autre", nil, stranger)
	o.keyed(t, "lent", func(c *storage.Client) { c.Metadata.TokenEndpointAuthSigningAlg = "RS256" }, es, rs)
	o.keyed(t, "courbe", func(c *storage.Client) { c.Metadata.TokenEndpointAuthSigningAlg = "EdDSA" }, ed)
	es384, es512 := newClientKey(t, "ES384", "384"), newClientKey(t, "ES512", "512")
	o.keyed(t, "grand", nil, es384, es512)
	o.keyed(t, "off", func(c *storage.Client) { c.DisabledAt = 9 }, es)
	o.keyed(t, "vide", nil)
	o.client(t, "secret", func(c *storage.Client) { machine(c); c.Metadata.JWKS = jwks(t, es) })
	now := o.clock.Load()
	for _, c := range []struct {
		name   string
		key    clientKey
		client string
		change map[string]any
		form   []string
		status int
		code   string
	}{
		{"ES256", es, "robot", nil, nil, 200, ""},
		{"RS256", rs, "robot", nil, nil, 200, ""},
		{"PS256, no kid", ps, "robot", nil, nil, 200, ""},
		{"EdDSA, no kid", ed, "robot", nil, nil, 200, ""},
		{"client_id repeated", es, "robot", nil, []string{"client_id", "robot"}, 200, ""},
		{"audience is the endpoint", es, "robot", map[string]any{"aud": issuer + "/oauth2/token"}, nil, 200, ""},
		{"audience among others", es, "robot", map[string]any{"aud": []string{"https://x.example", issuer}}, nil, 200, ""},
		{"clock 10 s slow", es, "robot", map[string]any{"exp": now - 9}, nil, 200, ""},
		{"clock 10 s fast", es, "robot", map[string]any{"iat": now + 10, "nbf": now + 10}, nil, 200, ""},
		{"exp with a fraction", es, "robot", map[string]any{"exp": float64(now) + 60.5}, nil, 200, ""},
		{"exp an hour ahead", es, "robot", map[string]any{"exp": now + 3600}, nil, 200, ""},
		{"registered alg", rs, "lent", nil, nil, 200, ""},
		{"RS512", clientKey{"RS512", rs.kid, rs.private}, "robot", nil, nil, 200, ""},
		{"PS384, no kid", clientKey{"PS384", "", ps.private}, "robot", nil, nil, 200, ""},
		{"ES384", es384, "grand", nil, nil, 200, ""},
		{"ES512", es512, "grand", nil, nil, 200, ""},
		{"Ed25519", clientKey{"Ed25519", ed.kid, ed.private}, "robot", nil, nil, 200, ""},
		{"Ed25519 where EdDSA is registered", clientKey{"Ed25519", ed.kid, ed.private}, "courbe", nil, nil, 200, ""},

		{"expired", es, "robot", map[string]any{"exp": now - 10}, nil, 401, "invalid_client"},
		{"exp too far", es, "robot", map[string]any{"exp": now + 3611}, nil, 401, "invalid_client"},
		{"no exp", es, "robot", map[string]any{"exp": nil}, nil, 401, "invalid_client"},
		{"exp is text", es, "robot", map[string]any{"exp": "soon"}, nil, 401, "invalid_client"},
		{"exp beyond numbers", es, "robot", map[string]any{"exp": json.Number("1e400")}, nil, 401, "invalid_client"},
		{"nbf ahead", es, "robot", map[string]any{"nbf": now + 11}, nil, 401, "invalid_client"},
		{"iat ahead", es, "robot", map[string]any{"iat": now + 11}, nil, 401, "invalid_client"},
		{"no jti", es, "robot", map[string]any{"jti": nil}, nil, 401, "invalid_client"},
		{"no aud", es, "robot", map[string]any{"aud": nil}, nil, 401, "invalid_client"},
		{"another aud", es, "robot", map[string]any{"aud": "https://ailleurs.example"}, nil, 401, "invalid_client"},
		{"aud with a slash more", es, "robot", map[string]any{"aud": issuer + "/"}, nil, 401, "invalid_client"},
		{"another endpoint as aud", es, "robot", map[string]any{"aud": issuer + "/oauth2/revoke"}, nil, 401, "invalid_client"},
		{"another iss", es, "robot", map[string]any{"iss": "autre"}, nil, 401, "invalid_client"},
		{"another client's key", stranger, "robot", nil, nil, 401, "invalid_client"},
		{"Ed25519 of another client's key", newClientKey(t, "Ed25519", ""), "robot", nil, nil, 401, "invalid_client"},
		{"Ed25519 without any key", clientKey{"Ed25519", "", ed.private}, "lent", nil, nil, 401, "invalid_client"},
		{"Ed25519, unknown client", clientKey{"Ed25519", "", ed.private}, "personne", nil, nil, 401, "invalid_client"},
		{"ES384 of another client's key", newClientKey(t, "ES384", ""), "grand", nil, nil, 401, "invalid_client"},
		{"ES512, unknown client", es512, "personne", nil, nil, 401, "invalid_client"},
		{"RS512 where RS256 is registered", clientKey{"RS512", rs.kid, rs.private}, "lent", nil, nil, 401, "invalid_client"},
		{"another client", es, "autre", nil, nil, 401, "invalid_client"},
		{"another alg than registered", es, "lent", nil, nil, 401, "invalid_client"},
		{"unknown client", es, "personne", nil, nil, 401, "invalid_client"},
		{"disabled client", es, "off", nil, nil, 401, "invalid_client"},
		{"client without keys", es, "vide", nil, nil, 401, "invalid_client"},
		{"client of a secret", es, "secret", nil, nil, 401, "invalid_client"},
		{"NUL in the id", es, "robot\x00", nil, nil, 401, "invalid_client"},
		{"another client_id", es, "robot", nil, []string{"client_id", "autre"}, 400, "invalid_request"},
		{"a secret as well", es, "robot", nil, []string{"client_secret", secretOf}, 400, "invalid_request"},
		{"another type", es, "robot", nil, []string{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, 401, "invalid_client"},
		{"too long", es, "robot", map[string]any{"x": strings.Repeat("x", 8<<10)}, nil, 401, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := o.token(t, asserted(c.key.sign(t, o.asserts(c.client, c.change), nil), c.form...), "")
			if got.status != c.status || got.Error != c.code {
				t.Errorf("%d %q (%s), want %d %q", got.status, got.Error, got.Description, c.status, c.code)
			}
		})
	}
	good := es.sign(t, o.asserts("robot", nil), nil)
	parts := strings.Split(good, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, text := range map[string]string{
		"crit":            es.sign(t, o.asserts("robot", nil), map[jose.HeaderKey]any{"crit": []string{"exp"}, "exp": 1}),
		"alg none":        encode(`{"alg":"none"}`) + "." + parts[1] + ".",
		"alg HS256":       encode(`{"alg":"HS256"}`) + "." + parts[1] + "." + parts[2],
		"cut":             good[:len(good)-2],
		"two parts":       parts[0] + "." + parts[1],
		"JSON form":       `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"empty":           "",
		"key in the head": stranger.sign(t, o.asserts("robot", nil), map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: stranger.private.Public()}}),
	} {
		wantRefused(t, name, o.token(t, asserted(text), ""), 401, "invalid_client")
	}
	r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(asserted(good).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("robot", secretOf)
	wantRefused(t, "Basic as well", o.send(t, r), 400, "invalid_request")
	wantRefused(t, "secret of a client with keys", o.token(t, credentialsOf(), "robot"), 401, "invalid_client")
	wantRefused(t, "nothing of a client with keys", o.token(t, credentialsOf("client_id", "robot"), ""), 401, "invalid_client")
	if got := o.token(t, asserted(good), ""); got.status != 200 {
		t.Errorf("what was refused before its time was used up: %+v", got)
	}
}

// Every endpoint where clients authenticate takes assertions for itself.
func TestAssertionsAtEveryEndpoint(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	key := newClientKey(t, "ES256", "")
	o.keyed(t, "robot", func(c *storage.Client) {
		c.RedirectURIs, c.Scopes = []string{callback}, c.Scopes+" openid"
		c.GrantTypes += " authorization_code " + storage.GrantDevice
	}, key)
	got := o.token(t, asserted(key.sign(t, o.asserts("robot", nil), nil)), "")
	for path, c := range map[string]struct {
		form   url.Values
		status int
	}{
		"/oauth2/introspect": {url.Values{"token": {got.Access}}, 200},
		"/oauth2/revoke":     {url.Values{"token": {got.Access}}, 200},
		"/oauth2/par":        {asks("robot", "scope", "openid"), 201},
		"/oauth2/device":     {url.Values{"scope": {"openid"}}, 200},
	} {
		for aud, status := range map[string]int{issuer: c.status, issuer + "/oauth2/token": c.status, issuer + path: c.status, issuer + "/oauth2/userinfo": 401} {
			form := with(c.form, "client_assertion_type", assertionType, "client_assertion", key.sign(t, o.asserts("robot", map[string]any{"aud": aud}), nil))
			if w := o.postForm(path, form, ""); w.Code != status {
				t.Errorf("%s for %s: %d %s", path, aud, w.Code, w.Body)
			}
		}
	}
}

// fosite.md item 12; security-classes.md 2: one jti, once, per client, on two
// replicas, however the request ends.
func TestAnAssertionIsUsedOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		other := newOP(t, storagetest.OpenURL(t, address))
		key := newClientKey(t, "ES256", "")
		o.keyed(t, "robot", nil, key)
		o.keyed(t, "autre", nil, key)
		claims := o.asserts("robot", map[string]any{"exp": o.clock.Load() + 3600})
		text := key.sign(t, claims, nil)
		var wins atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			at := []*op{o, other}[i%2]
			wg.Go(func() {
				switch got := at.token(t, asserted(text), ""); {
				case got.status == 200:
					wins.Add(1)
				case got.status != 401 || got.Error != "invalid_client":
					t.Errorf("loser: %+v", got)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d of 50 succeed, want 1", wins.Load())
		}
		again := o.asserts("robot", map[string]any{"jti": claims["jti"]})
		wantRefused(t, "same jti in another assertion", o.token(t, asserted(key.sign(t, again, nil)), ""), 401, "invalid_client")
		if got := o.token(t, asserted(key.sign(t, o.asserts("autre", map[string]any{"jti": claims["jti"]}), nil)), ""); got.status != 200 {
			t.Errorf("another client with the same jti: %+v", got)
		}
		failing := key.sign(t, o.asserts("robot", nil), nil)
		wantRefused(t, "scope", o.token(t, asserted(failing, "scope", "openid"), ""), 400, "invalid_scope")
		wantRefused(t, "assertion of a failed request", o.token(t, asserted(failing), ""), 401, "invalid_client")

		for _, o := range []*op{o, other} {
			o.advance(time.Hour + 9*time.Second) // its last second
			wantRefused(t, "much later", o.token(t, asserted(text), ""), 401, "invalid_client")
		}
	})
}

// The time of a refusal says nothing about the client (fosite.md item 9).
func TestUnknownClientCostsWhatAWrongKeyCosts(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	for _, alg := range []string{"ES256", "RS256", "EdDSA", "Ed25519", "ES384"} {
		key, wrong := newClientKey(t, alg, ""), newClientKey(t, alg, "")
		o.keyed(t, "robot"+alg, nil, key)
		fastest := func(id string) time.Duration {
			best := time.Hour
			for range 100 {
				form := asserted(wrong.sign(t, o.asserts(id, nil), nil))
				start := time.Now()
				got := o.token(t, form, "")
				best = min(best, time.Since(start))
				wantRefused(t, id, got, 401, "invalid_client")
			}
			return best
		}
		known, unknown, secret := fastest("robot"+alg), fastest("nobody"), fastest("loyers")
		for _, other := range []time.Duration{unknown, secret} {
			if known > 3*other+time.Millisecond || other > 3*known+time.Millisecond {
				t.Errorf("%s: a refusal costs %v for a known client, %v for an unknown one, %v for one with a secret", alg, known, unknown, secret)
			}
		}
	}
}

// A renewed secret and the one before it both work, until the older one ends.
func TestFormerSecretWorksUntilItEnds(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		o.client(t, "robot", func(c *storage.Client) { machine(c); c.FormerSecretUntil = o.at() + 60 })
		execute(t, address, `UPDATE clients SET former_secret_hash = secret_hash, secret_hash = registration_hash`)
		if got := o.token(t, credentialsOf(), "robot"); got.status != 200 {
			t.Fatalf("former secret: %+v", got)
		}
		o.advance(time.Minute)
		wantRefused(t, "ended secret", o.token(t, credentialsOf(), "robot"), 401, "invalid_client")
		o.client(t, "neuf", func(c *storage.Client) { machine(c); c.FormerSecretUntil = o.at() + 60 })
		if got := o.token(t, credentialsOf(), "neuf"); got.status != 200 {
			t.Errorf("current secret: %+v", got)
		}
		r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(credentialsOf().Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("neuf", "")
		wantRefused(t, "empty former secret", o.send(t, r), 401, "invalid_client")
	})
}

// Whatever comes as an assertion is refused as a client, never a 5xx.
func FuzzClientAssertion(f *testing.F) {
	o := newOP(f, storagetest.Open(f))
	key := newClientKey(f, "ES256", "k")
	o.keyed(f, "robot", nil, key)
	stranger := newClientKey(f, "ES256", "k")
	f.Add(stranger.sign(f, o.asserts("robot", nil), nil))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(`{"payload":"e30","signatures":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := o.token(t, asserted(text), "")
		if got.status != 401 && got.status != 400 || got.Access != "" {
			t.Errorf("%q: %d %q", text, got.status, got.Error)
		}
	})
}

// Claims of a client that signs whatever it likes: an answer of the protocol.
func FuzzAssertionClaims(f *testing.F) {
	o := newOP(f, storagetest.Open(f))
	key := newClientKey(f, "ES256", "k")
	o.keyed(f, "robot", nil, key)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key.private}, nil)
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(o.asserts("robot", nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"iss":"robot","sub":"robot","aud":["x"],"exp":1e99,"jti":7}`))
	f.Fuzz(func(t *testing.T, claims []byte) {
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if got := o.token(t, asserted(text), ""); got.status >= 500 {
			t.Errorf("%q: %d %q", claims, got.status, got.Error)
		}
	})
}
