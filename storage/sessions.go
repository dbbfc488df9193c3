package storage

import "context"

// Session is one sign-in of one browser. ID is public (the sid of tokens);
// the browser's cookie holds a secret of which only the hash is stored.
type Session struct {
	ID                      string
	IDHash                  []byte // SHA-256 of the secret in the cookie
	UserID                  string
	ProvisionalID           string // the provisional password that opened it; empty once the own password is chosen
	AMR                     string // methods of authentication, space list: "pwd", "pwd otp mfa"
	AuthenticatedAt         Time
	AdministratorAcceptedAt Time // the person has agreed to become the organisation's administrator
	UserAgent               string
	SeenAt                  Time
	ExpiresAt               Time // absolute end, whatever the browser does
	EndedAt                 Time
	ConfirmedAt             Time   // the password was last typed again, after the sign-in; 0: never
	FactorAt                Time   // a factor was shown beside the password; 0: none
	Pending                 string // what a page waits for, until PendingUntil; "" = nothing
	PendingUntil            Time
}

const sessionColumns = `id, id_hash, user_id, provisional_id, amr, authenticated_at, administrator_accepted_at,
	user_agent, seen_at, expires_at, ended_at, confirmed_at, factor_at, pending, pending_until`

// fields are where the columns of a row go, in their order.
func (v *Session) fields() []any {
	return []any{&v.ID, &v.IDHash, &v.UserID, &v.ProvisionalID, &v.AMR, &v.AuthenticatedAt, &v.AdministratorAcceptedAt,
		&v.UserAgent, &v.SeenAt, &v.ExpiresAt, &v.EndedAt, &v.ConfirmedAt, &v.FactorAt, &v.Pending, &v.PendingUntil}
}

func scanSession(s scanner) (v Session, err error) {
	err = s.Scan(v.fields()...)
	return v, err
}

// CreateSession stores a new session.
func (q *Queries) CreateSession(ctx context.Context, s Session) error {
	return q.exec(ctx, `INSERT INTO sessions (`+sessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		s.ID, s.IDHash, s.UserID, s.ProvisionalID, s.AMR, s.AuthenticatedAt, s.AdministratorAcceptedAt,
		s.UserAgent, s.SeenAt, s.ExpiresAt, s.EndedAt, s.ConfirmedAt, s.FactorAt, s.Pending, s.PendingUntil)
}

// Session returns the session with that id, ended ones included.
func (q *Queries) Session(ctx context.Context, id string) (Session, error) {
	return one(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id)
}

// SessionByHash returns the session of a cookie, ended ones included.
func (q *Queries) SessionByHash(ctx context.Context, hash []byte) (Session, error) {
	return one(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id_hash = $1`, hash)
}

// SessionsOfUser returns the user's sessions that have not been ended, newest first.
func (q *Queries) SessionsOfUser(ctx context.Context, userID string) ([]Session, error) {
	return all(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions
		WHERE user_id = $1 AND ended_at = 0 ORDER BY id DESC`, userID)
}

// TouchSession notes that the browser was here.
func (q *Queries) TouchSession(ctx context.Context, id string, now Time) error {
	return q.exec(ctx, `UPDATE sessions SET seen_at = $2 WHERE id = $1 AND ended_at = 0 AND seen_at < $2`, id, now)
}

// RotateSession gives the session another secret and lifts the restriction of
// a provisional password. ErrNotFound when it has ended meanwhile.
func (q *Queries) RotateSession(ctx context.Context, id string, hash []byte, now Time) (Session, error) {
	return one(ctx, q, scanSession, `UPDATE sessions SET id_hash = $2, provisional_id = '', seen_at = $3
		WHERE id = $1 AND ended_at = 0 RETURNING `+sessionColumns, id, hash, now)
}

// ConfirmSession gives the session another secret and notes that its person has
// just proven again who he is. ErrNotFound when it has ended meanwhile.
func (q *Queries) ConfirmSession(ctx context.Context, id string, hash []byte, now Time) (Session, error) {
	return one(ctx, q, scanSession, `UPDATE sessions SET id_hash = $2, confirmed_at = $3, seen_at = $3
		WHERE id = $1 AND ended_at = 0 RETURNING `+sessionColumns, id, hash, now)
}

// RenewSession makes the session one that has just begun: the same person
// signed in again in the same browser, and what applications hold of it lives
// on. A factor counts for the sign-in in which it was shown. ErrNotFound when the
// session has ended meanwhile.
func (q *Queries) RenewSession(ctx context.Context, s Session) (Session, error) {
	return one(ctx, q, scanSession, `UPDATE sessions SET id_hash = $2, amr = $3, authenticated_at = $4, user_agent = $5, seen_at = $6, expires_at = $7, factor_at = 0
		WHERE id = $1 AND ended_at = 0 RETURNING `+sessionColumns,
		s.ID, s.IDHash, s.AMR, s.AuthenticatedAt, s.UserAgent, s.SeenAt, s.ExpiresAt)
}

// AcceptAdministrator notes that the person of this session agreed to become
// the administrator; the appointment comes with the own password.
func (q *Queries) AcceptAdministrator(ctx context.Context, id string, now Time) error {
	return q.exec(ctx, `UPDATE sessions SET administrator_accepted_at = $2
		WHERE id = $1 AND ended_at = 0 AND administrator_accepted_at = 0`, id, now)
}

// Sessions end here and nowhere else, so that no way to end one forgets what
// ends with it: the applications that were signed in to are told.

// EndSession ends the session; a second time changes nothing.
func (q *Queries) EndSession(ctx context.Context, id string, now Time) error {
	_, err := q.endSessions(ctx, now, `UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at = 0 RETURNING id`, id, now)
	return err
}

// EndOtherSessions ends the user's sessions except one; keepID "" ends all. What
// applications hold of them for when the person is away ends too.
func (q *Queries) EndOtherSessions(ctx context.Context, userID, keepID string, now Time) error {
	if err := q.RevokeOtherGrants(ctx, userID, keepID, now); err != nil {
		return err
	}
	_, err := q.endSessions(ctx, now, `UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at = 0 RETURNING id`,
		userID, keepID, now)
	return err
}

// EndExpiredSessions ends up to limit sessions whose absolute end has come, and
// tells how many. A session that only rests is not over for the applications:
// their people may be at work there.
func (q *Queries) EndExpiredSessions(ctx context.Context, now Time, limit int) (int, error) {
	return q.endSessions(ctx, now, `UPDATE sessions SET ended_at = $1 WHERE ended_at = 0 AND id IN
		(SELECT id FROM sessions WHERE ended_at = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING id`, now, limit)
}

// endSessions runs a statement that ends sessions and returns their ids.
func (q *Queries) endSessions(ctx context.Context, now Time, query string, args ...any) (int, error) {
	ended, err := all(ctx, q, scanOne[string], query, args...)
	if err != nil {
		return 0, err
	}
	for _, id := range ended {
		if err := q.enqueueLogouts(ctx, id, now); err != nil {
			return 0, err
		}
	}
	return len(ended), nil
}

// PurgeSessions deletes up to limit sessions whose absolute end lies before
// before, and tells how many. One that nobody has ended yet waits for
// EndExpiredSessions, so that its applications are told.
func (q *Queries) PurgeSessions(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM sessions WHERE id IN
		(SELECT id FROM sessions WHERE ended_at > 0 AND expires_at < $1 ORDER BY expires_at LIMIT $2)`, before, limit)
}
