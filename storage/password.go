package storage

import "context"

// ChangePassword replaces the password by which the person has just proved who
// he is, given as its hash, by another one. ErrNotFound when it is another by
// now or the access is closed: what was proven then proves nothing.
func (q *Queries) ChangePassword(ctx context.Context, userID, before, after string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE users SET password_hash = $3, password_set_at = $4, password_must_change = FALSE
		WHERE id = $1 AND password_hash = $2 AND password_hash <> '' AND state = 'active' RETURNING id`, userID, before, after, now)
	return err
}
