package storage

import (
	"context"
	"errors"
)

// EmailUndo is an address that a user gave up lately. Until its end whoever
// reads the mails there may take the change back, the address is nobody else's,
// and the new one opens nothing: see package self.
type EmailUndo struct {
	ID        string
	UserID    string
	Email     string // that was given up
	EmailKey  string
	NewEmail  string
	Hash      []byte // keyed hash of the link's secret; empty until the mail is made
	CreatedAt Time
	ExpiresAt Time // first second at which nothing can be taken back
	UsedAt    Time // taken back, or overtaken by an earlier one that was
}

const emailUndoColumns = `id, user_id, email, email_key, new_email, hash, created_at, expires_at, used_at`

func scanEmailUndo(s scanner) (u EmailUndo, err error) {
	err = s.Scan(&u.ID, &u.UserID, &u.Email, &u.EmailKey, &u.NewEmail, &u.Hash, &u.CreatedAt, &u.ExpiresAt, &u.UsedAt)
	return u, err
}

// CreateEmailUndo notes an address that is given up now.
func (q *Queries) CreateEmailUndo(ctx context.Context, u EmailUndo) error {
	return q.exec(ctx, `INSERT INTO email_undos (`+emailUndoColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		u.ID, u.UserID, u.Email, u.EmailKey, u.NewEmail, []byte{}, u.CreatedAt, u.ExpiresAt)
}

// EmailUndo returns the change with that id, whatever became of it.
func (q *Queries) EmailUndo(ctx context.Context, id string) (EmailUndo, error) {
	return one(ctx, q, scanEmailUndo, `SELECT `+emailUndoColumns+` FROM email_undos WHERE id = $1`, id)
}

// OpenEmailUndo returns the user's latest change that can still be taken back;
// ErrNotFound when there is none.
func (q *Queries) OpenEmailUndo(ctx context.Context, userID string, now Time) (EmailUndo, error) {
	return one(ctx, q, scanEmailUndo, `SELECT `+emailUndoColumns+` FROM email_undos
		WHERE user_id = $1 AND used_at = 0 AND expires_at > $2 ORDER BY expires_at DESC, id DESC LIMIT 1`, userID, now)
}

// EmailUndoByAddress returns the latest change that gave the address up and can
// still be taken back.
func (q *Queries) EmailUndoByAddress(ctx context.Context, emailKey string, now Time) (EmailUndo, error) {
	return one(ctx, q, scanEmailUndo, `SELECT `+emailUndoColumns+` FROM email_undos
		WHERE email_key = $1 AND used_at = 0 AND expires_at > $2 ORDER BY expires_at DESC, id DESC LIMIT 1`, emailKey, now)
}

// EmailTaken tells whether an address is somebody else's: another user has it,
// or gave it up so lately that he may have it back.
func (q *Queries) EmailTaken(ctx context.Context, userID, emailKey string, now Time) (bool, error) {
	return one(ctx, q, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM users WHERE email_key = $2 AND email_key <> '' AND id <> $1)
		OR EXISTS (SELECT 1 FROM email_undos WHERE email_key = $2 AND user_id <> $1 AND used_at = 0 AND expires_at > $3)`, userID, emailKey, now)
}

// SetEmailUndoSecret stores the hash of a link that is about to leave; that of
// an earlier mail is dead. ErrNotFound when nothing can be taken back any more.
func (q *Queries) SetEmailUndoSecret(ctx context.Context, id string, hash []byte, now Time) (EmailUndo, error) {
	return one(ctx, q, scanEmailUndo, `UPDATE email_undos SET hash = $2
		WHERE id = $1 AND used_at = 0 AND expires_at > $3 RETURNING `+emailUndoColumns, id, hash, now)
}

// ConsumeEmailUndo uses the link up, once, and with it every later change of
// the same user: they were made by whoever made this one. ErrNotFound when it
// does not work any more.
func (q *Queries) ConsumeEmailUndo(ctx context.Context, id string, hash []byte, now Time) (EmailUndo, error) {
	u, err := one(ctx, q, scanEmailUndo, `UPDATE email_undos SET used_at = $3
		WHERE id = $1 AND hash = $2 AND used_at = 0 AND expires_at > $3 RETURNING `+emailUndoColumns, id, hash, now)
	if err != nil {
		return u, err
	}
	return u, q.exec(ctx, `UPDATE email_undos SET used_at = $3 WHERE user_id = $1 AND id > $2 AND used_at = 0`, u.UserID, u.ID, now)
}

// DisownPassword takes a password that somebody else knows away: only new codes
// open the access again. It forgets the known browsers too, because one of them
// may be his.
func (q *Queries) DisownPassword(ctx context.Context, userID string, now Time) error {
	return errors.Join(
		q.exec(ctx, `UPDATE users SET password_hash = '', password_set_at = $2 WHERE id = $1`, userID, now),
		q.exec(ctx, `DELETE FROM known_browsers WHERE user_id = $1`, userID))
}

// PurgeEmailUndos deletes changes that can not be taken back since before then.
func (q *Queries) PurgeEmailUndos(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM email_undos WHERE id IN (SELECT id FROM email_undos WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
