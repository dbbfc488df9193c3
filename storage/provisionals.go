package storage

import "context"

// Provisional is a provisional password: sent, valid for a while, used once.
// A user may have several for a short time, because the older one stays valid
// until the newer one has left.
type Provisional struct {
	ID     string
	UserID string
	// Hash is keyed, and empty once the password was used or replaced. That of one
	// that expired stays, because who types it is told so.
	Hash         []byte
	Channel      string // ByEmail or ByLetter
	EmailKey     string // case-folded address it was sent to, empty by letter
	CreatedAt    Time
	ExpiresAt    Time // first second at which it is refused
	UsedAt       Time
	SupersededAt Time
}

const provisionalColumns = `id, user_id, hash, channel, email_key, created_at, expires_at, used_at, superseded_at`

func scanProvisional(s scanner) (p Provisional, err error) {
	err = s.Scan(&p.ID, &p.UserID, &p.Hash, &p.Channel, &p.EmailKey, &p.CreatedAt, &p.ExpiresAt, &p.UsedAt, &p.SupersededAt)
	return p, err
}

// CreateProvisional stores a new provisional password beside the older ones.
func (q *Queries) CreateProvisional(ctx context.Context, p Provisional) error {
	return q.exec(ctx, `INSERT INTO provisionals (`+provisionalColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		p.ID, p.UserID, p.Hash, p.Channel, p.EmailKey, p.CreatedAt, p.ExpiresAt, p.UsedAt, p.SupersededAt)
}

// SupersedeOtherProvisionals ends all of the user's provisional passwords but
// one. It is called when that one has left, never before.
func (q *Queries) SupersedeOtherProvisionals(ctx context.Context, userID, keepID string, now Time) error {
	return q.exec(ctx, `UPDATE provisionals SET superseded_at = $3, hash = ''
		WHERE user_id = $1 AND id <> $2 AND used_at = 0 AND superseded_at = 0`, userID, keepID, now)
}

// LiveProvisionals returns the user's provisional passwords that may be used
// now, newest first.
func (q *Queries) LiveProvisionals(ctx context.Context, userID string, now Time) ([]Provisional, error) {
	return all(ctx, q, scanProvisional, `SELECT `+provisionalColumns+` FROM provisionals
		WHERE user_id = $1 AND used_at = 0 AND superseded_at = 0 AND expires_at > $2
		ORDER BY id DESC LIMIT 10`, userID, now)
}

// ProvisionalsOf returns the user's latest ten, newest first, whatever became
// of them: a person who types an expired one is told so.
func (q *Queries) ProvisionalsOf(ctx context.Context, userID string) ([]Provisional, error) {
	return all(ctx, q, scanProvisional, `SELECT `+provisionalColumns+` FROM provisionals
		WHERE user_id = $1 ORDER BY id DESC LIMIT 10`, userID)
}

// Provisional returns the provisional password with that id.
func (q *Queries) Provisional(ctx context.Context, id string) (Provisional, error) {
	return one(ctx, q, scanProvisional, `SELECT `+provisionalColumns+` FROM provisionals WHERE id = $1`, id)
}

// ConsumeProvisional uses a provisional password, which works once: ErrNotFound
// when it has been used, replaced or has expired.
func (q *Queries) ConsumeProvisional(ctx context.Context, id string, now Time) (Provisional, error) {
	return one(ctx, q, scanProvisional, `UPDATE provisionals SET used_at = $2, hash = ''
		WHERE id = $1 AND used_at = 0 AND superseded_at = 0 AND expires_at > $2
		RETURNING `+provisionalColumns, id, now)
}
