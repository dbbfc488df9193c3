package oauth

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v3"
)

// maxHint bounds an id_token_hint, in bytes; ours have about 900.
const maxHint = 4096

// hintSubject verifies an id_token_hint and returns its sub: our issuer, this
// client, any key ever published. An expired one is as good (Core §3.1.2.1).
func (p *Provider) hintSubject(ctx context.Context, hint, clientID string) (string, bool) {
	if len(hint) > maxHint {
		return "", false
	}
	signed, err := jose.ParseSigned(hint)
	if err != nil || len(signed.Signatures) != 1 {
		return "", false
	}
	header := signed.Signatures[0].Header
	key, ok := p.keyOf(ctx, header.KeyID)
	if !ok || header.Algorithm != key.Algorithm || !slices.Contains(algorithms, header.Algorithm) {
		return "", false
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return "", false
	}
	var claims idToken
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Issuer != p.Issuer || claims.Audience != clientID || claims.Subject == "" {
		return "", false
	}
	return claims.Subject, true
}

// keyOf finds a key by kid. One that is not known here may have been made by
// another replica a moment ago; the reload is bounded by the second.
func (p *Provider) keyOf(ctx context.Context, kid string) (jose.JSONWebKey, bool) {
	keys := p.currentKeys(ctx)
	key, ok := keys.public[kid]
	if !ok && p.Now().Sub(keys.loaded).Seconds() >= 1 && p.reloading.TryLock() {
		defer p.reloading.Unlock()
		if fresh, err := p.loadKeys(ctx); err == nil {
			key, ok = fresh.public[kid]
		}
	}
	return key, ok
}
