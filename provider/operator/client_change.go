package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"loge/provider/registry"
	"loge/provider/secret"
	"loge/storage"
)

// ClientChange is what happens to one client when a description of it is
// applied.
type ClientChange struct {
	ID       string
	New      bool
	Disabled bool // it stays so
	// Fields are what changes, in the order of registry.Document; of a new
	// client, all that it has.
	Fields []registry.Change

	before, after storage.Client
	logo          *registry.Logo
}

// Empty tells whether nothing changes.
func (c ClientChange) Empty() bool { return !c.New && len(c.Fields) == 0 }

// examine plans what makes before, zero for a new client, into after. The error
// names all that is wrong with after.
func (o *Operator) examine(ctx context.Context, after, before storage.Client) (ClientChange, error) {
	change := ClientChange{ID: after.ID, New: before.ID == "", Disabled: !before.DisabledAt.IsZero(), before: before, after: after}
	former := before
	if !change.New {
		uri, err := o.DB.LogoURI(ctx, after.ID)
		if err != nil {
			return change, fmt.Errorf("load logo: %w", err)
		}
		former.Metadata.LogoURI = uri // one that was never fetched is fetched now
	}
	logo, faults := registry.Examine(ctx, after, former, o.fetch)
	change.logo = logo
	err := faults.Err()
	for _, id := range strings.Fields(after.Audiences) {
		if _, lookErr := o.Client(ctx, id); lookErr != nil {
			err = errors.Join(err, fmt.Errorf("audience: %w", lookErr))
		}
	}
	if err != nil {
		return change, err
	}
	description := registry.Document{}
	if !change.New {
		description = registry.Of(before)
	}
	change.Fields, err = registry.Compare(description, registry.Of(after))
	return change, err
}

// store writes the change in a transaction, and returns the secret when one was
// made: of a new client that has one, and of one that begins to have one.
func (c *ClientChange) store(ctx context.Context, q *storage.Queries, actor string) (plain string, err error) {
	hash := []byte(nil)
	if hasSecret(c.after) && (c.New || !hasSecret(c.before)) {
		plain, hash = secret.NewClientSecret()
	}
	event := storage.AuditEvent{At: c.after.UpdatedAt, Actor: actor, Action: "client.created", Subject: c.ID,
		Details: map[string]string{"name": c.after.Name, "redirect_uris": strings.Join(c.after.RedirectURIs, " "), "scopes": c.after.Scopes}}
	if c.New {
		if c.after.SecretHash = hash; plain != "" {
			c.after.SecretCreatedAt = c.after.UpdatedAt
		}
		err = q.CreateClient(ctx, c.after)
	} else {
		event.Action, event.Details = "client.changed", map[string]string{"fields": strings.Join(c.names(), " ")}
		if err = q.SaveClient(ctx, c.after); err == nil && hasSecret(c.after) != hasSecret(c.before) {
			err = q.RotateClientSecret(ctx, c.ID, hash, 0, c.after.UpdatedAt)
		}
	}
	if err == nil {
		err = c.storeLogo(ctx, q)
	}
	if err != nil {
		return "", err
	}
	return plain, q.Audit(ctx, event)
}

func (c *ClientChange) storeLogo(ctx context.Context, q *storage.Queries) error {
	switch uri := c.after.Metadata.LogoURI; {
	case c.logo != nil:
		return q.SaveLogo(ctx, storage.Logo{ClientID: c.ID, URI: uri, Type: c.logo.Type, Image: c.logo.Image, FetchedAt: c.after.UpdatedAt})
	case uri == "" && !c.New:
		return q.DeleteLogo(ctx, c.ID)
	}
	return nil
}

func (c *ClientChange) names() (names []string) {
	for _, field := range c.Fields {
		names = append(names, field.Field)
	}
	return names
}

// hasSecret tells whether the client authenticates with a secret of ours.
func hasSecret(c storage.Client) bool {
	return slices.Contains([]string{storage.AuthBasic, storage.AuthPost}, c.AuthMethod)
}
