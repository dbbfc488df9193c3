package oauth_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/oauth"
	"loge/storage"
)

func generated[K any](t testing.TB, make func() (K, error)) K {
	t.Helper()
	key, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fosite.md item 13: a key counts without "use", and all that fit are tried.
func TestKeysOfAClientThatFitASignature(t *testing.T) {
	rsaKey := generated(t, func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	short := generated(t, func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) })
	p256 := generated(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	p384 := generated(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) })
	edwards := generated(t, func() (ed25519.PublicKey, error) { k, _, err := ed25519.GenerateKey(rand.Reader); return k, err })
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{KeyID: "rsa", Key: rsaKey.Public(), Use: "sig"},
		{KeyID: "ps", Key: rsaKey.Public(), Algorithm: "PS256"},
		{Key: p256.Public()},
		{KeyID: "ed", Key: edwards},
		{KeyID: "enc", Key: p256.Public(), Use: "enc"},
		{KeyID: "short", Key: short.Public()},
		{KeyID: "p384", Key: p384.Public()},
		{KeyID: "private", Key: p256},
		{KeyID: "symmetric", Key: []byte("0123456789abcdef0123456789abcdef")},
	}}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `{"keys":[`, `{"keys":[{"kty":"AKP","kid":"later","alg":"ML-DSA-44","pub":"x"},7,`, 1))
	for _, tt := range []struct{ kid, alg, want string }{
		{"", "RS256", "[rsa]"},
		{"", "PS256", "[rsa ps]"},
		{"ps", "PS256", "[ps]"},
		{"ps", "RS256", "[]"},
		{"", "ES256", "[-]"},
		{"x", "ES256", "[-]"},
		{"ed", "EdDSA", "[ed]"},
		{"rsa", "EdDSA", "[]"},
		{"", "HS256", "[]"},
		{"", "none", "[]"},
		{"", "", "[]"},
	} {
		keys, err := (&oauth.Provider{}).ClientKeys(t.Context(), storage.Client{Metadata: storage.ClientMetadata{JWKS: text}}, tt.kid, tt.alg)
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, key := range keys {
			ids = append(ids, cmp.Or(key.KeyID, "-"))
		}
		if got := fmt.Sprint(ids); got != tt.want {
			t.Errorf("kid %q, alg %s: %s, want %s", tt.kid, tt.alg, got, tt.want)
		}
	}
	many := `{"keys":[` + strings.Repeat(`{},`, 20) + `{}]}`
	for _, bad := range []string{`[]`, `{"keys":{}}`, `"x"`, many, `{"x":"` + strings.Repeat("x", 64<<10) + `"}`} {
		if _, err := (&oauth.Provider{}).ClientKeys(t.Context(), storage.Client{Metadata: storage.ClientMetadata{JWKS: json.RawMessage(bad)}}, "", "RS256"); err == nil {
			t.Errorf("key set %.40s is accepted", bad)
		}
	}
	if keys, err := (&oauth.Provider{}).ClientKeys(t.Context(), storage.Client{}, "", "RS256"); err != nil || len(keys) != 0 {
		t.Errorf("client without keys: %v %v", keys, err)
	}
}
