package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	xoauth2 "golang.org/x/oauth2"

	"loge/provider/oauth"
	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

// claims of an ID token, read without verification; relyingParty verifies.
type claims struct {
	Subject  string `json:"sub"`
	AuthTime int64  `json:"auth_time"`
	Issued   int64  `json:"iat"`
	all      map[string]any
	header   map[string]any
}

func idToken(t *testing.T, token string) (c claims) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("ID token %q", token)
	}
	for i, into := range map[int][]any{0: {&c.header}, 1: {&c, &c.all}} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range into {
			if err := json.Unmarshal(text, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

// unsigned is the same token with "alg":"none".
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
}

// inProcess sends a client's requests straight to the provider.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// openid-provider.md §9 as a real relying party sees it: golang.org/x/oauth2
// with PKCE, go-oidc for discovery, signature, nonce, at_hash and userinfo.
func TestRelyingPartyVerifiesIDTokens(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		for id, alg := range map[string]string{"es": "ES256", "ps": "PS256", "ed": "EdDSA"} {
			b.client(t, id, func(c *storage.Client) { c.IDTokenAlg, c.AuthMethod = alg, storage.AuthNone })
			b.consents(t, id, "openid email profile")
		}
		ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: inProcess{b.handler}})
		provider, err := oidc.NewProvider(ctx, issuer)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ id, alg, secret string }{{"loyers", "RS256", secretOf}, {"es", "ES256", ""}, {"ps", "PS256", ""}, {"ed", "EdDSA", ""}} {
			rp := xoauth2.Config{ClientID: c.id, ClientSecret: c.secret, Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: []string{"openid", "email", "profile"}}
			nonce, proof := "n-"+c.id, xoauth2.GenerateVerifier()
			w := b.get(rp.AuthCodeURL("st", oidc.Nonce(nonce), xoauth2.S256ChallengeOption(proof)))
			token, err := rp.Exchange(ctx, answered(t, w).Get("code"), xoauth2.VerifierOption(proof))
			if err != nil {
				t.Fatalf("%s: %v", c.id, err)
			}
			raw, _ := token.Extra("id_token").(string)
			verified, err := provider.Verifier(&oidc.Config{ClientID: c.id, Now: b.Now, SupportedSigningAlgs: []string{c.alg}}).Verify(ctx, raw)
			if err != nil {
				t.Fatalf("%s: %v", c.id, err)
			}
			if verified.Nonce != nonce || verified.Subject == "" || len(verified.Subject) > 255 {
				t.Errorf("%s: %+v", c.id, verified)
			}
			if err := verified.VerifyAccessToken(token.AccessToken); err != nil {
				t.Errorf("%s: at_hash: %v", c.id, err)
			}
			info, err := provider.UserInfo(ctx, xoauth2.StaticTokenSource(token))
			if err != nil || info.Subject != verified.Subject || info.Email != b.user.Email || !info.EmailVerified {
				t.Errorf("%s: userinfo %+v, %v", c.id, info, err)
			}
		}
	})
}

// openid-provider.md §9: lean, with kid, aud the client, nonce only if sent.
func TestIDTokenHoldsWhatItMustAndNoMore(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "public-sub", func(c *storage.Client) { c.SubjectType = storage.SubjectPublic })
	b.consents(t, "public-sub", "openid email")
	got := idToken(t, b.token(t, exchange(b.code(t, "loyers", "scope", "openid profile email phone bailleur")), "loyers").ID)
	want := []string{"acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"}
	if names := slices.Sorted(maps.Keys(got.all)); !slices.Equal(names, want) {
		t.Errorf("claims %v, want %v", names, want)
	}
	if got.all["iss"] != issuer || got.all["aud"] != "loyers" || got.all["nonce"] != "nonce-1" || got.all["sid"] != b.session.ID ||
		got.all["exp"].(float64)-got.all["iat"].(float64) != 300 || got.all["amr"].([]any)[0] != "pwd" || got.all["acr"] == "" {
		t.Errorf("claims %v", got.all)
	}
	if got.header["alg"] != "RS256" || got.header["kid"] == "" || got.header["typ"] != "JWT" || len(got.header) != 3 {
		t.Errorf("header %v", got.header)
	}
	for _, nonce := range []string{"-", "n", "12345", strings.Repeat("n", 512), "é \"\\"} { // fosite.md item 4: short ones too
		got := idToken(t, b.token(t, exchange(b.code(t, "loyers", "nonce", nonce)), "loyers").ID)
		if sent, has := got.all["nonce"]; has != (nonce != "-") || has && sent != nonce {
			t.Errorf("nonce %.10q came back as %v", nonce, sent)
		}
	}
}

