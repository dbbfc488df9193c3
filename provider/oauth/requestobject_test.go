package oauth_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
	"loge/storage/storagetest"
)

// objectKeys are the keys that test clients sign request objects with.
var objectKeys = sync.OnceValue(func() map[string]crypto.Signer {
	keys := map[string]crypto.Signer{}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	keys["RS256"], keys["PS256"], keys["RS384"], keys["PS512"] = rsaKey, rsaKey, rsaKey, rsaKey
	if keys["ES256"], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		panic(err)
	}
	if keys["ES384"], err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		panic(err)
	}
	if _, keys["EdDSA"], err = ed25519.GenerateKey(rand.Reader); err != nil {
		panic(err)
	}
	return keys
})

// signsObjects registers the public keys.
func signsObjects(c *storage.Client) {
	set := jose.JSONWebKeySet{}
	for _, alg := range []string{"RS256", "ES256", "ES384", "EdDSA"} {
		set.Keys = append(set.Keys, jose.JSONWebKey{KeyID: alg, Key: objectKeys()[alg].Public()})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	c.Metadata.JWKS = text
}

// object is a good request object of a client; change alters its members.
func (o *op) object(t testing.TB, clientID string, change map[string]any) map[string]any {
	t.Helper()
	now := o.clock.Load()
	members := map[string]any{"iss": clientID, "aud": issuer, "exp": now + 300, "nbf": now, "iat": now, "jti": storage.NewID()}
	for name, values := range asks(clientID) {
		members[name] = values[0]
	}
	maps.Copy(members, change)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	return members
}

// signObject signs members, or a payload as it is.
func signObject(t testing.TB, alg, typ, kid string, members any) string {
	t.Helper()
	if alg == "Ed25519" {
		return renamed(t, objectKeys()["EdDSA"].(ed25519.PrivateKey), signObject(t, "EdDSA", typ, kid, members))
	}
	options := &jose.SignerOptions{}
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: objectKeys()[alg], KeyID: kid}}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, ok := members.([]byte)
	if !ok {
		if payload, err = json.Marshal(members); err != nil {
			t.Fatal(err)
		}
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

// renamed is a JWS of alg EdDSA under the name that RFC 9864 gave it, which
// go-jose does not write.
func renamed(t testing.TB, key ed25519.PrivateKey, token string) string {
	t.Helper()
	part := strings.Split(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(part[0])
	if err != nil {
		t.Fatal(err)
	}
	input := base64.RawURLEncoding.EncodeToString(bytes.Replace(header, []byte(`"EdDSA"`), []byte(`"Ed25519"`), 1)) + "." + part[1]
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

// strangersObject is signed with a key of its own.
func strangersObject(t testing.TB, members map[string]any) string {
	t.Helper()
	return newClientKey(t, "ES256", "").sign(t, members, nil)
}

func byObject(clientID, object string, pairs ...string) url.Values {
	return with(url.Values{"client_id": {clientID}, "request": {object}}, pairs...)
}

func unsignedObject(t testing.TB, members any) string {
	t.Helper()
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// signing is the usual world with a client that signs its requests.
func signing(t testing.TB, db *storage.DB) *browser {
	t.Helper()
	b := ready(t, db)
	b.client(t, "signe", signsObjects)
	return b.consents(t, "signe", "openid email profile")
}

// RFC 9101 §4, §5, Core §6.1; openid-provider.md §13; fosite.md items 19, 20:
// what is inside counts, and nothing else; numbers and objects keep their types.
func TestRequestObject(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := signing(t, db)
		for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
			for _, typ := range []string{"", "JWT", "jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"} {
				for _, kid := range []string{"", map[string]string{"PS256": "RS256"}[alg] + map[string]string{"RS256": "RS256", "ES256": "ES256", "EdDSA": "EdDSA"}[alg]} {
					object := signObject(t, alg, typ, kid, b.object(t, "signe", nil))
					if got, w := b.authorize(t, byObject("signe", object)); got.Get("code") == "" || got.Get("state") != "state-1" || got.Get("iss") != issuer {
						t.Errorf("%s, typ %q, kid %q: %d %v", alg, typ, kid, w.Code, got)
					}
				}
			}
		}
		object := signObject(t, "ES256", "", "", b.object(t, "signe", map[string]any{"aud": []string{"x", issuer}, "zz": map[string]int{"a": 1}, "resource": []string{issuer, issuer}, "jti": nil, "nbf": nil, "iat": nil}))
		got, w := b.authorize(t, byObject("signe", object, "state", "outer", "nonce", "outer", "scope", "openid profile", "redirect_uri", "https://evil.example/",
			"prompt", "login", "max_age", "0", "response_type", "token", "response_mode", "form_post", "claims", "rubbish"))
		if got.Get("state") != "state-1" || got.Get("code") == "" {
			t.Fatalf("%d %v", w.Code, got)
		}
		tokens := b.token(t, exchange(got.Get("code")), "signe")
		if tokens.Scope != "openid email" || idToken(t, tokens.ID).all["nonce"] != "nonce-1" {
			t.Errorf("%+v", tokens)
		}

		// max_age is a number: fosite made nonsense of it, and ignored it.
		b.advance(2 * time.Minute)
		for maxAge, want := range map[any]string{60: "login_required", 0: "login_required", "60": "login_required", 1000: ""} {
			object := signObject(t, "ES256", "", "", b.object(t, "signe", map[string]any{"max_age": maxAge, "prompt": "none"}))
			if got, _ := b.authorize(t, byObject("signe", object)); got.Get("error") != want {
				t.Errorf("max_age %v: %v", maxAge, got)
			}
		}
		// claims are an object.
		object = signObject(t, "ES256", "", "", b.object(t, "signe", map[string]any{"scope": "openid", "claims": map[string]any{"id_token": map[string]any{"email": nil}}}))
		got, _ = b.authorize(t, byObject("signe", object))
		if email := idToken(t, b.token(t, exchange(got.Get("code")), "signe").ID).all["email"]; email != b.user.Email {
			t.Errorf("email %v", email)
		}
		// state and nonce stay optional.
		object = signObject(t, "ES256", "", "", b.object(t, "signe", map[string]any{"state": nil, "nonce": nil}))
		if got, _ := b.authorize(t, byObject("signe", object, "state", "outer")); got.Get("code") == "" || got.Has("state") {
			t.Errorf("without state: %v", got)
		}
	})
}

// The request goes through the pages as plain parameters, and a posted one comes
// again by GET as it was signed.
func TestRequestObjectThroughThePages(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "signe", func(c *storage.Client) {
		signsObjects(c)
		c.Metadata.RequireSignedRequestObject = true
	})
	b.consents(t, "signe", "openid email")
	object := signObject(t, "EdDSA", "oauth-authz-req+jwt", "", b.object(t, "signe", map[string]any{"prompt": "login"}))
	w := b.postForm("/oauth2/authorize", byObject("signe", object, "state", "outer"), "")
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || to != "/oauth2/authorize?"+byObject("signe", object).Encode() {
		t.Fatalf("%d %s", w.Code, to)
	}
	flow := flowOf(t, b.get(to))
	b.advance(10 * time.Minute) // the object has expired, the request has not
	b.signInFor(t)(flow)
	if got := answered(t, b.get("/oauth2/authorize/suite?demande="+flow)); got.Get("code") == "" || got.Get("state") != "state-1" {
		t.Errorf("%v", got)
	}
	got, _ := b.authorize(t, asks("signe"))
	wantError(t, "plain parameters of a client that must sign", got, "invalid_request")
	wantRefused(t, "pushed by a client that must sign", b.push(t, asks("signe"), "signe").tokens, 400, "invalid_request")
	pushed := b.push(t, url.Values{"request": {signObject(t, "EdDSA", "", "", b.object(t, "signe", nil))}, "state": {"outer"}, "scope": {"openid profile"}}, "signe")
	got, _ = b.authorize(t, url.Values{"client_id": {"signe"}, "request_uri": {pushed.URI}})
	if got.Get("code") == "" || got.Get("state") != "state-1" {
		t.Errorf("pushed: %+v, %v", pushed, got)
	}
}

