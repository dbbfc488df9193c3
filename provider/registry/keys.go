package registry

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"loge/provider/outbound"
	"loge/storage"
)

const (
	maxKeys    = 20
	maxJWKS    = 64 << 10 // bytes
	minModulus = 256      // bytes of an RSA modulus: 2048 bits
)

// secretMembers hold a private or a symmetric key (RFC 7518 §6).
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// checkKeys checks the client's public keys, and that whoever signs has some.
func checkKeys(c storage.Client, faults *Faults) {
	m := c.Metadata
	if m.JWKSURI != "" {
		if err := outbound.CheckAddress(m.JWKSURI, true); err != nil {
			faults.add("jwks_uri", "jwks_uri %q: %v", shorten(m.JWKSURI), err)
		}
	}
	if len(m.JWKS) > 0 {
		checkJWKS(m.JWKS, faults)
	}
	has := len(m.JWKS) > 0 || m.JWKSURI != ""
	switch {
	case len(m.JWKS) > 0 && m.JWKSURI != "":
		faults.add("jwks", "keys: jwks or jwks_uri, not both")
	case !has && (c.AuthMethod == storage.AuthPrivateKeyJWT || c.AuthMethod == storage.AuthSelfSignedTLS):
		faults.add("jwks", "keys: %s needs jwks or jwks_uri", c.AuthMethod)
	case !has && (m.RequireSignedRequestObject || m.RequestObjectSigningAlg != "" && m.RequestObjectSigningAlg != "none"):
		faults.add("jwks", "keys: signed request objects need jwks or jwks_uri")
	}
	if m.RequestObjectSigningAlg == "none" && m.RequireSignedRequestObject {
		faults.add("request_object_signing_alg", "request_object_signing_alg none: contradicts require_signed_request_object")
	}
	if m.TokenEndpointAuthSigningAlg != "" && c.AuthMethod != storage.AuthPrivateKeyJWT {
		faults.add("token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg: goes with the authentication private_key_jwt only")
	}
}

// checkJWKS wants public keys that somebody can use (RFC 7517 §5). Keys of a
// kind that is not known here are no fault: they are left alone.
func checkJWKS(raw json.RawMessage, faults *Faults) {
	const field = "jwks"
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	switch err := json.Unmarshal(raw, &set); {
	case len(raw) > maxJWKS:
		faults.add(field, "jwks: more than %d bytes", maxJWKS)
	case err != nil || set.Keys == nil:
		faults.add(field, `jwks: not a key set; it begins with {"keys": [`)
	case len(set.Keys) == 0:
		faults.add(field, "jwks: no key in it")
	case len(set.Keys) > maxKeys:
		faults.add(field, "jwks: more than %d keys", maxKeys)
	}
	seen := map[string]bool{}
	for i, key := range set.Keys[:min(len(set.Keys), maxKeys)] {
		member := func(name string) string { text, _ := key[name].(string); return text }
		kid := member("kid")
		if slices.ContainsFunc(secretMembers, func(name string) bool { _, has := key[name]; return has }) || member("kty") == "oct" {
			faults.add(field, "jwks: key %d is private or symmetric: make a new pair, and give its public half only", i+1)
			continue
		}
		if kid != "" && seen[kid] {
			faults.add(field, "jwks: kid %q is there twice", shorten(kid))
		}
		seen[kid] = true
		switch member("kty") {
		case "RSA":
			if n, e := decoded(member("n")), decoded(member("e")); len(n) < minModulus || len(e) == 0 {
				faults.add(field, "jwks: key %d: an RSA key has n of 2048 bits or more, and e", i+1)
			}
		case "EC":
			if len(decoded(member("x"))) == 0 || len(decoded(member("y"))) == 0 || !strings.HasPrefix(member("crv"), "P-") {
				faults.add(field, "jwks: key %d: an EC key has crv, x and y", i+1)
			}
		case "OKP":
			if len(decoded(member("x"))) == 0 || member("crv") == "" {
				faults.add(field, "jwks: key %d: an OKP key has crv and x", i+1)
			}
		case "":
			faults.add(field, "jwks: key %d has no kty", i+1)
		}
	}
}

// decoded is base64url without padding; nil for anything else.
func decoded(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}
