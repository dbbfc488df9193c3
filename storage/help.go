package storage

import "context"

// HelpRequest is what somebody without access asked for. It is looked at after
// the answer has been given.
type HelpRequest struct {
	ID        string
	Kind      string
	Typed     []byte // sealed
	ProblemID string // the walk it was asked in; empty: none
	CreatedAt Time
}

// RequestHelp writes a request down. What it costs does not depend on what was typed.
func (q *Queries) RequestHelp(ctx context.Context, r HelpRequest) error {
	return q.exec(ctx, `INSERT INTO help_requests (id, kind, typed, problem_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.Kind, r.Typed, r.ProblemID, r.CreatedAt)
}

// TakeHelpRequest removes the oldest request and returns it: whoever commits has
// answered it. ErrNotFound when none waits, or when another replica took it.
func (q *Queries) TakeHelpRequest(ctx context.Context) (HelpRequest, error) {
	return one(ctx, q, func(s scanner) (r HelpRequest, err error) {
		err = s.Scan(&r.ID, &r.Kind, &r.Typed, &r.ProblemID, &r.CreatedAt)
		return r, err
	}, `DELETE FROM help_requests WHERE id = (SELECT id FROM help_requests ORDER BY id LIMIT 1)
		RETURNING id, kind, typed, problem_id, created_at`)
}

// PurgeHelpRequests deletes requests that nobody answered for too long.
func (q *Queries) PurgeHelpRequests(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM help_requests WHERE id IN (SELECT id FROM help_requests WHERE created_at < $1 LIMIT $2)`, before, limit)
}

// UsersBehindContact returns up to limit users whose credentials go to that
// address because it is their organisation's, see [Account.CredentialsEmail]: those who have none of their own
// and have never signed in. The address is case-folded.
func (q *Queries) UsersBehindContact(ctx context.Context, emailKey string, limit int) ([]User, error) {
	return all(ctx, q, scanUser, `SELECT `+qualified("u", userColumns)+` FROM accounts AS a JOIN users AS u ON u.account_id = a.id
		WHERE lower(a.contact_email) = $1 AND a.contact_email <> '' AND a.contact_changed_at = 0 AND u.email_key = '' AND u.state = 'issued'
		ORDER BY u.id LIMIT $2`, emailKey, limit)
}
