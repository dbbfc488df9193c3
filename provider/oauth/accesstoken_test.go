package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/google/go-cmp/cmp"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

// legible registers a client whose access tokens are JWTs, signed with alg.
func legible(alg string) func(*storage.Client) {
	return func(c *storage.Client) {
		offline(c)
		c.GrantTypes += " client_credentials"
		c.Scopes += " quittances:lire"
		c.IDTokenAlg, c.Metadata.AccessTokenFormat = alg, storage.FormatJWT
	}
}

// legibleAway is the usual world with such a client, id "loyers".
func legibleAway(t testing.TB, db *storage.DB, alg string) *browser {
	t.Helper()
	o := newOP(t, db)
	o.client(t, "loyers", legible(alg))
	return o.person(t, nil).signIn(t).consents(t, "loyers", everything+" offline_access")
}

// verified checks the signature of one of our JWTs: exactly one published key fits.
func (o *op) verified(t *testing.T, token string) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(o.handlerGet(nil, "/oauth2/jwks").Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSigned(token)
	if err != nil {
		t.Fatalf("%v: %s", err, token)
	}
	header := signed.Signatures[0].Protected
	fit := 0
	for _, k := range set.Keys {
		if k.KeyID == header.KeyID && k.Algorithm == header.Algorithm && k.Use == "sig" {
			fit++
			if _, err := signed.Verify(k); err != nil {
				t.Errorf("signature: %v", err)
			}
		}
	}
	if fit != 1 {
		t.Errorf("%d keys fit %+v, want one", fit, header)
	}
}

// RFC 9068, from each grant, with each algorithm, at each endpoint.
func TestJWTAccessTokens(t *testing.T) {
	for _, alg := range oauth.Algorithms() {
		t.Run(alg, func(t *testing.T) {
			storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
				b := legibleAway(t, db, alg)
				first := b.family(t, "loyers")
				b.advance(time.Minute)
				second := b.token(t, refreshes(first.Refresh), "loyers")
				robot := b.token(t, url.Values{"grant_type": {"client_credentials"}}, "loyers")
				now := float64(b.clock.Load())
				person := map[string]any{"iss": issuer, "sub": idToken(t, first.ID).Subject, "aud": issuer, "client_id": "loyers", "scope": offlineScope,
					"auth_time": now - 60, "acr": "urn:loge:acr:password", "amr": []any{"pwd"}}
				ids := map[any]bool{}
				for what, c := range map[string]struct {
					token  string
					issued float64
					want   map[string]any
				}{
					"code": {first.Access, now - 60, person}, "refresh": {second.Access, now, person},
					"client_credentials": {robot.Access, now, map[string]any{"iss": issuer, "sub": "loyers", "aud": issuer, "client_id": "loyers", "scope": "quittances:lire"}},
				} {
					b.verified(t, c.token)
					got := idToken(t, c.token)
					if got.header["typ"] != "at+jwt" || got.header["alg"] != alg || len(got.header) != 3 {
						t.Errorf("%s: header %v", what, got.header)
					}
					jti, _ := got.all["jti"].(string)
					if len(jti) < 22 || ids[jti] {
						t.Errorf("%s: jti %q", what, jti)
					}
					ids[jti] = true
					want := maps.Clone(c.want)
					want["iat"], want["exp"], want["jti"] = c.issued, c.issued+3600, jti
					if diff := cmp.Diff(want, got.all); diff != "" {
						t.Errorf("%s (-want +got):\n%s", what, diff)
					}
					delete(want, "amr") // RFC 9470 §6.2 has acr and auth_time only
					want["active"], want["token_type"], want["aud"], want["nbf"] = true, "Bearer", []any{issuer}, c.issued
					if diff := cmp.Diff(want, b.introspect(t, c.token, "loyers")); diff != "" {
						t.Errorf("%s: introspection (-want +got):\n%s", what, diff)
					}
					b.lives(t, what, c.token, what != "client_credentials")
				}
				verifier, ctx := b.verifier(t, "loyers")
				for what, pair := range map[string]tokens{"code": first, "refresh": second} {
					verified, err := verifier.Verify(ctx, pair.ID)
					if err == nil {
						err = verified.VerifyAccessToken(pair.Access)
					}
					if err != nil {
						t.Errorf("%s: ID token and its at_hash: %v", what, err)
					}
				}
				for what, token := range map[string]string{"code": first.Access, "client_credentials": robot.Access} {
					if got := b.post(t, "/oauth2/revoke", token, "loyers"); got.status != 200 {
						t.Errorf("%s: revocation %+v", what, got)
					}
					inactive(t, what+": revoked", b.introspect(t, token, "loyers"))
					b.lives(t, what+": revoked", token, false)
				}
				b.lives(t, "the other one", second.Access, true)
				b.advance(time.Hour)
				b.lives(t, "expired", second.Access, false)
				inactive(t, "expired", b.introspect(t, second.Access, "loyers"))
			})
		})
	}
}

