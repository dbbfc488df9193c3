package oauth_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v3"
)

// thumbprint is the jkt of a key.
func (k clientKey) thumbprint(t testing.TB) string {
	t.Helper()
	sum, err := (&jose.JSONWebKey{Key: k.private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// proves are the claims of a good proof; change may add, replace, or remove by
// nil.
func (o *op) proves(method, path string, change map[string]any) map[string]any {
	claims := map[string]any{"htm": method, "htu": issuer + path, "iat": o.clock.Load(), "jti": fmt.Sprint("jti-", jti.Add(1))}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// proof signs claims as a DPoP proof; headers may replace those of a good one,
// or remove them by nil.
func (k clientKey) proof(t testing.TB, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	if k.alg == "Ed25519" {
		return renamed(t, k.private.(ed25519.PrivateKey), clientKey{"EdDSA", k.kid, k.private}.proof(t, claims, headers))
	}
	all := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: k.private.Public()}}
	maps.Copy(all, headers)
	maps.DeleteFunc(all, func(_ jose.HeaderKey, v any) bool { return v == nil })
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: k.private}, &jose.SignerOptions{ExtraHeaders: all})
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

// postProven posts a form with these DPoP headers, as clientID by Basic unless
// it is empty.
func (o *op) postProven(t testing.TB, path string, form url.Values, clientID string, proofs ...string) tokens {
	t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header["Dpop"] = proofs
	if clientID != "" {
		r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secretOf))
	}
	return o.send(t, r)
}

// proven posts to the token endpoint with a good proof.
func (o *op) proven(t testing.TB, form url.Values, clientID string, k clientKey) tokens {
	t.Helper()
	return o.postProven(t, "/oauth2/token", form, clientID, k.proof(t, o.proves("POST", "/oauth2/token", nil), nil))
}

// asksUserInfo asks userinfo, with the scheme and these DPoP headers.
func (o *op) asksUserInfo(t testing.TB, scheme, token string, proofs ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", "/oauth2/userinfo", nil)
	r.Header = http.Header{"Authorization": {scheme + " " + token}, "Dpop": proofs}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

func ath(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
