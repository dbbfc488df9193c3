package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"loge/storage"
)

// accessType is the typ of JWT access tokens (RFC 9068 §2.1). Nothing else we
// sign has it, and they have no other.
const accessType = "at+jwt"

// maxAccessToken bounds an access token that somebody shows, in bytes; ours
// have about 1000.
const maxAccessToken = 8192

// accessToken is an access token that resource servers can read by themselves
// (RFC 9068 §2.2). What is known of it besides stands in its row, as for an
// opaque one, under a key made of the jti.
type accessToken struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"` // what the client calls the person; the client itself where there is none
	Audience recipients   `json:"aud"`
	ClientID string       `json:"client_id"`
	Expires  storage.Time `json:"exp"`
	Issued   storage.Time `json:"iat"`
	ID       string       `json:"jti"`
	Scope    string       `json:"scope,omitempty"`
	AuthTime storage.Time `json:"auth_time,omitempty"`
	Context  string       `json:"acr,omitempty"`
	Methods  []string     `json:"amr,omitempty"`
	Confirm  confirmation `json:"cnf,omitzero"`
}

// recipients is an aud: one name alone, or several in a list (RFC 7519 §4.1.3).
type recipients []string

func (r recipients) MarshalJSON() ([]byte, error) {
	if len(r) == 1 {
		return json.Marshal(r[0])
	}
	return json.Marshal([]string(r))
}

func (r *recipients) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*r = recipients{""}
		return json.Unmarshal(text, &(*r)[0])
	}
	return json.Unmarshal(text, (*[]string)(r))
}

// makeAccessToken makes the access token of every grant, in the format that the
// unit's client is registered for, and the row that is to be stored of it. rec
// is the sign-in; without a User it is a token of the client's own.
func (p *Provider) makeAccessToken(ctx context.Context, u *unit, grantID string, rec *record, scopes []string) (string, storage.AccessToken, error) {
	session, err := rec.boundTo(u.proven)
	if err != nil {
		return "", storage.AccessToken{}, err
	}
	now := p.Now()
	row := storage.AccessToken{GrantID: grantID, ClientID: u.client.ID, Scopes: strings.Join(scopes, " "), Session: session, Audience: u.audience(),
		RequestedAt: storage.At(now), ExpiresAt: storage.At(now.Add(p.Lifetimes.of(u.client.Client).AccessToken))}
	if u.client.Metadata.AccessTokenFormat != storage.FormatJWT {
		token, signature := p.tokens.access.generate()
		row.Signature = signature
		return token, row, nil
	}
	claims := accessToken{Issuer: p.Issuer, Subject: rec.Sub, Audience: p.recipientsOf(row.Audience), ClientID: row.ClientID,
		Expires: row.ExpiresAt, Issued: row.RequestedAt, ID: nonce(), Scope: row.Scopes,
		AuthTime: rec.Time, Context: rec.context(), Methods: words(rec.AMR), Confirm: u.proven}
	if rec.User == "" {
		claims.Subject, claims.Context = row.ClientID, ""
	}
	row.Signature = p.tokens.signed.sign(claims.ID)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", row, fmt.Errorf("encode access token: %w", err)
	}
	token, err := p.signAs(ctx, u.client.IDTokenAlg, accessType, payload)
	return token, row, err
}

// newAccessToken makes an access token and has the unit store it.
func (p *Provider) newAccessToken(ctx context.Context, u *unit, grantID string, rec *record, scopes []string) (string, error) {
	token, row, err := p.makeAccessToken(ctx, u, grantID, rec, scopes)
	if err != nil {
		return "", err
	}
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateAccessToken(ctx, row) })
	return token, nil
}

// accessKey returns the key of an access token that was made here, "" for
// anything else, and the jti if it is a JWT. Whether it lives is its row's to
// say.
func (p *Provider) accessKey(ctx context.Context, token string) (key, jti string) {
	if key := p.tokens.access.signature(token); key != "" {
		return key, ""
	}
	claims, ok := p.verifyAccess(ctx, token)
	if !ok {
		return "", ""
	}
	return p.tokens.signed.sign(claims.ID), claims.ID
}

// verifyAccess checks form, typ, signature and iss of a JWT access token.
func (p *Provider) verifyAccess(ctx context.Context, token string) (claims accessToken, ok bool) {
	if len(token) > maxAccessToken || !compact(token) {
		return claims, false
	}
	signed, err := jose.ParseSigned(token)
	if err != nil || len(signed.Signatures) != 1 {
		return claims, false
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != accessType || !slices.Contains(algorithms, header.Algorithm) {
		return claims, false
	}
	key, ok := p.keyOf(ctx, header.KeyID)
	if !ok || header.Algorithm != key.Algorithm {
		return claims, false
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return claims, false
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Issuer != p.Issuer || claims.ID == "" {
		return accessToken{}, false
	}
	return claims, true
}

// compact tells whether the text is a JWS in its compact form and in the one
// way to write it: decoders forgive line breaks and stray last bits.
func compact(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts {
		plain, err := b64.DecodeString(part)
		if err != nil || part == "" || b64.EncodeToString(plain) != part {
			return false
		}
	}
	return true
}

// accessTokens has fosite use our access tokens.
type accessTokens struct{ *Provider }

var _ oauth2.AccessTokenStrategy = accessTokens{}

// GenerateAccessToken keeps the row for CreateAccessTokenSession.
func (t accessTokens) GenerateAccessToken(ctx context.Context, r fosite.Requester) (token, signature string, err error) {
	u := unitOf(ctx)
	token, u.access, err = t.makeAccessToken(ctx, u, r.GetID(), r.GetSession().(*record), r.GetGrantedScopes())
	return token, u.access.Signature, err
}

// AccessTokenSignature is "" for a token that was not made here.
func (t accessTokens) AccessTokenSignature(ctx context.Context, token string) string {
	key, _ := t.accessKey(ctx, token)
	return key
}

func (t accessTokens) ValidateAccessToken(ctx context.Context, _ fosite.Requester, token string) error {
	if t.AccessTokenSignature(ctx, token) == "" {
		return fosite.ErrTokenSignatureMismatch
	}
	return nil
}
