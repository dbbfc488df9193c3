package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"loge/provider/account"
	"loge/storage"
)

// maxRefreshUses bounds the rows that one refresh token can give within its
// grace. It guards nothing else: the grace is what limits a thief, and as many
// parallel requests as an application may have must not sign anybody out.
const maxRefreshUses = 64

// Why a refresh token is refused, for the application's developer.
var (
	errRefresh        = refuse("invalid_grant", "The refresh token is unknown or has been revoked.")
	errRefreshUsed    = refuse("invalid_grant", "The refresh token was used before; all tokens of its family have been revoked.")
	errRefreshExpired = refuse("invalid_grant", "The refresh token has expired.")
	errRefreshKey     = refuse("invalid_grant", "The refresh token is bound to a key that the request does not prove to have.")
	errRefreshLost    = refuse("invalid_grant", "The refresh token was revoked, or used too often, a moment ago.")
)

// refresh exchanges a refresh token for new tokens of its family, access token
// and next refresh token (RFC 6749 §6). The access tokens given before live on
// until they expire: a request that is under way with one must not fail.
//
// fosite has no part in it: its handler ignores the scope, knows no absolute
// end, and takes two tabs for a thief.
func (p *Provider) refresh(ctx context.Context, u *unit, r *http.Request, params parameters) (*tokenResponse, error) {
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return nil, err
	}
	switch {
	case !u.client.MayUse(storage.GrantRefresh):
		return nil, refuse("unauthorized_client", "The client is not registered for refresh_token.")
	case params.get("refresh_token") == "":
		return nil, refuse("invalid_request", "The refresh_token is missing.")
	}
	h, err := p.refreshable(ctx, u.client, params.get("refresh_token"))
	if err != nil {
		return nil, err
	}
	scopes, err := narrow(h, params.get("scope"))
	if err != nil {
		return nil, err
	}
	return p.rotate(ctx, u, h, scopes, params)
}

// refreshable returns the person behind a refresh token that is fit to be used
// by this client. It only refuses early: RotateRefreshToken decides.
func (p *Provider) refreshable(ctx context.Context, c *client, token string) (h storage.RefreshHolder, err error) {
	signature := p.tokens.refresh.signature(token)
	if signature == "" {
		return h, errRefresh
	}
	now := storage.At(p.Now())
	h, err = p.DB.HolderOfRefreshToken(ctx, signature, now)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return h, errRefresh
	case err != nil:
		return h, fmt.Errorf("load refresh token: %w", err)
	case h.Token.ClientID != c.ID:
		if err := p.store.leaked(ctx, h.Token, c); err != nil {
			return h, err
		}
		return h, errRefresh
	case !h.Grant.RevokedAt.IsZero():
		return h, errRefresh
	case h.Token.Uses > 0 && h.Token.FirstUsedAt < p.grace().Since:
		if err := p.store.reused(ctx, h.Token); err != nil {
			return h, err
		}
		return h, errRefreshUsed
	case h.Token.ExpiresAt <= now:
		return h, errRefreshExpired
	}
	if refusal := account.MayIssue(h.User, h.Account, clientFacts(h.Holder), grantFacts(h.Holder, h.Grant), p.Now()); refusal != nil {
		return h, &Error{Code: "invalid_grant", Description: "This account cannot be used for the application now.", Err: refusal}
	}
	if consent := (storage.Consent{Scopes: h.Consented}); !consent.Covers("openid " + offlineAccess) {
		return h, &Error{Code: "invalid_grant", Description: "The person no longer lets the application have this access.", Err: errWithdrawn}
	}
	return h, nil
}

// grace is until when, and how often, a used refresh token works again. Without
// a grace the loser of two parallel requests is refused, and ends nothing.
func (p *Provider) grace() storage.Grace {
	g := storage.Grace{Since: storage.At(p.Now().Add(-p.Lifetimes.RefreshGrace)), Uses: maxRefreshUses}
	if p.Lifetimes.RefreshGrace == 0 {
		g.Uses = 1
	}
	return g
}

