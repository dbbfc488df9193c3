package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"loge/provider/registry"
	"loge/storage"
)

// NewClient describes a partner application to register. Empty fields take the
// value written beside them.
type NewClient struct {
	ID           string // made of the name
	Name         string // required; people read it
	Publisher    string // the name
	Purpose      string // what the data is for, one sentence without « À quoi cela sert : »
	PolicyURI    string // https
	RedirectURIs []string
	// PostLogoutRedirectURIs are where browsers may be sent after a sign-out.
	PostLogoutRedirectURIs []string
	// BackchannelLogoutURI is told of sessions that have ended; none when empty.
	BackchannelLogoutURI string

	Scopes       []string // openid, profile, email, bailleur
	AuthMethod   string   // storage.AuthBasic
	SubjectType  string   // storage.SubjectPairwise
	Sector       string   // host of the redirect URIs, which must then have one host
	IDTokenAlg   string   // RS256
	OptionalPKCE bool     // accept requests without PKCE, from clients with a secret only
	Consent      string   // storage.ConsentAsk
	GrantTypes   []string // authorization_code, and refresh_token with the scope offline_access
	Audiences    []string // ids of clients that are resource servers: they may introspect its access tokens

	Metadata storage.ClientMetadata // the rest, with its defaults
}

// AddClient registers a partner application. The secret is returned here and
// never again; it is empty for a client without one. All faults come at once.
// storage.ErrConflict when the id is taken.
func (o *Operator) AddClient(ctx context.Context, n NewClient) (storage.Client, string, error) {
	change, err := o.examine(ctx, n.document().Client(o.now()), storage.Client{})
	if err != nil {
		return storage.Client{}, "", err
	}
	var plain string
	c := &change.after
	err = o.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		plain, err = change.store(ctx, q, o.Actor)
		return err
	})
	if errors.Is(err, storage.ErrConflict) {
		return storage.Client{}, "", fmt.Errorf("client %q %w: choose another id", c.ID, storage.ErrConflict)
	}
	if err != nil {
		return storage.Client{}, "", fmt.Errorf("create client: %w", err)
	}
	return *c, plain, nil
}

// DisableClient ends a client's access at once. A second time is no error.
func (o *Operator) DisableClient(ctx context.Context, id string) error {
	c, err := o.Client(ctx, id)
	if err != nil || !c.DisabledAt.IsZero() {
		return err
	}
	now := o.now()
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.DisableClient(ctx, id, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "client.disabled", Subject: id})
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // disabled by somebody else meanwhile
		return fmt.Errorf("disable client: %w", err)
	}
	return nil
}

// Client returns a partner application, disabled ones too.
func (o *Operator) Client(ctx context.Context, id string) (storage.Client, error) {
	c, err := o.DB.Client(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return c, fmt.Errorf("client %q %w: loge client list shows them all", shorten(id), storage.ErrNotFound)
	}
	if err != nil {
		return c, fmt.Errorf("load client: %w", err)
	}
	return c, nil
}

// document describes the client as a file would.
func (n NewClient) document() registry.Document {
	pkce := !n.OptionalPKCE
	return registry.Document{ID: n.ID, Name: n.Name, Publisher: n.Publisher, Purpose: n.Purpose, PolicyURI: n.PolicyURI,
		RedirectURIs: n.RedirectURIs, PostLogoutRedirectURIs: n.PostLogoutRedirectURIs, BackchannelLogoutURI: n.BackchannelLogoutURI,
		Scope: strings.Join(n.Scopes, " "), AuthMethod: n.AuthMethod, GrantTypes: n.GrantTypes, SubjectType: n.SubjectType, Sector: n.Sector,
		IDTokenAlg: n.IDTokenAlg, RequirePKCE: &pkce, Consent: n.Consent, Audiences: n.Audiences, ClientMetadata: n.Metadata}
}
