package storage

import "context"

// The statements below each take up to limit users to whom something is due and
// note that it was done, so that of two replicas one does it.

// ClaimReminders takes users who never signed in, were opened after the one
// moment and until the other, and have had former reminders: now they have had n.
func (q *Queries) ClaimReminders(ctx context.Context, n, former int, after, until Time, limit int) ([]User, error) {
	return all(ctx, q, scanUser, `UPDATE users SET reminders = $1
		WHERE id IN (SELECT id FROM users WHERE state = 'issued' AND reminders = $2 AND created_at > $3 AND created_at <= $4 LIMIT $5)
		AND state = 'issued' AND reminders = $2 RETURNING `+userColumns, n, former, after, until, limit)
}

// Idle is an active user who has not signed in for long.
type Idle struct {
	User
	EndsAt Time // when the access ends unless he does
}

func scanIdle(s scanner) (i Idle, err error) {
	err = s.Scan(append(i.User.fields(), &i.EndsAt)...)
	return i, err
}

// ClaimFirstWarnings takes active users without a sign-in since then. Their
// access ends life seconds after the last one, and not before floor.
func (q *Queries) ClaimFirstWarnings(ctx context.Context, since Time, life int64, floor Time, limit int) ([]Idle, error) {
	return all(ctx, q, scanIdle, `UPDATE users SET dormancy_warnings = 1,
		dormancy_at = CASE WHEN last_sign_in_at + CAST($2 AS BIGINT) > $3 THEN last_sign_in_at + CAST($2 AS BIGINT) ELSE $3 END
		WHERE id IN (SELECT id FROM users WHERE state = 'active' AND dormancy_at = 0
			AND last_sign_in_at <= $1 AND password_set_at <= $1 AND state_at <= $1 LIMIT $4)
		AND state = 'active' AND dormancy_at = 0 RETURNING `+userColumns+`, dormancy_at`, since, life, floor, limit)
}

// ClaimSecondWarnings takes those whose access ends by then; it ends no earlier.
func (q *Queries) ClaimSecondWarnings(ctx context.Context, by Time, limit int) ([]Idle, error) {
	return all(ctx, q, scanIdle, `UPDATE users SET dormancy_warnings = 2, dormancy_at = CAST($1 AS BIGINT)
		WHERE id IN (SELECT id FROM users WHERE state = 'active' AND dormancy_warnings = 1 AND dormancy_at > 0 AND dormancy_at <= $1 LIMIT $2)
		AND state = 'active' AND dormancy_warnings = 1 RETURNING `+userColumns+`, dormancy_at`, by, limit)
}

// MakeDormant ends the access of those who were warned twice and whose day has
// come. Their sessions are the caller's to end.
func (q *Queries) MakeDormant(ctx context.Context, now Time, limit int) ([]User, error) {
	return all(ctx, q, scanUser, `UPDATE users SET state = 'dormant', state_at = $1, dormancy_at = 0, dormancy_warnings = 0
		WHERE id IN (SELECT id FROM users WHERE state = 'active' AND dormancy_warnings = 2 AND dormancy_at > 0 AND dormancy_at <= $1 LIMIT $2)
		AND state = 'active' AND dormancy_warnings = 2 RETURNING `+userColumns, now, limit)
}

// CloseDormant closes users who have been dormant since before then.
func (q *Queries) CloseDormant(ctx context.Context, before, now Time, limit int) ([]User, error) {
	return all(ctx, q, scanUser, `UPDATE users SET state = 'closed', state_at = $2
		WHERE id IN (SELECT id FROM users WHERE state = 'dormant' AND state_at < $1 LIMIT $3)
		AND state = 'dormant' RETURNING `+userColumns, before, now, limit)
}

// CloseUnused closes users who never signed in, were opened before then, and to
// whom nothing was sent since and nothing waits; reminders is how many they had.
func (q *Queries) CloseUnused(ctx context.Context, reminders int, before, now Time, limit int) ([]User, error) {
	return all(ctx, q, scanUser, `UPDATE users SET state = 'closed', state_at = $3
		WHERE id IN (SELECT id FROM users WHERE state = 'issued' AND reminders = $1 AND created_at < $2 AND last_sign_in_at < $2
			AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.user_id = users.id AND (left_at >= $2 OR state IN ('held', 'queued'))) LIMIT $4)
		AND state = 'issued' RETURNING `+userColumns, reminders, before, now, limit)
}

// ErasePersons erases what is personal of users who have been closed since
// before then. What stays names nobody: identifier, state, acceptances, and the
// journal, which knows the id only. The account's address goes with its last user.
func (q *Queries) ErasePersons(ctx context.Context, before, now Time, limit int) ([]User, error) {
	erased, err := all(ctx, q, scanUser, `UPDATE users SET erased_at = $2, title = '', given_name = '', family_name = '', email = '', email_key = '',
		email_verified_at = 0, phone = '', job_title = '', password_hash = '', factor_since = 0
		WHERE id IN (SELECT id FROM users WHERE state = 'closed' AND erased_at = 0 AND state_at < $1 LIMIT $3)
		AND state = 'closed' AND erased_at = 0 RETURNING `+userColumns, before, now, limit)
	if err != nil {
		return nil, err
	}
	for _, u := range erased {
		for _, statement := range []string{
			`UPDATE provisionals SET email_key = '' WHERE user_id = $1`,
			`UPDATE sessions SET user_agent = '', pending = '' WHERE user_id = $1`,
			`UPDATE messages SET last_error = '', data = '{}' WHERE user_id = $1`,
			`DELETE FROM email_changes WHERE user_id = $1`,
			`DELETE FROM email_undos WHERE user_id = $1`,
			`UPDATE closings SET reason = '', note = '' WHERE user_id = $1`,
			`DELETE FROM known_browsers WHERE user_id = $1`,
			`DELETE FROM consents WHERE user_id = $1`,
			`DELETE FROM user_rights WHERE user_id = $1`,
			`DELETE FROM factors WHERE user_id = $1`,
			`DELETE FROM recovery_codes WHERE user_id = $1`,
			`DELETE FROM role_offers WHERE from_id = $1 OR to_id = $1`,
		} {
			if err := q.exec(ctx, statement, u.ID); err != nil {
				return nil, err
			}
		}
		if err := q.exec(ctx, `DELETE FROM undeliverable WHERE account_id = $1
			AND NOT EXISTS (SELECT 1 FROM users WHERE users.account_id = $1 AND erased_at = 0)`, u.AccountID); err != nil {
			return nil, err
		}
		if err := q.exec(ctx, `UPDATE accounts SET address = '', contact_email = '', contact_changed_at = 0, updated_at = $2 WHERE id = $1
			AND NOT EXISTS (SELECT 1 FROM users WHERE users.account_id = accounts.id AND erased_at = 0)`, u.AccountID, now); err != nil {
			return nil, err
		}
	}
	return erased, nil
}
