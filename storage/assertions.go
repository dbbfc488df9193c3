package storage

import (
	"context"
	"errors"
)

// UseAssertion notes that a client assertion has been used, until it expires.
// ErrConflict when it was used before.
func (q *Queries) UseAssertion(ctx context.Context, hash []byte, expires Time) error {
	_, err := one(ctx, q, scanOne[Time], `INSERT INTO assertions (hash, expires_at) VALUES ($1, $2)
		ON CONFLICT (hash) DO NOTHING RETURNING expires_at`, hash, expires)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	return err
}

// PurgeAssertions forgets assertions that have expired.
func (q *Queries) PurgeAssertions(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM assertions WHERE hash IN (SELECT hash FROM assertions WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
