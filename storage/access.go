package storage

import "context"

// SetUserState takes a user from one state to another. ErrNotFound when the
// state is not from any more: somebody else was faster.
func (q *Queries) SetUserState(ctx context.Context, userID, from, to string, now Time) (User, error) {
	return one(ctx, q, scanUser, `UPDATE users SET state = $3, state_at = $4, suspended_by = '', dormancy_at = 0, dormancy_warnings = 0
		WHERE id = $1 AND state = $2 RETURNING `+userColumns, userID, from, to, now)
}

// HoldUser makes others who act on the user wait until this transaction has
// ended. ErrNotFound when the state is another by now.
func (q *Queries) HoldUser(ctx context.Context, userID, state string) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE users SET state = state WHERE id = $1 AND state = $2 RETURNING id`, userID, state)
	return err
}

// SuspendAccount stops the access of everybody in an account, whatever the
// state of each. ErrNotFound when that was done before.
func (q *Queries) SuspendAccount(ctx context.Context, accountID string, now Time) (Account, error) {
	return one(ctx, q, scanAccount, `UPDATE accounts SET suspended_at = $2, updated_at = $2
		WHERE id = $1 AND suspended_at = 0 RETURNING `+accountColumns, accountID, now)
}

// ReopenAccount takes SuspendAccount back. ErrNotFound when there is nothing to
// take back.
func (q *Queries) ReopenAccount(ctx context.Context, accountID string, now Time) (Account, error) {
	return one(ctx, q, scanAccount, `UPDATE accounts SET suspended_at = 0, updated_at = $2
		WHERE id = $1 AND suspended_at <> 0 RETURNING `+accountColumns, accountID, now)
}

// CredentialsWaiting tells whether a provisional password waits to be sent or
// printed for the user.
func (q *Queries) CredentialsWaiting(ctx context.Context, userID string) (bool, error) {
	return one(ctx, q, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM messages
		WHERE user_id = $1 AND kind = 'provisional' AND state IN ('held', 'queued'))`, userID)
}

// GiveUpCredentials gives up the identifiers and provisional passwords that wait
// for the user, except what is being sent or printed at this moment.
func (q *Queries) GiveUpCredentials(ctx context.Context, userID, reason string, now Time) error {
	return q.exec(ctx, `UPDATE messages SET state = 'failed', left_at = $3, last_error = $2
		WHERE user_id = $1 AND kind IN ('identifier', 'invitation', 'provisional') AND state IN ('held', 'queued') AND leased_until <= $3 AND run = 0`,
		userID, reason, now)
}
