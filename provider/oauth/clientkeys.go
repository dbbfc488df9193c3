package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// Bounds on the key set of a client.
const (
	maxClientJWKS = 64 << 10 // bytes
	maxClientKeys = 20
	minRSABits    = 2048
	maxRSABits    = 8192 // what one verification may cost
)

// clientKeys returns the public keys of a client that a signature with this kid
// and alg may have been made with; kid "" is none named. There may be several,
// all of which are to be tried, and there may be none. Where the client names a
// jwks_uri, a kid that is not in it makes it be fetched again.
func (p *Provider) clientKeys(ctx context.Context, c storage.Client, kid, alg string) ([]jose.JSONWebKey, error) {
	keys, err := p.keysOfClient(ctx, c, func(keys []jose.JSONWebKey) bool {
		return kid == "" || slices.ContainsFunc(keys, func(k jose.JSONWebKey) bool { return k.KeyID == kid })
	})
	if err != nil {
		return nil, fmt.Errorf("key set of client %q: %w", c.ID, err)
	}
	return fitting(keys, kid, alg), nil
}

// keysOfClient are all keys of a client. Those registered with it come first: a
// client has either (RFC 7591 §2). Those behind a jwks_uri are fetched again when
// enough says no.
func (p *Provider) keysOfClient(ctx context.Context, c storage.Client, enough func([]jose.JSONWebKey) bool) ([]jose.JSONWebKey, error) {
	if len(c.Metadata.JWKS) > 0 || c.Metadata.JWKSURI == "" {
		return parseJWKS(c.Metadata.JWKS)
	}
	return p.clientSets.of(c).read(p.Now(), enough, func() ([]byte, time.Duration, error) { return p.fetchJWKS(ctx, c.Metadata.JWKSURI) })
}

// parseJWKS reads a JWK set. Keys of a kind that is not known here are left out
// (RFC 7517 §5), and so is everything that is not a public key.
func parseJWKS(text json.RawMessage) ([]jose.JSONWebKey, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if len(text) > maxClientJWKS {
		return nil, fmt.Errorf("it is larger than %d bytes", maxClientJWKS)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxClientKeys {
		return nil, fmt.Errorf("it has more than %d keys", maxClientKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.Valid() && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// fitting are the keys that fit a signature. A key may leave out its kid, alg
// and use (RFC 7517 §4); what it says counts.
func fitting(keys []jose.JSONWebKey, kid, alg string) (found []jose.JSONWebKey) {
	for _, key := range keys {
		if (kid == "" || key.KeyID == "" || key.KeyID == kid) &&
			(key.Algorithm == "" || algName(key.Algorithm) == algName(alg)) &&
			(key.Use == "" || key.Use == "sig") && signs(key.Key, alg) {
			found = append(found, key)
		}
	}
	return found
}
