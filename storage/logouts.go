package storage

import (
	"context"
	"fmt"
)

// States of a logout.
//
//	queued → sent
//	       → failed
const (
	LogoutQueued = "queued"
	LogoutSent   = "sent"
	LogoutFailed = "failed"
)

// Logout is what a client has to be told: a session in which it was given an
// ID token has ended.
type Logout struct {
	SessionID   string
	ClientID    string
	UserID      string
	State       string
	NotBefore   Time
	LeasedUntil Time // whoever sends it has it until then; also the token of that lease
	Attempts    int
	LastError   string
	CreatedAt   Time // when the session ended
	LeftAt      Time // the queue: sent or given up
}

const logoutColumns = `session_id, client_id, user_id, state, not_before, leased_until, attempts, last_error, created_at, left_at`

func scanLogout(s scanner) (l Logout, err error) {
	err = s.Scan(&l.SessionID, &l.ClientID, &l.UserID, &l.State, &l.NotBefore, &l.LeasedUntil, &l.Attempts, &l.LastError, &l.CreatedAt, &l.LeftAt)
	return l, err
}

// enqueueLogouts notes for each client of an ended session that it is to be
// told, in the transaction of the end. Every method that ends sessions calls it.
func (q *Queries) enqueueLogouts(ctx context.Context, sessionID string, now Time) error {
	err := q.exec(ctx, `INSERT INTO logouts (`+logoutColumns+`)
		SELECT DISTINCT g.session_id, g.client_id, g.user_id, 'queued', CAST($2 AS BIGINT), 0, 0, '', CAST($2 AS BIGINT), 0
		FROM grants AS g JOIN clients AS c ON c.id = g.client_id
		WHERE `+ofSession+` AND c.backchannel_logout_uri <> '' AND c.disabled_at = 0
		ON CONFLICT (session_id, client_id) DO NOTHING`, sessionID, now)
	if err != nil {
		return fmt.Errorf("enqueue logouts: %w", err)
	}
	return nil
}

// LogoutsDue tells whether there is one to claim.
func (q *Queries) LogoutsDue(ctx context.Context, now Time) (bool, error) {
	return one(ctx, q, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM logouts WHERE state = 'queued' AND not_before <= $1 AND leased_until <= $1)`, now)
}

// ClaimLogout takes the next logout that is due and leases it, so that no other
// replica sends it before until; ErrNotFound when none is due. The attempt is
// counted now, so that a crash counts too.
func (q *Queries) ClaimLogout(ctx context.Context, now, until Time) (Logout, error) {
	return one(ctx, q, scanLogout, `UPDATE logouts SET leased_until = $2, attempts = attempts + 1
		WHERE (session_id, client_id) = (SELECT session_id, client_id FROM logouts
			WHERE state = 'queued' AND not_before <= $1 AND leased_until <= $1 ORDER BY not_before, session_id, client_id LIMIT 1)
		AND state = 'queued' AND leased_until <= $1
		RETURNING `+logoutColumns, now, until)
}

// MarkLogoutSent records that the client has been told; ErrNotFound when the
// lease has passed to somebody else.
func (q *Queries) MarkLogoutSent(ctx context.Context, l Logout, now Time) error {
	return q.settleLogout(ctx, l, `UPDATE logouts SET state = 'sent', left_at = $4, leased_until = 0, last_error = ''
		WHERE session_id = $1 AND client_id = $2 AND leased_until = $3 AND state = 'queued' RETURNING session_id`, now)
}

// MarkLogoutFailed gives the claimed logout up for good.
func (q *Queries) MarkLogoutFailed(ctx context.Context, l Logout, reason string, now Time) error {
	return q.settleLogout(ctx, l, `UPDATE logouts SET state = 'failed', left_at = $5, leased_until = 0, last_error = $4
		WHERE session_id = $1 AND client_id = $2 AND leased_until = $3 AND state = 'queued' RETURNING session_id`, reason, now)
}

// PostponeLogout gives the claimed logout back to the queue until notBefore,
// and with it whatever else waits for that client: it would fail as well, and
// make others wait.
func (q *Queries) PostponeLogout(ctx context.Context, l Logout, notBefore Time, reason string) error {
	if err := q.settleLogout(ctx, l, `UPDATE logouts SET not_before = $4, leased_until = 0, last_error = $5
		WHERE session_id = $1 AND client_id = $2 AND leased_until = $3 AND state = 'queued' RETURNING session_id`, notBefore, reason); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE logouts SET not_before = $2 WHERE client_id = $1 AND state = 'queued' AND not_before < $2`, l.ClientID, notBefore)
}

// settleLogout ends the lease under which l was claimed.
func (q *Queries) settleLogout(ctx context.Context, l Logout, query string, args ...any) error {
	_, err := one(ctx, q, scanOne[string], query, append([]any{l.SessionID, l.ClientID, l.LeasedUntil}, args...)...)
	return err
}

// LogoutsOf returns what the clients of a session have been or are to be told.
func (q *Queries) LogoutsOf(ctx context.Context, sessionID string) ([]Logout, error) {
	return all(ctx, q, scanLogout, `SELECT `+logoutColumns+` FROM logouts WHERE session_id = $1 ORDER BY client_id`, sessionID)
}

// PurgeLogouts deletes up to limit logouts that left the queue before then, and
// tells how many.
func (q *Queries) PurgeLogouts(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM logouts WHERE (session_id, client_id) IN (SELECT session_id, client_id FROM logouts
		WHERE left_at > 0 AND left_at < $1 LIMIT $2)`, before, limit)
}
