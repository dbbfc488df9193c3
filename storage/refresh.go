package storage

import "context"

// RefreshToken is an opaque refresh token. Those of one grant are a family: each
// use gives the next one, and the grant's revocation ends all of them. A used
// one stays until it expires, so that its reuse is seen.
type RefreshToken struct {
	Signature   string // of the token; the token itself is stored nowhere
	GrantID     string
	ClientID    string
	Scopes      string // space list: what was granted; each use may take less
	Session     string // as in Code
	CreatedAt   Time
	ExpiresAt   Time // unless it is used before; never after the family's absolute end
	FirstUsedAt Time
	Uses        int64
	LeakedAt    Time // when another client first showed it
}

const refreshColumns = `signature, grant_id, client_id, scopes, session, created_at, expires_at, first_used_at, uses, leaked_at`

func (t *RefreshToken) fields() []any {
	return []any{&t.Signature, &t.GrantID, &t.ClientID, &t.Scopes, &t.Session, &t.CreatedAt, &t.ExpiresAt, &t.FirstUsedAt, &t.Uses, &t.LeakedAt}
}

func scanRefreshToken(s scanner) (t RefreshToken, err error) {
	err = s.Scan(t.fields()...)
	return t, err
}

// CreateRefreshToken stores an unused token under its grant; ErrNotFound when
// the grant does not exist or has been revoked.
func (q *Queries) CreateRefreshToken(ctx context.Context, t RefreshToken) error {
	_, err := decide(ctx, q, scanOne[string], `INSERT INTO refresh_tokens (`+refreshColumns+`)
		SELECT CAST($1 AS TEXT), id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), 0, 0, 0
		FROM grants WHERE id = $2 AND revoked_at = 0 RETURNING signature`,
		t.Signature, t.GrantID, t.ClientID, t.Scopes, t.Session, t.CreatedAt, t.ExpiresAt)
	return err
}

// Grace is how a refresh token may be used again: by who lost the answer, or by
// two tabs at once.
type Grace struct {
	Since Time  // its first use must not lie before this
	Uses  int64 // in all
}

// RotateRefreshToken uses the token, for the client it was issued to: an unused
// one, or a used one within the grace. ErrNotFound when it is another client's,
// has expired, was used too long ago or too often, or its grant has been
// revoked. The statement decides; insert the next tokens in its transaction.
func (q *Queries) RotateRefreshToken(ctx context.Context, signature, clientID string, grace Grace, now Time) (RefreshToken, error) {
	return decide(ctx, q, scanRefreshToken, `UPDATE refresh_tokens
		SET first_used_at = CASE WHEN first_used_at = 0 THEN CAST($5 AS BIGINT) ELSE first_used_at END, uses = uses + 1
		WHERE signature = $1 AND client_id = $2 AND expires_at > $5 AND (uses = 0 OR first_used_at >= $3 AND uses < $4)
		AND EXISTS (SELECT 1 FROM grants WHERE id = refresh_tokens.grant_id AND revoked_at = 0)
		RETURNING `+refreshColumns, signature, clientID, grace.Since, grace.Uses, now)
}

// RefreshToken returns the token with that signature, used and expired ones
// too. It decides nothing: RotateRefreshToken does.
func (q *Queries) RefreshToken(ctx context.Context, signature string) (RefreshToken, error) {
	return one(ctx, q, scanRefreshToken, `SELECT `+refreshColumns+` FROM refresh_tokens WHERE signature = $1`, signature)
}

// NoteLeakedRefreshToken records that a client showed another one's token;
// ErrNotFound when that is known already.
func (q *Queries) NoteLeakedRefreshToken(ctx context.Context, signature string, now Time) (RefreshToken, error) {
	return one(ctx, q, scanRefreshToken, `UPDATE refresh_tokens SET leaked_at = $2
		WHERE signature = $1 AND leaked_at = 0 RETURNING `+refreshColumns, signature, now)
}

// PurgeRefreshTokens deletes up to limit refresh tokens that expired before
// then, and tells how many.
func (q *Queries) PurgeRefreshTokens(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM refresh_tokens WHERE signature IN (SELECT signature FROM refresh_tokens WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