// openid-provider.md §9; the identifier never leaves.
func TestSubjectIsPairwiseBySector(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		for id, change := range map[string]func(*storage.Client){
			"same-sector": func(c *storage.Client) { c.Sector = "loyers.example" },
			"by-host":     func(c *storage.Client) { c.Sector = "" },
			"other":       nil,
			"public-1":    func(c *storage.Client) { c.SubjectType = storage.SubjectPublic },
			"public-2":    func(c *storage.Client) { c.SubjectType, c.Sector = storage.SubjectPublic, "x.example" },
		} {
			b.client(t, id, change)
			b.consents(t, id, "openid email")
		}
		sub := func(b *browser, id string) string {
			got := b.token(t, exchange(b.code(t, id)), id)
			info, _ := b.userinfo(t, got.Access)
			s := idToken(t, got.ID).Subject
			if info["sub"] != s || strings.Contains(s, b.user.Identifier) || s == b.user.ID {
				t.Errorf("%s: sub %s in the ID token, %v at userinfo", id, s, info["sub"])
			}
			return s
		}
		loyers := sub(b, "loyers")
		if sub(b, "same-sector") != loyers || sub(b, "by-host") != loyers || sub(b, "loyers") != loyers {
			t.Error("clients of one sector see different subs")
		}
		if other := sub(b, "other"); other == loyers || other == sub(b, "public-1") {
			t.Error("clients of two sectors see the same sub")
		}
		if sub(b, "public-1") != sub(b, "public-2") {
			t.Error("public subs differ")
		}
		somebody := b.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
		if sub(somebody, "loyers") == loyers {
			t.Error("two persons have one sub")
		}
		// Another replica, the same master secret: the same sub.
		replica := newOP(t, db)
		got := replica.token(t, exchange(b.code(t, "loyers")), "loyers")
		if idToken(t, got.ID).Subject != loyers {
			t.Error("another replica gives another sub")
		}
	})
}

// openid-provider.md §2; fosite.md item 28.
func TestKeySet(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		type key struct{ Kty, Kid, Alg, Use, N, E, Crv, X, Y string }
		read := func(o *op) (list []key, raw string) {
			w := o.handlerGet(nil, "/oauth2/jwks")
			var set struct{ Keys []key }
			if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Code != 200 {
				t.Fatalf("%d %v", w.Code, err)
			}
			return set.Keys, w.Body.String()
		}
		keys, raw := read(b.op)
		kids := map[string]bool{}
		for _, k := range keys {
			kids[k.Kid] = true
		}
		if len(keys) != 4 || len(kids) != 4 {
			t.Fatalf("keys %s", raw)
		}
		for _, private := range []string{`"d"`, `"p"`, `"q"`, `"dp"`, `"dq"`, `"qi"`, `"k"`, "="} {
			if strings.Contains(raw, private) {
				t.Errorf("key set holds %s", private)
			}
		}
		for _, k := range keys {
			if k.Kid == "" || k.Use != "sig" || (k.Alg == "RS256" || k.Alg == "PS256") && (k.Kty != "RSA" || len(k.N) != 342 || k.E == "") ||
				k.Alg == "EdDSA" && (k.Kty != "OKP" || k.Crv != "Ed25519" || len(k.X) != 43) || k.Alg == "ES256" && (k.Crv != "P-256" || len(k.X) != 43 || len(k.Y) != 43) {
				t.Errorf("key %+v", k)
			}
		}
		if again, _ := read(newOP(t, db)); !slices.Equal(keys, again) {
			t.Error("a second start publishes other keys")
		}
		stored, err := db.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range stored {
			if strings.Contains(string(k.Sealed), k.KID) || len(k.Sealed) < 60 {
				t.Errorf("key %s is not sealed", k.KID)
			}
		}
	})
}

// A new generation is published at once everywhere, signs when it begins, and
// tokens of the one before still verify.
func TestKeyRotation(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	before := b.token(t, exchange(b.code(t, "loyers")), "loyers").ID
	next, err := b.NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	next.Generation, next.SignsFrom = 2, b.at()+600
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.AddSigningKey(ctx, next) })
	b.advance(61 * time.Second)
	if w := b.handlerGet(nil, "/oauth2/jwks"); !strings.Contains(w.Body.String(), next.KID) {
		t.Error("the next key is not published a minute later")
	}
	if kid := idToken(t, b.token(t, exchange(b.code(t, "loyers")), "loyers").ID).header["kid"]; kid == next.KID {
		t.Error("the next key signs before its time")
	}
	b.advance(10 * time.Minute)
	b.handlerGet(nil, "/oauth2/jwks")
	if kid := idToken(t, b.token(t, exchange(b.code(t, "loyers")), "loyers").ID).header["kid"]; kid != next.KID {
		t.Errorf("key %v signs, want %s", kid, next.KID)
	}
	if got, _ := b.authorize(t, asks("loyers", "id_token_hint", before, "prompt", "none")); got.Get("code") == "" {
		t.Errorf("a hint signed by the key before: %v", got)
	}
	ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: inProcess{b.handler}})
	verifier := oidc.NewVerifier(issuer, oidc.NewRemoteKeySet(ctx, issuer+"/oauth2/jwks"), &oidc.Config{ClientID: "loyers", SkipExpiryCheck: true})
	if _, err := verifier.Verify(ctx, before); err != nil {
		t.Errorf("a token signed by the key before: %v", err)
	}
}

// Another master secret opens no key: the start says so instead of making new
// ones.
func TestStartWithAnotherMasterSecretFails(t *testing.T) {
	db := storagetest.Open(t)
	o := newOP(t, db)
	master, err := secret.NewMaster([]byte(strings.ToUpper(masterBytes)))
	if err != nil {
		t.Fatal(err)
	}
	other := &oauth.Provider{DB: db, Issuer: issuer, Master: master, Now: o.Now, Log: o.Log}
	if err := other.Start(t.Context()); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("start: %v, want ErrSealed", err)
	}
}
