package storage

import "context"

// RotateClientSecret replaces the client's secret. The former one is valid
// until then; until 0, it is refused from now on. ErrNotFound when there is no
// client with that id.
func (q *Queries) RotateClientSecret(ctx context.Context, id string, hash []byte, until, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE clients SET
		former_secret_hash = CASE WHEN CAST($3 AS BIGINT) > 0 THEN secret_hash ELSE $5 END, former_secret_until = $3,
		secret_hash = $2, secret_created_at = $4, updated_at = $4 WHERE id = $1 RETURNING id`, id, bytea(hash), until, now, []byte{})
	return err
}

// EndFormerSecret ends the overlap after a renewal: the former secret is
// refused from now on. ErrNotFound when there is none that is valid.
func (q *Queries) EndFormerSecret(ctx context.Context, id string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE clients SET former_secret_hash = $3, former_secret_until = 0, updated_at = $2
		WHERE id = $1 AND former_secret_until > $2 RETURNING id`, id, now, []byte{})
	return err
}

// SetRegistrationHash stores the hash of a client's registration access token.
func (q *Queries) SetRegistrationHash(ctx context.Context, id string, hash []byte) error {
	return q.exec(ctx, `UPDATE clients SET registration_hash = $2 WHERE id = $1`, id, bytea(hash))
}
