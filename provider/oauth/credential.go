package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"loge/storage"
)

// credential gives a client a token of its own, behind which there is no person
// (RFC 6749 §4.4): no refresh token, no ID token, and userinfo is closed to it.
func (p *Provider) credential(ctx context.Context, u *unit, r *http.Request, params parameters) (*tokenResponse, error) {
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return nil, err
	}
	if u.client.Public() || !u.client.MayUse(storage.GrantCredentials) {
		return nil, refuse("unauthorized_client", "The client is not registered for client_credentials.")
	}
	scopes, err := ownScopes(u.client, params.get("scope"))
	if err != nil {
		return nil, err
	}
	if err := p.aim(ctx, u, nil, params); err != nil {
		return nil, err
	}
	token, row, err := p.makeAccessToken(ctx, u, "", &record{Version: recordVersion}, scopes)
	if err != nil {
		return nil, err
	}
	err = p.DB.Apply(ctx, func(q *storage.Queries) error { return q.CreateClientToken(ctx, row) })
	if errors.Is(err, storage.ErrNotFound) { // disabled since it authenticated
		return nil, errClient
	}
	if err != nil {
		return nil, fmt.Errorf("store client's token: %w", err)
	}
	return &tokenResponse{AccessToken: token, TokenType: u.proven.tokenType(), ExpiresIn: p.expiresIn(u.client), Scope: row.Scopes}, nil
}

// ownScopes are what a client may do in its own name: of those it is registered
// for, the ones that are not about a person. Without a request it gets all.
func ownScopes(c *client, asked string) ([]string, error) {
	if len(asked) > maxScope {
		return nil, refuse("invalid_scope", "The scope is too long.")
	}
	own := slices.DeleteFunc(words(c.Scopes), offered)
	if asked == "" {
		return own, nil
	}
	var scopes []string
	for _, scope := range words(asked) {
		switch {
		case !slices.Contains(own, scope):
			return nil, refuse("invalid_scope", "The client is not registered for the scope, or the scope is about a person.")
		case !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}
