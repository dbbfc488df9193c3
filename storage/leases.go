package storage

import "context"

// TakeLease gives the lease of that name to holder until the given moment;
// ErrNotFound while somebody else holds it. Its holder takes it again to keep
// it longer.
func (q *Queries) TakeLease(ctx context.Context, name, holder string, now, until Time) error {
	_, err := one(ctx, q, scanOne[string], `INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.until <= $3 OR leases.holder = excluded.holder
		RETURNING name`, name, holder, now, until)
	return err
}

// EndLease moves the end of holder's lease; a moment that has passed gives it
// back. It does nothing once somebody else holds it.
func (q *Queries) EndLease(ctx context.Context, name, holder string, until Time) error {
	return q.exec(ctx, `UPDATE leases SET until = $3 WHERE name = $1 AND holder = $2`, name, holder, until)
}