// fosite.md item 33: what we sign for one purpose serves no other.
func TestSignedTokensAreNotTakenForOneAnother(t *testing.T) {
	for _, alg := range oauth.Algorithms() {
		b := legibleAway(t, storagetest.Open(t), alg)
		b.write(t, func(ctx context.Context, q *storage.Queries) error {
			c, err := q.Client(ctx, "loyers")
			c.Metadata.UserinfoSignedResponseAlg, c.Metadata.IntrospectionSignedResponseAlg = alg, alg
			if err != nil {
				return err
			}
			return q.SaveClient(ctx, c)
		})
		got := b.family(t, "loyers")
		logout, err := b.LogoutToken(t.Context(), "loyers", b.user.ID, b.session.ID)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/oauth2/userinfo", nil)
		r.Header.Set("Authorization", "Bearer "+got.Access)
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		signedClaims := w.Body.String()
		introspected := b.postForm("/oauth2/introspect", url.Values{"token": {got.Access}}, "loyers").Body.String()
		for what, token := range map[string]string{"ID token": got.ID, "logout token": logout, "userinfo": signedClaims, "introspection": introspected,
			"unsigned": unsigned(got.Access), "refresh token": got.Refresh} {
			if strings.Count(token, ".") < 1 {
				t.Fatalf("%s: %q", what, token)
			}
			b.lives(t, alg+": "+what+" as access token", token, false)
			if what != "refresh token" {
				answer := b.postForm("/oauth2/introspect", url.Values{"token": {token}}, "loyers").Body.String()
				if !strings.Contains(payloadOf(t, answer), `"token_introspection":{"active":false}`) {
					t.Errorf("%s: introspection of %s: %s", alg, what, payloadOf(t, answer))
				}
			}
		}
		for what, token := range map[string]string{"access token": got.Access, "logout token": logout, "userinfo": signedClaims, "introspection": introspected} {
			if answer, _ := b.authorize(t, asks("loyers", "id_token_hint", token, "prompt", "none")); answer.Get("error") != "invalid_request" {
				t.Errorf("%s: %s as id_token_hint: %v", alg, what, answer)
			}
		}
		if answer, _ := b.authorize(t, asks("loyers", "id_token_hint", got.ID, "prompt", "none")); answer.Get("code") == "" {
			t.Errorf("%s: the ID token as hint: %v", alg, answer)
		}
	}
}

func payloadOf(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every place of the token, with a character of every kind.
func TestAlteredJWTAccessTokensAreRefused(t *testing.T) {
	b := legibleAway(t, storagetest.Open(t), "ES256")
	good := b.family(t, "loyers").Access
	b.lives(t, "as issued", good, true)
	for i := range good {
		for _, c := range []string{"A", "a", "0", "-", "_", ".", "=", "+", "/", " ", "\n", "\x00", "é", ""} {
			if good[i:i+1] == c {
				continue
			}
			altered := good[:i] + c + good[i+1:]
			if key := b.AccessKey(t.Context(), altered); key != "" {
				t.Fatalf("place %d, %q: accepted", i, c)
			}
		}
	}
	for what, token := range map[string]string{"with more": good + "A", "with a fourth part": good + ".x", "JSON": `{"payload":"x","signatures":[]}`, "too long": strings.Repeat("A", 10000),
		"header alone": strings.Split(good, ".")[0], "line break at the end": good + "\n"} {
		if b.AccessKey(t.Context(), token) != "" {
			t.Errorf("%s: accepted", what)
		}
		inactive(t, what, b.introspect(t, token, "loyers"))
	}

	// Signed by a key of somebody else, by another provider of the same secret
	// but another issuer, or by a key that was withdrawn.
	foreign := legibleAway(t, storagetest.Open(t), "ES256")
	b.lives(t, "another provider's", foreign.family(t, "loyers").Access, false)
	if err := b.KeyChanges().Replace(t.Context(), "ES256"); err != nil {
		t.Fatal(err)
	}
	b.advance(2 * time.Minute)
	b.lives(t, "under a withdrawn key", good, false)
	b.lives(t, "under the new key", b.family(t, "loyers").Access, true)
}

// A token lives on while its key's successor signs.
func TestJWTAccessTokensOutliveTheirKeysTurn(t *testing.T) {
	for _, alg := range oauth.Algorithms() {
		b := legibleAway(t, storagetest.Open(t), alg)
		b.haveKeys(t)
		if err := b.KeyChanges().Announce(t.Context(), alg); err != nil {
			t.Fatal(err)
		}
		b.advance(oauth.KeyLead - time.Minute)
		before := b.signIn(t).family(t, "loyers")
		b.advance(2 * time.Minute)
		after := b.family(t, "loyers")
		if idToken(t, before.Access).header["kid"] == idToken(t, after.Access).header["kid"] {
			t.Errorf("%s: the key has not changed", alg)
		}
		b.lives(t, alg+" before", before.Access, true)
		b.lives(t, alg+" after", after.Access, true)
		b.verified(t, before.Access)
	}
}

// Whatever is shown as an access token is a protocol error, never a 5xx, and
// opens nothing.
func FuzzJWTAccessToken(f *testing.F) {
	b := legibleAway(f, storagetest.Open(f), "ES256")
	good := b.family(f, "loyers").Access
	f.Add(good)
	f.Add(unsigned(good))
	f.Add(strings.ToUpper(good))
	f.Add("eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if token == good {
			return
		}
		if key := b.AccessKey(t.Context(), token); key != "" {
			t.Errorf("%q is taken for %s", token, key)
		}
		w := b.postForm("/oauth2/introspect", url.Values{"token": {token}}, "loyers")
		if w.Code != 200 && w.Code != 400 || w.Code == 200 && strings.TrimSpace(w.Body.String()) != `{"active":false}` {
			t.Errorf("%q: introspection %d %s", token, w.Code, w.Body)
		}
		w = b.postForm("/oauth2/userinfo", url.Values{"access_token": {token}}, "")
		if w.Code != 401 && w.Code != 400 {
			t.Errorf("%q: userinfo %d %s", token, w.Code, w.Body)
		}
	})
}
