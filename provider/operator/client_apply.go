package operator

import (
	"context"
	"errors"
	"fmt"

	"loge/provider/registry"
	"loge/storage"
)

// ErrClientsChanged says that somebody else changed a client after the plan.
var ErrClientsChanged = errors.New("changed meanwhile: apply the file again")

// PlanClients says what applying the clients of a file changes, in their order,
// and changes nothing itself. A client is what the file says: what is left out
// there has its default. Clients that are not in the file stay as they are.
// Every fault of every client comes at once, with the line of its client.
func (o *Operator) PlanClients(ctx context.Context, entries []registry.Entry) ([]ClientChange, error) {
	var changes []ClientChange
	var faults []error
	for _, e := range entries {
		change, err := o.planClient(ctx, e)
		if err != nil {
			faults = append(faults, fmt.Errorf("client %q, line %d:\n%w", shorten(e.ID), e.Line, err))
		}
		changes = append(changes, change)
	}
	return changes, errors.Join(faults...)
}

func (o *Operator) planClient(ctx context.Context, e registry.Entry) (ClientChange, error) {
	after := e.Client(o.now())
	before, err := o.DB.Client(ctx, after.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return o.examine(ctx, after, storage.Client{})
	case err != nil:
		return ClientChange{}, fmt.Errorf("load client: %w", err)
	}
	return o.examine(ctx, after, before)
}

// ApplyClients stores what was planned: all of it or nothing. It returns the
// secrets that were made, by client; they are never shown again.
func (o *Operator) ApplyClients(ctx context.Context, changes []ClientChange) (map[string]string, error) {
	secrets := map[string]string{}
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		clear(secrets) // a transaction may run again
		for i := range changes {
			c := &changes[i]
			if c.Empty() && c.logo == nil {
				continue
			}
			if err := unchanged(ctx, q, c); err != nil {
				return err
			}
			plain, err := c.store(ctx, q, o.Actor)
			if err != nil {
				return fmt.Errorf("client %q: %w", c.ID, err)
			}
			if plain != "" {
				secrets[c.ID] = plain
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("apply clients: %w", err)
	}
	return secrets, nil
}

// unchanged wants the client as it was when somebody agreed to the change.
func unchanged(ctx context.Context, q *storage.Queries, c *ClientChange) error {
	if c.New {
		return nil // the insertion decides
	}
	now, err := q.Client(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	since, err := registry.Compare(registry.Of(c.before), registry.Of(now))
	if err != nil {
		return err
	}
	if len(since) > 0 {
		return fmt.Errorf("client %q %w", c.ID, ErrClientsChanged)
	}
	return nil
}
