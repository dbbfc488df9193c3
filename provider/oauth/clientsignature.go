package oauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/registry"
)

// clientAlgs are what clients may sign with: assertions, request objects, DPoP
// proofs. Libraries take the one that the key at hand suggests, whatever
// discovery prefers, so every sound one is read.
var clientAlgs = registry.ClientAlgorithms

// algName makes one of the two names of Ed25519: RFC 8037 has EdDSA, RFC 9864
// calls it by its curve.
func algName(alg string) string {
	if alg == "Ed25519" {
		return string(jose.EdDSA)
	}
	return alg
}

// openSigned verifies a JWS in compact form with a key that signs said fits its
// alg, and returns the payload.
func openSigned(text string, signed *jose.JSONWebSignature, key any) ([]byte, error) {
	if signed.Signatures[0].Protected.Algorithm != "Ed25519" {
		return signed.Verify(key)
	}
	// go-jose knows the older name only.
	if k, ok := key.(jose.JSONWebKey); ok {
		key = k.Key
	}
	public, ok := key.(ed25519.PublicKey)
	end := strings.LastIndexByte(text, '.')
	if !ok || end < 0 || !ed25519.Verify(public, []byte(text[:end]), signed.Signatures[0].Signature) {
		return nil, errSignature
	}
	return signed.UnsafePayloadWithoutVerification(), nil
}

var errSignature = errors.New("the signature is not of this key")

// curves are the curves of the algorithms that name one.
var curves = map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

// signs says whether a public key is of the kind that alg needs, and strong
// enough.
func signs(key any, alg string) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")) && k.N.BitLen() >= minRSABits && k.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey:
		return curves[alg] == k.Curve.Params().Name
	case ed25519.PublicKey:
		return algName(alg) == string(jose.EdDSA)
	}
	return false
}
