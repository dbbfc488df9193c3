package storage

import "context"

// Details is what a person says about himself at the first sign-in. The e-mail
// address is apart: it counts once it is confirmed.
type Details struct {
	GivenName  string
	FamilyName string
	Phone      string
	JobTitle   string
}

// SaveDetails stores the person's details.
func (q *Queries) SaveDetails(ctx context.Context, userID string, d Details, now Time) error {
	return q.exec(ctx, `UPDATE users SET given_name = $2, family_name = $3, phone = $4, job_title = $5, details_at = $6
		WHERE id = $1`, userID, d.GivenName, d.FamilyName, d.Phone, d.JobTitle, now)
}

// ReopenDetails has the details asked again.
func (q *Queries) ReopenDetails(ctx context.Context, userID string) error {
	return q.exec(ctx, `UPDATE users SET details_at = 0 WHERE id = $1`, userID)
}

// ConfirmEmail makes the address the user's own, proven now; an empty address
// leaves the user without one. ErrConflict when another user has it; on
// PostgreSQL a conflict ends the transaction.
func (q *Queries) ConfirmEmail(ctx context.Context, userID, email, emailKey string, now Time) error {
	if emailKey == "" {
		now = 0
	}
	if err := q.exec(ctx, `DELETE FROM undeliverable WHERE channel = 'email'
		AND account_id = (SELECT account_id FROM users WHERE id = $1)`, userID); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE users SET email = $2, email_key = $3, email_verified_at = $4 WHERE id = $1`, userID, email, emailKey, now)
}

// SetPassword stores the hash of the password the person chose, and opens the
// account the first time; long says that it would do for an administrator.
// ErrNotFound when the user is suspended or closed.
func (q *Queries) SetPassword(ctx context.Context, userID, hash string, long bool, now Time) (User, error) {
	return one(ctx, q, scanUser, `UPDATE users SET password_hash = $2, password_set_at = $3, password_must_change = FALSE, password_long = $4, state = 'active', dormancy_at = 0, dormancy_warnings = 0,
		activated_at = CASE WHEN activated_at = 0 THEN $3 ELSE activated_at END
		WHERE id = $1 AND state <> 'suspended' AND state <> 'closed' RETURNING `+userColumns, userID, hash, now, long)
}

// RehashPassword replaces the hash by one of the same password with today's
// parameters, unless the password was changed meanwhile.
func (q *Queries) RehashPassword(ctx context.Context, userID, before, after string) error {
	return q.exec(ctx, `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, userID, before, after)
}

// RecordSignIn notes when the user signed in. ErrNotFound when the password was
// changed or the access closed since u was read: what was proven then proves
// nothing now.
func (q *Queries) RecordSignIn(ctx context.Context, u User, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE users SET last_sign_in_at = $2, dormancy_at = 0, dormancy_warnings = 0
		WHERE id = $1 AND password_set_at = $3 AND state = $4 RETURNING id`, u.ID, now, u.PasswordSetAt, u.State)
	return err
}

// ForgetFirstSignIn takes back that somebody has signed in who says that he is
// the wrong person: the session goes, and the agency may still correct who it
// writes to. Nothing happens to an access whose first sign-in was begun.
func (q *Queries) ForgetFirstSignIn(ctx context.Context, userID, sessionID string) error {
	if err := q.exec(ctx, `DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at <> 0`, sessionID, userID); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE users SET last_sign_in_at = 0 WHERE id = $1 AND state = 'issued' AND details_at = 0 AND activated_at = 0`, userID)
}
