package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"loge/storage"
)

// Revoke is the revocation endpoint (RFC 7009): POST. An access token ends by
// itself, a refresh token with its whole family. A token that means nothing here
// is answered like one that has been revoked. When storage fails the client is
// told so with 503, and has to try again: the token may live.
//
// token_type_hint is not needed: our tokens say what they are.
func (p *Provider) Revoke(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	if err := p.revokeFor(ctx, u, w, r); err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			e = &Error{Code: "temporarily_unavailable", Description: "The token may still be valid: try again.", Err: err}
			w.Header().Set("Retry-After", "5")
		}
		p.refuseClient(w, r, "revocation refused", u, e)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// errForeign: RFC 7009 §2.1 wants the client told.
var errForeign = refuse("invalid_grant", "The token was issued to another client.")

func (p *Provider) revokeFor(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) error {
	token, err := p.tokenOfClient(ctx, w, r)
	if err != nil {
		return err
	}
	if signature, _ := p.accessKey(ctx, token); signature != "" {
		return p.revokeAccess(ctx, u.client, signature)
	}
	if signature := p.tokens.refresh.signature(token); signature != "" {
		return p.revokeFamily(ctx, u.client, signature)
	}
	return nil
}

// tokenOfClient authenticates the client and returns the parameter token.
func (p *Provider) tokenOfClient(ctx context.Context, w http.ResponseWriter, r *http.Request) (string, error) {
	params, err := clientForm(w, r)
	if err != nil {
		return "", err
	}
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return "", err
	}
	if params.get("token") == "" {
		return "", refuse("invalid_request", "The token is missing.")
	}
	return params.get("token"), nil
}

// revokeAccess ends one access token.
func (p *Provider) revokeAccess(ctx context.Context, c *client, signature string) error {
	now := storage.At(p.Now())
	err := p.DB.InTx(ctx, func(q *storage.Queries) error {
		token, err := q.RevokeAccessToken(ctx, signature, c.ID)
		if err != nil {
			return err
		}
		rec := record{User: c.ID}
		if token.GrantID != "" {
			if err := rec.decode(token.Session); err != nil {
				return err
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: c.ID, Action: "token.revoked", Subject: rec.User,
			Details: map[string]string{"client": c.ID, "grant": token.GrantID}})
	})
	return settled(c, err, func() (string, error) { return p.DB.OwnerOfAccessToken(ctx, signature) })
}

// revokeFamily ends the grant of a refresh token and all its tokens.
func (p *Provider) revokeFamily(ctx context.Context, c *client, signature string) error {
	now := storage.At(p.Now())
	err := p.DB.InTx(ctx, func(q *storage.Queries) error {
		grant, err := q.RevokeFamily(ctx, signature, c.ID, now)
		if err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: c.ID, Action: "grant.revoked", Subject: grant.UserID,
			Details: map[string]string{"client": c.ID, "grant": grant.ID}})
	})
	return settled(c, err, func() (string, error) {
		token, err := p.DB.RefreshToken(ctx, signature)
		return token.ClientID, err
	})
}

// settled turns "there was nothing to revoke" into success, unless the token is
// another client's.
func settled(c *client, err error, owner func() (string, error)) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("revoke token: %w", err)
	}
	id, err := owner()
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look for owner of token: %w", err)
	case id != c.ID:
		return errForeign
	}
	return nil
}
