package storage

import (
	"context"
	"errors"
)

// Answers to a request to close.
const (
	ClosingDone    = "closed"
	ClosingRefused = "refused"
)

// Closing is a person's request for his access to be closed.
type Closing struct {
	ID          string
	UserID      string
	Reason      string // as typed; may be empty
	AskedAt     Time
	WithdrawnAt Time // by the person
	AnsweredAt  Time
	AnsweredBy  string // actor
	Answer      string // ClosingDone or ClosingRefused
	Note        string // why, for the person
}

const closingColumns = `id, user_id, reason, asked_at, withdrawn_at, answered_at, answered_by, answer, note`

func (c *Closing) fields() []any {
	return []any{&c.ID, &c.UserID, &c.Reason, &c.AskedAt, &c.WithdrawnAt, &c.AnsweredAt, &c.AnsweredBy, &c.Answer, &c.Note}
}

func scanClosing(s scanner) (c Closing, err error) {
	err = s.Scan(c.fields()...)
	return c, err
}

const openClosing = `withdrawn_at = 0 AND answered_at = 0`

// AskClosing stores a request; ErrNotFound when the person has an open one.
func (q *Queries) AskClosing(ctx context.Context, c Closing) error {
	_, err := one(ctx, q, scanOne[string], `INSERT INTO closings (`+closingColumns+`) VALUES ($1, $2, $3, $4, 0, 0, '', '', '')
		ON CONFLICT (user_id) WHERE `+openClosing+` DO NOTHING RETURNING id`, c.ID, c.UserID, c.Reason, c.AskedAt)
	return err
}

// OpenClosing returns the person's open request.
func (q *Queries) OpenClosing(ctx context.Context, userID string) (Closing, error) {
	return one(ctx, q, scanClosing, `SELECT `+closingColumns+` FROM closings WHERE user_id = $1 AND `+openClosing, userID)
}

// WithdrawClosing takes the person's open request back; ErrNotFound without one.
func (q *Queries) WithdrawClosing(ctx context.Context, userID string, now Time) (Closing, error) {
	return one(ctx, q, scanClosing, `UPDATE closings SET withdrawn_at = $2 WHERE user_id = $1 AND `+openClosing+` RETURNING `+closingColumns, userID, now)
}

// AnswerClosing records what the agency decided on the person's open request;
// ErrNotFound without one.
func (q *Queries) AnswerClosing(ctx context.Context, userID, answer, by, note string, now Time) (Closing, error) {
	return one(ctx, q, scanClosing, `UPDATE closings SET answered_at = $5, answer = $2, answered_by = $3, note = $4
		WHERE user_id = $1 AND `+openClosing+` RETURNING `+closingColumns, userID, answer, by, note, now)
}

// ClosingAsked is an open request with who asked.
type ClosingAsked struct {
	Closing Closing
	User    User
	Account Account
}

// OpenClosings returns up to limit open requests, the oldest first.
func (q *Queries) OpenClosings(ctx context.Context, limit int) ([]ClosingAsked, error) {
	return all(ctx, q, func(s scanner) (c ClosingAsked, err error) {
		err = s.Scan(append(append(c.Closing.fields(), c.User.fields()...), c.Account.fields()...)...)
		return c, err
	}, `SELECT `+qualified("c", closingColumns)+`, `+qualified("u", userColumns)+`, `+qualified("a", accountColumns)+`
		FROM closings AS c JOIN users AS u ON u.id = c.user_id JOIN accounts AS a ON a.id = u.account_id
		WHERE c.withdrawn_at = 0 AND c.answered_at = 0 AND u.state <> 'closed' ORDER BY c.asked_at, c.id LIMIT $1`, limit)
}

// OtherAdministrator tells whether an organisation has another administrator
// who can act than this one.
func (q *Queries) OtherAdministrator(ctx context.Context, u User) (bool, error) {
	return one(ctx, q, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM users WHERE account_id = $1 AND id <> $2 AND role = 'administrator' AND state = 'active')`, u.AccountID, u.ID)
}

// PurgeClosings deletes requests that were asked for before then and are not
// open any more.
func (q *Queries) PurgeClosings(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM closings WHERE id IN (SELECT id FROM closings
		WHERE asked_at < $1 AND (withdrawn_at > 0 OR answered_at > 0) LIMIT $2)`, before, limit)
}

// CloseAsked answers the open request of somebody whose access is closed, if there
// is one.
func (q *Queries) CloseAsked(ctx context.Context, userID, by string, now Time) error {
	_, err := q.AnswerClosing(ctx, userID, ClosingDone, by, "", now)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
