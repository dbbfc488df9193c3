package storage

import (
	"context"
	"fmt"
)

// Factor is what a user shows beside the password.
type Factor struct {
	ID         string
	UserID     string
	Kind       string // those of provider/factor
	Name       string // as the person calls it
	Credential string // id under which a key calls itself; ID for what has none
	Data       []byte // sealed
	Counter    int64  // only goes up: last time step, or last count of signatures
	CreatedAt  Time
	UsedAt     Time
}

const factorColumns = `id, user_id, kind, name, credential, data, counter, created_at, used_at`

func scanFactor(s scanner) (f Factor, err error) {
	err = s.Scan(&f.ID, &f.UserID, &f.Kind, &f.Name, &f.Credential, &f.Data, &f.Counter, &f.CreatedAt, &f.UsedAt)
	return f, err
}

// FactorsOf returns the user's factors, oldest first.
func (q *Queries) FactorsOf(ctx context.Context, userID string) ([]Factor, error) {
	return all(ctx, q, scanFactor, `SELECT `+factorColumns+` FROM factors WHERE user_id = $1 ORDER BY id`, userID)
}

// AddFactor stores a new factor of an active user and tells whether it is the
// first. ErrConflict when the key is somebody's already: on PostgreSQL that ends
// the transaction. ErrNotFound when the access is closed or suspended.
func (q *Queries) AddFactor(ctx context.Context, f Factor) (first bool, err error) {
	since, err := one(ctx, q, scanOne[Time], `UPDATE users SET factor_since = CASE WHEN factor_since = 0 THEN $2 ELSE factor_since END
		WHERE id = $1 AND state = 'active' RETURNING factor_since`, f.UserID, f.CreatedAt)
	if err != nil {
		return false, err
	}
	err = q.exec(ctx, `INSERT INTO factors (`+factorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		f.ID, f.UserID, f.Kind, f.Name, f.Credential, f.Data, f.Counter, f.CreatedAt, f.UsedAt)
	if err != nil {
		return false, err
	}
	factors, err := one(ctx, q, scanOne[int], `SELECT COUNT(*) FROM factors WHERE user_id = $1`, f.UserID)
	return factors == 1 && since > 0, err
}

// UseFactor notes that the factor was shown. ErrNotFound when this counter, or a
// later one, was shown before: of two at once one wins. What counts nothing says 0.
func (q *Queries) UseFactor(ctx context.Context, id string, counter int64, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE factors SET counter = $2, used_at = $3
		WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING id`, id, counter, now)
	return err
}

// RemoveFactor removes one of the user's factors and tells whether it was the
// last: then the recovery codes go with it. ErrNotFound when it is gone.
func (q *Queries) RemoveFactor(ctx context.Context, userID, id string) (f Factor, last bool, err error) {
	// A write to the user first: of two at once the second sees what the first left.
	if err := q.exec(ctx, `UPDATE users SET factor_since = factor_since WHERE id = $1`, userID); err != nil {
		return f, false, err
	}
	f, err = one(ctx, q, scanFactor, `DELETE FROM factors WHERE id = $1 AND user_id = $2 RETURNING `+factorColumns, id, userID)
	if err != nil {
		return f, false, err
	}
	left, err := one(ctx, q, scanOne[int], `SELECT COUNT(*) FROM factors WHERE user_id = $1`, userID)
	if err != nil || left > 0 {
		return f, false, err
	}
	return f, true, q.forgetFactors(ctx, userID)
}

// RemoveFactors removes all the user's factors and recovery codes, and returns
// the factors.
func (q *Queries) RemoveFactors(ctx context.Context, userID string) ([]Factor, error) {
	removed, err := all(ctx, q, scanFactor, `DELETE FROM factors WHERE user_id = $1 RETURNING `+factorColumns, userID)
	if err != nil {
		return nil, err
	}
	return removed, q.forgetFactors(ctx, userID)
}

func (q *Queries) forgetFactors(ctx context.Context, userID string) error {
	if err := q.exec(ctx, `UPDATE users SET factor_since = 0 WHERE id = $1`, userID); err != nil {
		return err
	}
	return q.exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID)
}

// ReplaceRecoveryCodes gives the user other codes, by their hashes; the former
// ones are dead.
func (q *Queries) ReplaceRecoveryCodes(ctx context.Context, userID string, hashes [][]byte, now Time) error {
	if err := q.exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID); err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := q.exec(ctx, `INSERT INTO recovery_codes (user_id, hash, created_at, used_at) VALUES ($1, $2, $3, 0)`, userID, hash, now); err != nil {
			return fmt.Errorf("store recovery code: %w", err)
		}
	}
	return nil
}

// UseRecoveryCode uses a code up. ErrNotFound when there is no such code or it
// was used before.
func (q *Queries) UseRecoveryCode(ctx context.Context, userID string, hash []byte, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE recovery_codes SET used_at = $3
		WHERE user_id = $1 AND hash = $2 AND used_at = 0 RETURNING user_id`, userID, hash, now)
	return err
}

// RecoveryCodesLeft counts the user's codes that were not used.
func (q *Queries) RecoveryCodesLeft(ctx context.Context, userID string) (int, error) {
	return one(ctx, q, scanOne[int], `SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at = 0`, userID)
}

// RaiseSession notes that the person of a session has shown a factor: other
// methods, another secret. ErrNotFound when it has ended meanwhile.
func (q *Queries) RaiseSession(ctx context.Context, id string, hash []byte, amr string, now Time) (Session, error) {
	return one(ctx, q, scanSession, `UPDATE sessions SET id_hash = $2, amr = $3, factor_at = $4, seen_at = $4
		WHERE id = $1 AND ended_at = 0 RETURNING `+sessionColumns, id, hash, amr, now)
}

// SetPending has the session wait for something, in place of what it waited for.
func (q *Queries) SetPending(ctx context.Context, id, pending string, until Time) error {
	return q.exec(ctx, `UPDATE sessions SET pending = $2, pending_until = $3 WHERE id = $1 AND ended_at = 0`, id, pending, until)
}

// ConsumePending ends the wait for this very thing, once. ErrNotFound when it is
// over or was answered.
func (q *Queries) ConsumePending(ctx context.Context, id, pending string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE sessions SET pending = '', pending_until = 0
		WHERE id = $1 AND pending = $2 AND pending <> '' AND pending_until > $3 AND ended_at = 0 RETURNING id`, id, pending, now)
	return err
}
