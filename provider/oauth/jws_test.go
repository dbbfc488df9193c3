package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v3"
)

// Whoever verifies what we sign does it with a library: here with go-jose,
// which also says what the header looks like.
func TestJWTsAreThoseOfALibrary(t *testing.T) {
	keys := privateKeys(t)
	payload := []byte(`{"sub":"é \"x\""}`)
	for _, alg := range algorithms {
		key := keys[alg]
		for _, typ := range []string{"JWT", accessType, ""} {
			ours, err := newSigner(alg, "es256-1", key)
			if err != nil {
				t.Fatal(err)
			}
			options := &jose.SignerOptions{}
			if typ != "" {
				options.WithType(jose.ContentType(typ))
			}
			theirs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: key, KeyID: "es256-1"}}, options)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := theirs.Sign(payload)
			if err != nil {
				t.Fatal(err)
			}
			want, err := signed.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			for range 300 { // numbers of ECDSA are shorter now and then
				got, err := ours.sign(typ, payload)
				if err != nil {
					t.Fatal(err)
				}
				parsed, err := jose.ParseSigned(got)
				if err != nil {
					t.Fatal(alg, got, err)
				}
				read, err := parsed.Verify(key.Public())
				if err != nil || string(read) != string(payload) {
					t.Fatalf("%s %q: %s says %q, %v", alg, typ, got, read, err)
				}
				if signing, _, _ := strings.Cut(want[strings.Index(want, ".")+1:], "."); !strings.HasPrefix(got, want[:strings.Index(want, ".")]+"."+signing+".") {
					t.Fatalf("%s %q: got %s, want %s", alg, typ, got, want)
				}
				if alg[:2] == "RS" || alg[:2] == "PS" {
					break // slow, and always of one length
				}
			}
		}
	}
}

// RFC 8725 §3.1: a key is for one algorithm.
func TestAKeySignsItsOwnAlgorithm(t *testing.T) {
	keys := privateKeys(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys["P-384"] = p384
	fits := map[string]string{"RS256": "RS256 PS256", "PS256": "RS256 PS256", "ES256": "ES256", "EdDSA": "EdDSA"}
	for name, key := range keys {
		for _, alg := range append(Algorithms(), "none", "HS256", "ES384", "") {
			_, err := newSigner(alg, "k", key)
			if fit := alg != "" && strings.Contains(fits[name], alg); (err == nil) != fit {
				t.Errorf("key of %s for %q: %v", name, alg, err)
			}
		}
	}
}

func privateKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"RS256": rsaKey, "PS256": rsaKey, "ES256": ecKey, "EdDSA": edKey}
}

func BenchmarkSign(b *testing.B) {
	payload := []byte(strings.Repeat("x", 400))
	for alg, key := range privateKeys(b) {
		s, err := newSigner(alg, "es256-1", key)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.sign("JWT", payload); err != nil {
					b.Fatal(err)
				}
			}
		})
		theirs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: key, KeyID: "es256-1"}}, (&jose.SignerOptions{}).WithType("JWT"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(alg+"-jose", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				signed, _ := theirs.Sign(payload)
				_, _ = signed.CompactSerialize()
			}
		})
	}
}
