package storage

import (
	"context"
	"errors"
)

// UseProof notes that a DPoP proof has been used, until it expires. ErrConflict
// when it was used before.
func (q *Queries) UseProof(ctx context.Context, hash []byte, expires Time) error {
	_, err := one(ctx, q, scanOne[Time], `INSERT INTO dpop_proofs (hash, expires_at) VALUES ($1, $2)
		ON CONFLICT (hash) DO NOTHING RETURNING expires_at`, hash, expires)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	return err
}

// PurgeProofs forgets DPoP proofs that have expired.
func (q *Queries) PurgeProofs(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM dpop_proofs WHERE hash IN (SELECT hash FROM dpop_proofs WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
