package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loge/provider/secret"
	"loge/storage"
)

// maxOverlap is how long two secrets of a client may be valid at most.
const maxOverlap = 90 * 24 * time.Hour

// RenewClientSecret gives a client a new secret, returned here and never
// again; the former one is refused from now on.
func (o *Operator) RenewClientSecret(ctx context.Context, id string) (string, error) {
	return o.RotateClientSecret(ctx, id, 0)
}

// RotateClientSecret gives a client a new secret, returned here and never
// again; the former one is valid as long as overlap says, at most 90 days, so
// that a partner can change it without a break. The one before the former ends
// in any case.
func (o *Operator) RotateClientSecret(ctx context.Context, id string, overlap time.Duration) (string, error) {
	if overlap < 0 || overlap > maxOverlap {
		return "", fmt.Errorf("overlap: from 0s to %.0fh (90 days)", maxOverlap.Hours())
	}
	c, err := o.Client(ctx, id)
	if err != nil {
		return "", err
	}
	if !hasSecret(c) {
		return "", fmt.Errorf("client %q has no secret: it authenticates by %s", id, c.AuthMethod)
	}
	plain, hash := secret.NewClientSecret()
	now, details := o.now(), map[string]string(nil)
	until := storage.Time(0)
	if overlap > 0 {
		until = storage.At(now.Time().Add(overlap))
		details = map[string]string{"former_until": until.Time().Format(time.RFC3339)}
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.RotateClientSecret(ctx, id, hash, until, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "client.secret_renewed", Subject: id, Details: details})
	})
	if err != nil {
		return "", fmt.Errorf("renew secret: %w", err)
	}
	return plain, nil
}

// EndFormerSecret ends the overlap of a renewal now. storage.ErrNotFound when
// only one secret is valid.
func (o *Operator) EndFormerSecret(ctx context.Context, id string) error {
	if _, err := o.Client(ctx, id); err != nil {
		return err
	}
	now := o.now()
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.EndFormerSecret(ctx, id, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "client.former_secret_ended", Subject: id})
	})
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("client %q: former secret %w: only one is valid", id, storage.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("end former secret: %w", err)
	}
	return nil
}
