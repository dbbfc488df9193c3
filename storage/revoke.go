package storage

import "context"

// Revocation by who holds a token. The client stands in the statement: nobody
// ends what belongs to somebody else.

// RevokeGrant ends the grant and all its tokens; ErrNotFound when it has been
// revoked before. Every use of a token looks at its grant: those that are being
// inserted are dead as well, and all are purged when they expire.
func (q *Queries) RevokeGrant(ctx context.Context, id string, now Time) (Grant, error) {
	return one(ctx, q, scanGrant, `UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0 RETURNING `+grantColumns, id, now)
}

// RevokeFamily ends the grant of the client's refresh token, used and expired
// ones too; ErrNotFound when there is none or it has been revoked before.
func (q *Queries) RevokeFamily(ctx context.Context, signature, clientID string, now Time) (Grant, error) {
	id, err := one(ctx, q, scanOne[string], `SELECT grant_id FROM refresh_tokens WHERE signature = $1 AND client_id = $2`, signature, clientID)
	if err != nil {
		return Grant{}, err
	}
	return q.RevokeGrant(ctx, id, now)
}

// RevokeAccessToken ends one access token of the client; ErrNotFound when there
// is none.
func (q *Queries) RevokeAccessToken(ctx context.Context, signature, clientID string) (AccessToken, error) {
	return decide(ctx, q, scanToken, `DELETE FROM access_tokens WHERE signature = $1 AND client_id = $2 RETURNING `+tokenColumns, signature, clientID)
}

// OwnerOfAccessToken returns the client that holds the access token, expired
// ones too.
func (q *Queries) OwnerOfAccessToken(ctx context.Context, signature string) (string, error) {
	return one(ctx, q, scanOne[string], `SELECT client_id FROM access_tokens WHERE signature = $1`, signature)
}

// RevokeSessionGrants ends what was granted in a session. Their access tokens
// are dead at once, and are purged when they expire.
func (q *Queries) RevokeSessionGrants(ctx context.Context, sessionID string, now Time) error {
	return q.exec(ctx, `UPDATE grants SET revoked_at = $2 WHERE `+ofSession+` AND revoked_at = 0`, sessionID, now)
}

// RevokeOtherGrants ends what the user granted, except in one session; keepID ""
// ends all of it. Their access tokens are dead at once, and are purged when they
// expire.
func (q *Queries) RevokeOtherGrants(ctx context.Context, userID, keepID string, now Time) error {
	return q.exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND session_id <> $2 AND revoked_at = 0`, userID, keepID, now)
}
