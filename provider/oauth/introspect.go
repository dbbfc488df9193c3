package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"loge/provider/account"
	"loge/storage"
)

// introspection is what a client learns of a token (RFC 7662 §2.2). A token
// that is not active, or not for this client to know, is {"active":false} and
// nothing else. There is no username: the identifier people sign in with is
// released to nobody.
type introspection struct {
	Active    bool         `json:"active"`
	Issuer    string       `json:"iss,omitempty"`
	Subject   string       `json:"sub,omitempty"` // what the token's client calls the person; absent for a client's own token
	ClientID  string       `json:"client_id,omitempty"`
	Audience  []string     `json:"aud,omitempty"` // of access tokens: resources, else resource servers
	Scope     string       `json:"scope,omitempty"`
	TokenType string       `json:"token_type,omitempty"` // of access tokens
	Expires   storage.Time `json:"exp,omitempty"`
	Issued    storage.Time `json:"iat,omitempty"`
	NotBefore storage.Time `json:"nbf,omitempty"` // as iat: no token waits before it works
	ID        string       `json:"jti,omitempty"` // of a JWT
	Confirm   confirmation `json:"cnf,omitzero"`  // the keys it asks for
	AuthTime  storage.Time `json:"auth_time,omitempty"`
	Context   string       `json:"acr,omitempty"` // what a resource server decides on (RFC 9470 §6.2)
}

// Introspect is the introspection endpoint: POST, for clients with a secret. A
// client may ask about its own tokens and, as a resource server, about access
// tokens that are meant for it. Each answer is of this moment: whoever may no
// longer be issued a token has no active one.
//
// token_type_hint is not needed: our tokens say what they are.
func (p *Provider) Introspect(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	found, err := p.introspectFor(ctx, u, w, r)
	if err != nil {
		p.refuseClient(w, r, "introspection refused", u, answer(err))
		return
	}
	if alg := introspectionAlg(r, u.client); alg != "" {
		err := p.writeSigned(ctx, w, alg, introspectionType, signedIntrospection{p.Issuer, u.client.ID, storage.At(p.Now()), found})
		if err != nil {
			p.refuseClient(w, r, "introspection not signed", u, answer(err))
		}
		return
	}
	writeJSON(w, http.StatusOK, found)
}

func (p *Provider) introspectFor(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) (introspection, error) {
	token, err := p.tokenOfClient(ctx, w, r)
	if err != nil {
		return introspection{}, err
	}
	if u.client.Public() {
		return introspection{}, refuse("invalid_client", "Introspection is for clients with a secret.")
	}
	var found introspection
	if signature, jti := p.accessKey(ctx, token); signature != "" {
		found, err = p.introspectAccess(ctx, u.client, signature, jti)
	} else if signature := p.tokens.refresh.signature(token); signature != "" {
		found, err = p.introspectRefresh(ctx, u.client, signature)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, fmt.Errorf("introspect: %w", err)
	}
	return found, nil
}

// introspectAccess returns storage.ErrNotFound for a token that is not active.
// A JWT, which has a jti, is shown with what stands in it.
func (p *Provider) introspectAccess(ctx context.Context, c *client, signature, jti string) (found introspection, err error) {
	now := storage.At(p.Now())
	var t storage.AccessToken
	h, err := p.DB.HolderOfToken(ctx, signature, now)
	own := errors.Is(err, storage.ErrNotFound)
	if own { // perhaps a client's own, without a person
		t, err = p.DB.ClientToken(ctx, signature, now)
	} else if err == nil {
		t = h.Token
	}
	if err != nil {
		return found, err
	}
	if t.ClientID != c.ID && !storage.HasWord(t.Audience, c.ID) {
		return found, nil
	}
	found = introspection{Active: true, Issuer: p.Issuer, ClientID: t.ClientID, Audience: words(t.Audience), Scope: t.Scopes, ID: jti,
		Expires: t.ExpiresAt, Issued: t.RequestedAt, NotBefore: t.RequestedAt}
	if jti != "" || len(resourcesOf(t.Audience)) > 0 {
		found.Audience = p.recipientsOf(t.Audience)
	}
	if own {
		err = found.of(t.Session)
		if jti != "" {
			found.Subject = t.ClientID
		}
	} else {
		found, err = p.ofPerson(found, h.Holder, h.Grant, t.Session)
	}
	if found.Active {
		found.TokenType = found.Confirm.tokenType()
	}
	return found, err
}

func (p *Provider) introspectRefresh(ctx context.Context, c *client, signature string) (found introspection, err error) {
	now := storage.At(p.Now())
	h, err := p.DB.HolderOfRefreshToken(ctx, signature, now)
	if err != nil {
		return found, err
	}
	t := h.Token
	if t.ClientID != c.ID || t.Uses > 0 || t.ExpiresAt <= now || !h.Grant.RevokedAt.IsZero() {
		return found, nil
	}
	if consent := (storage.Consent{Scopes: h.Consented}); !consent.Covers(offlineAccess) {
		return found, nil
	}
	found = introspection{Active: true, Issuer: p.Issuer, ClientID: t.ClientID, Scope: t.Scopes, Expires: t.ExpiresAt, Issued: t.CreatedAt, NotBefore: t.CreatedAt}
	return p.ofPerson(found, h.Holder, h.Grant, t.Session)
}

// ofPerson adds the person behind the token, or takes everything back when the
// person may not be issued one now. What is no longer consented is left out.
func (p *Provider) ofPerson(found introspection, h storage.Holder, g storage.Grant, session string) (introspection, error) {
	if account.MayIssue(h.User, h.Account, clientFacts(h), grantFacts(h, g), p.Now()) != nil {
		return introspection{}, nil
	}
	scopes := consented(found.Scope, h.Consented)
	if len(scopes) == 0 {
		return introspection{}, nil
	}
	found.Scope = strings.Join(scopes, " ")
	return found, found.of(session)
}

// of adds what the token's record says. Tokens of a client's own were stored
// without one by earlier versions.
func (found *introspection) of(session string) error {
	if session == "" {
		return nil
	}
	var rec record
	if err := rec.decode(session); err != nil {
		return err
	}
	found.Subject, found.Confirm = rec.Sub, rec.Confirm
	if rec.User != "" {
		found.AuthTime, found.Context = rec.Time, rec.context()
	}
	return nil
}
