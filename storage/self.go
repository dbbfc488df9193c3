package storage

import (
	"context"
	"fmt"
)

// What a person may see and end of his own access. The user stands in each
// statement: nobody reaches what belongs to somebody else.

// SignInsOf returns the user's latest sign-ins from the journal, those that
// failed too, newest first.
func (q *Queries) SignInsOf(ctx context.Context, userID string, limit int) ([]AuditEvent, error) {
	return all(ctx, q, scanAudit, `SELECT seq, at, actor, action, subject, details, hash
		FROM audit WHERE subject = $1 AND action IN ('signin.succeeded', 'signin.failed') ORDER BY seq DESC LIMIT $2`, userID, limit)
}

// LatestSessions returns up to limit sessions of the user, ended ones too,
// newest first.
func (q *Queries) LatestSessions(ctx context.Context, userID string, limit int) ([]Session, error) {
	return all(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT $2`, userID, limit)
}

// EndSessionOf ends a session of the user and all that applications hold of it,
// for when the person is away too; ErrNotFound when it is not the user's or has
// ended before.
func (q *Queries) EndSessionOf(ctx context.Context, userID, id string, now Time) error {
	n, err := q.endSessions(ctx, now, `UPDATE sessions SET ended_at = $3 WHERE id = $2 AND user_id = $1 AND ended_at = 0 RETURNING id`, userID, id, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotFound
	}
	if err := q.exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND session_id = $2 AND revoked_at = 0`, userID, id, now); err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	return nil
}

// AcceptanceOf returns the user's proof for one version of one kind of text.
func (q *Queries) AcceptanceOf(ctx context.Context, userID, kind, version string) (Acceptance, error) {
	return one(ctx, q, scanAcceptance, `SELECT `+acceptanceColumns+` FROM acceptances
		WHERE user_id = $1 AND kind = $2 AND version = $3`, userID, kind, version)
}