// Each rule about request objects, by GET and pushed; security-classes.md 4, 13:
// nobody is redirected to an address that only a refused object names.
func TestRequestObjectsAreRefused(t *testing.T) {
	b := signing(t, storagetest.Open(t))
	b.client(t, "autre", signsObjects)
	now := b.clock.Load()
	good := func(change map[string]any) map[string]any { return b.object(t, "signe", change) }
	sign := func(change map[string]any) string { return signObject(t, "ES256", "", "", good(change)) }
	raw := func(header, payload, signature string) string {
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + signature
	}
	text, err := json.Marshal(good(nil))
	if err != nil {
		t.Fatal(err)
	}
	ours := b.token(t, exchange(b.code(t, "loyers")), "loyers").ID
	logout, err := b.LogoutToken(t.Context(), "loyers", b.user.ID, b.session.ID)
	if err != nil {
		t.Fatal(err)
	}
	valid := sign(nil)
	objects := map[string]string{
		"no JWT":                  "x",
		"two parts":               "a.b",
		"five parts":              "a.b.c.d.e",
		"not base64url":           "a+.b/.c=",
		"padded":                  strings.Replace(valid, ".", "=.", 1),
		"JSON form":               `{"payload":"e30","protected":"e30","signature":""}`,
		"endless":                 valid + strings.Repeat("A", 16<<10),
		"endless inside":          sign(map[string]any{"x": strings.Repeat("x", 16<<10)}),
		"cut off":                 valid[:len(valid)-1],
		"changed":                 strings.Replace(valid, "."+strings.Split(valid, ".")[1], "."+strings.Split(sign(map[string]any{"scope": "openid profile"}), ".")[1], 1),
		"no alg":                  raw(`{}`, string(text), "AA"),
		"alg None":                raw(`{"alg":"None"}`, string(text), ""),
		"alg none with signature": raw(`{"alg":"none"}`, string(text), "AA"),
		"header is no JSON":       raw(`x`, string(text), "AA"),
		"header of a wrong type":  raw(`{"alg":5}`, string(text), "AA"),
		"HS256 with the secret":   hs256(t, good(nil)),
		"key inside":              raw(`{"alg":"ES256","jwk":{"kty":"oct","k":"AA"}}`, string(text), "AA"),
		"alg of another curve":    raw(`{"alg":"ES384"}`, string(text), strings.Split(valid, ".")[2]),
		"unknown kid":             signObject(t, "ES256", "", "other", good(nil)),
		"another key":             strangersObject(t, good(nil)),
		"crit":                    raw(`{"alg":"ES256","crit":["x"],"x":1}`, string(text), "AA"),
		"typ of an access token":  signObject(t, "ES256", "at+jwt", "", good(nil)),
		"typ of a logout token":   signObject(t, "ES256", "logout+jwt", "", good(nil)),
		"typ of a DPoP proof":     signObject(t, "ES256", "dpop+jwt", "", good(nil)),
		"an ID token":             ours,
		"a logout token":          logout,
		"a client assertion":      signObject(t, "ES256", "", "", map[string]any{"iss": "signe", "sub": "signe", "aud": issuer, "exp": now + 60, "jti": "x"}),
		"one with the parameters": sign(map[string]any{"sub": "signe"}),
		"no iss":                  sign(map[string]any{"iss": nil}),
		"another iss":             sign(map[string]any{"iss": "autre"}),
		"iss of a wrong type":     sign(map[string]any{"iss": []string{"signe"}}),
		"no aud":                  sign(map[string]any{"aud": nil}),
		"empty aud":               sign(map[string]any{"aud": []string{}}),
		"another aud":             sign(map[string]any{"aud": "https://evil.example"}),
		"aud with a slash":        sign(map[string]any{"aud": issuer + "/"}),
		"aud of a wrong type":     sign(map[string]any{"aud": 5}),
		"no client_id":            sign(map[string]any{"client_id": nil}),
		"another client_id":       sign(map[string]any{"client_id": "autre"}),
		"no exp":                  sign(map[string]any{"exp": nil}),
		"exp as text":             sign(map[string]any{"exp": "9999999999"}),
		"expired":                 sign(map[string]any{"exp": now - 10}),
		"not yet valid":           sign(map[string]any{"nbf": now + 11}),
		"from the future":         sign(map[string]any{"iat": now + 11}),
		"valid too long":          sign(map[string]any{"exp": now + 3601}),
		"too long without nbf":    sign(map[string]any{"exp": now + 3611, "nbf": nil}),
		"valid for ever":          sign(map[string]any{"exp": 1e300}),
		"request inside":          sign(map[string]any{"request": valid}),
		"request_uri inside":      sign(map[string]any{"request_uri": "urn:x"}),
		"scope as a list":         sign(map[string]any{"scope": []string{"openid"}}),
		"state as a number":       sign(map[string]any{"state": 5}),
		"max_age as a list":       sign(map[string]any{"max_age": []int{5}}),
		"half a second":           sign(map[string]any{"max_age": 0.5}),
		"claims as a list":        sign(map[string]any{"claims": []int{}}),
		"NUL":                     sign(map[string]any{"state": "a\x00b"}),
		"not an object":           signObject(t, "ES256", "", "", []byte(`[]`)),
		"no JSON":                 signObject(t, "ES256", "", "", []byte(`x`)),
		"nothing":                 signObject(t, "ES256", "", "", []byte(``)),
		"more than an object":     signObject(t, "ES256", "", "", append(text, '5')),
		"a member twice":          signObject(t, "ES256", "", "", append([]byte(`{"scope":"openid",`), text[1:]...)),
		"not UTF-8":               signObject(t, "ES256", "", "", append([]byte("{\"\xff\":\"\","), text[1:]...)),
		"many members":            sign(numbered(101)),
	}
	for name, object := range objects {
		wantRefusal(t, name+", address inside alone", b.get("/oauth2/authorize?"+byObject("signe", object, "state", "s").Encode()))
		wantRefusal(t, name+", bad address outside", b.get("/oauth2/authorize?"+byObject("signe", object, "redirect_uri", "https://evil.example/").Encode()))
		got, _ := b.authorize(t, byObject("signe", object, "redirect_uri", callback, "state", "state-1"))
		wantError(t, name, got, "invalid_request_object")
		wantRefused(t, name+", pushed", b.push(t, url.Values{"request": {object}}, "signe").tokens, 400, "invalid_request_object")
	}
	// An unsigned one is not supported, which certified clients want to be told so.
	for name, unsigned := range map[string]string{"alg none": unsignedObject(t, good(nil)), "alg none under two names": raw(`{"alg":"ES256","ALG":"none"}`, string(text), "")} {
		wantRefusal(t, name+", address inside alone", b.get("/oauth2/authorize?"+byObject("signe", unsigned).Encode()))
		got, _ := b.authorize(t, byObject("signe", unsigned, "redirect_uri", callback, "state", "state-1"))
		wantError(t, name, got, "request_not_supported")
		wantRefused(t, name+", pushed", b.push(t, url.Values{"request": {unsigned}}, "signe").tokens, 400, "request_not_supported")
	}
	// An object of one client is nothing to another, and needs its own keys.
	wantRefusal(t, "another client outside", b.get("/oauth2/authorize?"+byObject("autre", valid).Encode()))
	wantRefusal(t, "no client outside", b.get("/oauth2/authorize?"+byObject("", valid, "client_id", "-").Encode()))
	got, _ := b.authorize(t, byObject("loyers", signObject(t, "ES256", "", "", b.object(t, "loyers", nil)), "redirect_uri", callback, "state", "state-1"))
	wantError(t, "client without keys", got, "invalid_request_object")
	// The clocks may differ by ten seconds.
	for name, change := range map[string]map[string]any{
		"just expired": {"exp": now - 9, "nbf": nil, "iat": nil}, "just not valid": {"nbf": now + 10, "iat": now + 10}, "an hour": {"exp": now + 3600},
	} {
		if got, w := b.authorize(t, byObject("signe", sign(change))); got.Get("code") == "" {
			t.Errorf("%s: %d %v", name, w.Code, got)
		}
	}
	// What is wrong with the request itself is told where the object says.
	got, _ = b.authorize(t, byObject("signe", sign(map[string]any{"response_type": "token"})))
	wantError(t, "response_type inside", got, "unsupported_response_type")
	got, _ = b.authorize(t, byObject("signe", sign(map[string]any{"max_age": 1e300})))
	wantError(t, "max_age without end", got, "invalid_request")
	for _, uri := range corpus {
		if uri == "" {
			continue
		}
		wantRefusal(t, "redirect_uri "+uri, b.get("/oauth2/authorize?"+byObject("signe", sign(map[string]any{"redirect_uri": uri})).Encode()))
	}
}

