package oauth

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v3"
)

// maxHint bounds an id_token_hint, in bytes; ours have about 900.
const maxHint = 4096

// hintSubject verifies the id_token_hint of a client and returns its sub.
func (p *Provider) hintSubject(ctx context.Context, hint, clientID string) (string, bool) {
	claims, ok := p.hintClaims(ctx, hint)
	return claims.Subject, ok && claims.Audience == clientID
}

// hintClaims verifies an id_token_hint: an ID token, no other token of ours, of
// our issuer, under a key that we still know and have not withdrawn. An expired
// one is as good (Core §3.1.2.1, RP-Initiated Logout §2).
func (p *Provider) hintClaims(ctx context.Context, hint string) (claims idToken, ok bool) {
	if len(hint) > maxHint {
		return claims, false
	}
	signed, err := jose.ParseSigned(hint)
	if err != nil || len(signed.Signatures) != 1 {
		return claims, false
	}
	header := signed.Signatures[0].Protected
	key, ok := p.keyOf(ctx, header.KeyID)
	if !ok || header.Algorithm != key.Algorithm || !slices.Contains(algorithms, header.Algorithm) || header.ExtraHeaders[jose.HeaderType] != "JWT" {
		return claims, false
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return claims, false
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Issuer != p.Issuer || claims.Audience == "" || claims.Subject == "" {
		return idToken{}, false
	}
	return claims, true
}

// keyOf finds a key by kid. One that is not known here may have been made by
// another replica a moment ago; the reload is bounded by the second.
func (p *Provider) keyOf(ctx context.Context, kid string) (jose.JSONWebKey, bool) {
	key, ok := p.currentKeys(ctx).public[kid]
	if !ok {
		key, ok = p.keysWithin(ctx, time.Second).public[kid]
	}
	return key, ok
}