// narrow returns the scopes of the new access token: those asked for, else all
// of the refresh token's, without what the person has withdrawn. More than was
// granted is refused (RFC 6749 §6).
func narrow(h storage.RefreshHolder, asked string) ([]string, error) {
	if len(asked) > maxScope {
		return nil, refuse("invalid_scope", "The scope is too long.")
	}
	scopes := consented(h.Token.Scopes, h.Consented)
	if asked == "" {
		return scopes, nil
	}
	for _, scope := range words(asked) {
		if !storage.HasWord(h.Token.Scopes, scope) {
			return nil, refuse("invalid_scope", "The scope is wider than what the refresh token was granted.")
		}
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !storage.HasWord(asked, scope) }), nil
}

// rotate signs first and then, in one transaction, uses the old token and
// stores the new pair.
func (p *Provider) rotate(ctx context.Context, u *unit, h storage.RefreshHolder, scopes []string, params parameters) (*tokenResponse, error) {
	rec := &record{}
	if err := rec.decode(h.Token.Session); err != nil {
		return nil, err
	}
	if !rec.Confirm.provenBy(u.proven) {
		return nil, errRefreshKey
	}
	if err := p.aim(ctx, u, rec.Resources, params); err != nil {
		return nil, err
	}
	rec.asked = rec.Claims.IDToken.released(h.Consented, &h.Holder)
	grace, at := p.grace(), storage.At(p.Now())
	u.write(func(ctx context.Context, q *storage.Queries) error {
		_, err := q.RotateRefreshToken(ctx, h.Token.Signature, h.Token.ClientID, grace, at)
		return err
	})
	access, err := p.newAccessToken(ctx, u, h.Grant.ID, rec, scopes)
	if err != nil {
		return nil, err
	}
	refresh, err := p.newRefreshToken(u, h.Grant.ID, h.Token.Scopes, rec)
	switch {
	case err != nil:
		return nil, err
	case refresh == "":
		return nil, errRefreshExpired
	}
	response := &tokenResponse{AccessToken: access, TokenType: u.proven.tokenType(), ExpiresIn: p.expiresIn(u.client),
		Scope: strings.Join(scopes, " "), Refresh: refresh}
	if slices.Contains(scopes, "openid") {
		if response.IDToken, err = (idTokens{p}).build(ctx, u.client, rec, "", access); err != nil {
			return nil, err
		}
	}
	u.write(p.issued(rec.User, u.client, h.Grant.ID, storage.GrantRefresh))
	if err := u.commit(ctx, p.DB); errors.Is(err, storage.ErrNotFound) {
		return nil, errRefreshLost
	} else if err != nil {
		return nil, fmt.Errorf("store refreshed tokens: %w", err)
	}
	return response, nil
}

// newRefreshToken makes a refresh token and has the unit store it. It ends when
// nobody uses it, and with its family, whose end is counted from the sign-in;
// "" when that has come.
func (p *Provider) newRefreshToken(u *unit, grantID, scopes string, rec *record) (string, error) {
	now := p.Now()
	end := storage.At(rec.Time.Time().Add(p.Lifetimes.of(u.client.Client).RefreshAbsolute))
	if end <= storage.At(now) {
		return "", nil
	}
	session, err := rec.boundTo(u.confirmsRefresh())
	if err != nil {
		return "", err
	}
	token, signature := p.tokens.refresh.generate()
	row := storage.RefreshToken{Signature: signature, GrantID: grantID, ClientID: u.client.ID, Scopes: scopes, Session: session,
		CreatedAt: storage.At(now), ExpiresAt: min(storage.At(now.Add(p.Lifetimes.of(u.client.Client).RefreshIdle)), end)}
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateRefreshToken(ctx, row) })
	return token, nil
}

// firstRefreshToken begins a family with the redemption of a code, when the
// person consented to offline access; "" without. A sign-in older than a family
// may become gives none either.
func (p *Provider) firstRefreshToken(u *unit, rec *record, scopes []string) (string, error) {
	if !slices.Contains(scopes, offlineAccess) || !u.client.MayUse(storage.GrantRefresh) {
		return "", nil
	}
	return p.newRefreshToken(u, u.code.GrantID, strings.Join(scopes, " "), rec)
}
