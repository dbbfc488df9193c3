package storage

import "context"

// ChangePassword replaces the password by which the person has just proved who
// he is, given as its hash, by another one. ErrNotFound when it is another by
// now or the access is closed: what was proven then proves nothing. long is as in
// SetPassword.
func (q *Queries) ChangePassword(ctx context.Context, userID, before, after string, long bool, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE users SET password_hash = $3, password_set_at = $4, password_must_change = FALSE, password_long = $5
		WHERE id = $1 AND password_hash = $2 AND password_hash <> '' AND state = 'active' RETURNING id`, userID, before, after, now, long)
	return err
}