func numbered(n int) map[string]any {
	members := map[string]any{}
	for i := range n {
		members["x"+strings.Repeat("x", i)] = i
	}
	return members
}

func hs256(t testing.TB, members any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secretOf)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(members)
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

// RFC 9101 §10.5, Reg §2: the registered alg and no other; none for who is
// registered for it, unless signing is required.
func TestRequestObjectAlgIsTheRegisteredOne(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, c := range []struct {
		id, alg  string
		required bool
		accepts  string
	}{
		{"any", "", false, "RS256 PS256 RS384 PS512 ES256 ES384 EdDSA Ed25519"},
		{"ps", "PS256", false, "PS256"},
		{"ed", "EdDSA", true, "EdDSA Ed25519"},
		{"curve", "Ed25519", true, "EdDSA Ed25519"},
		{"none", "none", false, "none"},
		{"contradiction", "none", true, ""},
		{"odd", "HS256", false, ""},
	} {
		b.client(t, c.id, func(s *storage.Client) {
			signsObjects(s)
			s.Metadata.RequestObjectSigningAlg, s.Metadata.RequireSignedRequestObject = c.alg, c.required
		})
		b.consents(t, c.id, "openid email")
		for _, alg := range []string{"RS256", "PS256", "RS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519", "none"} {
			object := unsignedObject(t, b.object(t, c.id, nil))
			if alg != "none" {
				object = signObject(t, alg, "", "", b.object(t, c.id, nil))
			}
			got, _ := b.authorize(t, byObject(c.id, object, "redirect_uri", callback))
			refusal := "invalid_request_object"
			if alg == "none" && c.alg == "" {
				refusal = "request_not_supported" // Core §3.1.2.6
			}
			if accepted := strings.Contains(" "+c.accepts+" ", " "+alg+" "); accepted != got.Has("code") || !accepted && got.Get("error") != refusal {
				t.Errorf("client %s, alg %s: %v", c.id, alg, got)
			}
		}
	}
	// What a registration says about alg holds for every spelling of its name.
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","ALG":"PS256"}`))
	text, err := json.Marshal(b.object(t, "ps", nil))
	if err != nil {
		t.Fatal(err)
	}
	input := header + "." + base64.RawURLEncoding.EncodeToString(text)
	sum := sha256.Sum256([]byte(input))
	signature, err := objectKeys()["RS256"].Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := b.authorize(t, byObject("ps", input+"."+base64.RawURLEncoding.EncodeToString(signature), "redirect_uri", callback, "state", "state-1"))
	wantError(t, "two algs", got, "invalid_request_object")
	for _, header := range []string{`{"alg":"none","crit":["x"],"x":1}`, `{"alg":"none","typ":"at+jwt"}`} {
		_, rest, _ := strings.Cut(unsignedObject(t, b.object(t, "none", nil)), ".")
		wantRefusal(t, header, b.get("/oauth2/authorize?"+byObject("none", base64.RawURLEncoding.EncodeToString([]byte(header))+"."+rest).Encode()))
	}
	// Nobody vouches for what an unsigned object says: it may leave out what a
	// signed one needs, and what it says must be right.
	bare := map[string]any{"iss": nil, "aud": nil, "exp": nil, "nbf": nil, "iat": nil}
	if got, _ := b.authorize(t, byObject("none", unsignedObject(t, b.object(t, "none", bare)))); got.Get("code") == "" {
		t.Errorf("bare: %v", got)
	}
	for name, value := range map[string]any{"iss": "x", "aud": "x", "exp": 5, "client_id": "any"} {
		wantRefusal(t, name, b.get("/oauth2/authorize?"+byObject("none", unsignedObject(t, b.object(t, "none", map[string]any{name: value}))).Encode()))
	}
}

// fosite.md item 20: an object without openid in the query was ignored.
func TestRequestObjectIsNeverIgnored(t *testing.T) {
	b := signing(t, storagetest.Open(t))
	for _, pairs := range [][]string{{"scope", "email"}, {"scope", "-"}, {"response_type", "token"}, {"prompt", "none"}} {
		got, _ := b.authorize(t, with(asks("signe", "request", "x"), pairs...))
		wantError(t, strings.Join(pairs, "="), got, "invalid_request_object")
	}
	twice := asks("signe")
	twice["request"] = []string{"a", "b"}
	got, _ := b.authorize(t, twice)
	wantError(t, "request twice", got, "invalid_request")
}
