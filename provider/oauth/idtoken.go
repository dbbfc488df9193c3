package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"

	"loge/storage"
)

// idTokens builds and signs ID tokens.
type idTokens struct{ *Provider }

var _ openid.OpenIDConnectTokenStrategy = idTokens{}

// idToken is lean: what describes the person is at userinfo (Core §5.4), unless
// it was asked by name.
type idToken struct {
	Issuer          string       `json:"iss"`
	Subject         string       `json:"sub"`
	Audience        string       `json:"aud"`
	Expires         storage.Time `json:"exp"`
	Issued          storage.Time `json:"iat"`
	AuthTime        storage.Time `json:"auth_time"`
	Nonce           string       `json:"nonce,omitempty"`
	Session         string       `json:"sid"`
	AccessTokenHash string       `json:"at_hash,omitempty"`
	Context         string       `json:"acr,omitempty"`
	Methods         []string     `json:"amr,omitempty"`
}

// with encodes the ID token together with claims about the person that were
// asked by name; no name is in both.
func (t idToken) with(asked facts) ([]byte, error) {
	payload, err := json.Marshal(t)
	if err != nil || len(asked) == 0 {
		return payload, err
	}
	more, err := asked.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return append(append(payload[:len(payload)-1], ','), more[1:]...), nil
}

// GenerateIDToken is called by fosite once the access token is made, before
// anything is stored. r is the authorization request.
func (t idTokens) GenerateIDToken(ctx context.Context, _ time.Duration, r fosite.Requester) (string, error) {
	access := ""
	if response, ok := ctx.Value(fosite.AccessResponseContextKey).(fosite.AccessResponder); ok {
		access = response.GetAccessToken()
	}
	return t.build(ctx, r.GetClient().(*client), r.GetSession().(*record), r.GetRequestForm().Get("nonce"), access)
}

// build says who signed in, and when: the same at each refresh. The nonce is
// that of the request and comes once (Core §12.2).
func (t idTokens) build(ctx context.Context, c *client, rec *record, nonce, access string) (string, error) {
	now := t.Now()
	claims := idToken{Issuer: t.Issuer, Subject: rec.Sub, Audience: c.ID,
		Expires: storage.At(now.Add(t.Lifetimes.of(c.Client).IDToken)), Issued: storage.At(now), AuthTime: rec.Time,
		Nonce: nonce, Session: rec.Session, Context: rec.context(), Methods: words(rec.AMR)}
	if access != "" {
		claims.AccessTokenHash = halfHash(c.IDTokenAlg, access)
	}
	payload, err := claims.with(rec.asked)
	if err != nil {
		return "", fmt.Errorf("encode ID token: %w", err)
	}
	return t.sign(ctx, c.IDTokenAlg, payload)
}

func (t idTokens) sign(ctx context.Context, alg string, payload []byte) (string, error) {
	keys, err := t.signingWith(ctx, alg)
	if err != nil {
		return "", err
	}
	signed, err := keys.signers[alg].Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign ID token: %w", err)
	}
	return signed.CompactSerialize()
}

// halfHash is at_hash (Core §3.1.3.6), by the hash of the signature's
// algorithm; Ed25519 has SHA-512 inside.
func halfHash(alg, token string) string {
	if alg == string(jose.EdDSA) {
		sum := sha512.Sum512([]byte(token))
		return b64.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(token))
	return b64.EncodeToString(sum[:len(sum)/2])
}
