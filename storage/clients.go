package storage

import (
	"context"
	"fmt"
	"strings"
)

// How a client proves who it is at the token endpoint, how its users are named
// to it, whether they are asked before their data is shared, and what the client
// may bring to the token endpoint, as stored.
const (
	AuthNone  = "none" // public client, PKCE only
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"

	AuthPrivateKeyJWT = "private_key_jwt"             // RFC 7523
	AuthTLS           = "tls_client_auth"             // RFC 8705, a certificate of a known authority
	AuthSelfSignedTLS = "self_signed_tls_client_auth" // RFC 8705, a certificate among its keys

	SubjectPairwise = "pairwise"
	SubjectPublic   = "public"

	ConsentAsk    = "ask"
	ConsentInform = "inform"

	GrantCode        = "authorization_code"
	GrantRefresh     = "refresh_token" // with the scope offline_access
	GrantCredentials = "client_credentials"
	GrantDevice      = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628
)

// Client is a relying party, application partenaire.
type Client struct {
	ID                     string
	Name                   string
	Publisher              string // who runs it
	Purpose                string // what it does with what is shared, one sentence
	PolicyURI              string
	RedirectURIs           []string // compared byte for byte
	PostLogoutRedirectURIs []string
	BackchannelLogoutURI   string // where it is told that a session has ended; empty: nowhere
	Scopes                 string // space list: the most it may be granted
	AuthMethod             string // AuthNone, AuthBasic, …
	SecretHash             []byte // secret.HashClientSecret; empty without a secret
	SecretCreatedAt        Time
	FormerSecretHash       []byte // the secret before the last renewal
	FormerSecretUntil      Time   // it is valid until then
	RegistrationHash       []byte // of the registration access token of a client that registered itself; else empty
	SubjectType            string // SubjectPairwise or SubjectPublic
	Sector                 string // clients of one sector see the same sub; empty: the host of the redirect URIs
	IDTokenAlg             string // RS256, PS256, ES256 or EdDSA
	RequirePKCE            bool   // always so for AuthNone
	Consent                string // ConsentAsk or ConsentInform
	GrantTypes             string // space list of GrantCode, GrantRefresh, …; empty: GrantCode
	Audiences              string // space list: clients that are resource servers for its access tokens
	Metadata               ClientMetadata
	DisabledAt             Time
	CreatedAt              Time
	UpdatedAt              Time
}

// Public tells whether the client cannot authenticate: it has PKCE alone.
func (c Client) Public() bool { return c.AuthMethod == AuthNone }

// MayAsk tells whether the client is allowed that scope.
func (c Client) MayAsk(scope string) bool { return HasWord(c.Scopes, scope) }

// MayUse tells whether the client may use that grant.
func (c Client) MayUse(grant string) bool {
	if c.GrantTypes == "" {
		return grant == GrantCode
	}
	return HasWord(c.GrantTypes, grant)
}

const clientColumns = `id, name, publisher, purpose, policy_uri, redirect_uris, post_logout_redirect_uris, scopes, auth_method,
	secret_hash, secret_created_at, subject_type, sector, id_token_alg, require_pkce, consent, disabled_at, created_at, updated_at,
	backchannel_logout_uri, grant_types, audiences, metadata, former_secret_hash, former_secret_until, registration_hash`

func scanClient(s scanner) (c Client, err error) {
	var redirects, logouts, metadata string
	err = s.Scan(&c.ID, &c.Name, &c.Publisher, &c.Purpose, &c.PolicyURI, &redirects, &logouts, &c.Scopes, &c.AuthMethod,
		&c.SecretHash, &c.SecretCreatedAt, &c.SubjectType, &c.Sector, &c.IDTokenAlg, &c.RequirePKCE, &c.Consent, &c.DisabledAt, &c.CreatedAt, &c.UpdatedAt,
		&c.BackchannelLogoutURI, &c.GrantTypes, &c.Audiences, &metadata, &c.FormerSecretHash, &c.FormerSecretUntil, &c.RegistrationHash)
	if err != nil {
		return c, err
	}
	c.RedirectURIs, c.PostLogoutRedirectURIs = splitLines(redirects), splitLines(logouts)
	c.FormerSecretHash, c.RegistrationHash = absent(c.FormerSecretHash), absent(c.RegistrationHash)
	if err := c.Metadata.read(metadata); err != nil {
		return c, fmt.Errorf("metadata of client %q: %w", c.ID, err)
	}
	return c, nil
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// bytea keeps an absent value out of NULL.
func bytea(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// absent is the other way round.
func absent(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Client returns the client with that id, disabled ones too.
func (q *Queries) Client(ctx context.Context, id string) (Client, error) {
	return one(ctx, q, scanClient, `SELECT `+clientColumns+` FROM clients WHERE id = $1`, id)
}

// Clients returns every client, by name.
func (q *Queries) Clients(ctx context.Context) ([]Client, error) {
	return all(ctx, q, scanClient, `SELECT `+clientColumns+` FROM clients ORDER BY name, id`)
}

// CreateClient stores a new client; ErrConflict when the id is taken.
// On PostgreSQL a conflict ends the transaction.
func (q *Queries) CreateClient(ctx context.Context, c Client) error {
	metadata, err := c.Metadata.value()
	if err != nil {
		return fmt.Errorf("metadata of client %q: %w", c.ID, err)
	}
	return q.exec(ctx, `INSERT INTO clients (`+clientColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
		c.ID, c.Name, c.Publisher, c.Purpose, c.PolicyURI, strings.Join(c.RedirectURIs, "\n"), strings.Join(c.PostLogoutRedirectURIs, "\n"),
		c.Scopes, c.AuthMethod, bytea(c.SecretHash), c.SecretCreatedAt, c.SubjectType, c.Sector, c.IDTokenAlg, c.RequirePKCE, c.Consent,
		c.DisabledAt, c.CreatedAt, c.UpdatedAt, c.BackchannelLogoutURI, c.GrantTypes, c.Audiences,
		metadata, bytea(c.FormerSecretHash), c.FormerSecretUntil, bytea(c.RegistrationHash))
}

// SaveClient changes what describes a client: everything but its id, its
// secret, whether it is disabled and when it was created. ErrNotFound when
// there is none with that id.
func (q *Queries) SaveClient(ctx context.Context, c Client) error {
	metadata, err := c.Metadata.value()
	if err != nil {
		return fmt.Errorf("metadata of client %q: %w", c.ID, err)
	}
	_, err = one(ctx, q, scanOne[string], `UPDATE clients SET name = $2, publisher = $3, purpose = $4, policy_uri = $5, redirect_uris = $6,
		post_logout_redirect_uris = $7, scopes = $8, auth_method = $9, subject_type = $10, sector = $11, id_token_alg = $12,
		require_pkce = $13, consent = $14, updated_at = $15, backchannel_logout_uri = $16,
		grant_types = $17, audiences = $18, metadata = $19 WHERE id = $1 RETURNING id`,
		c.ID, c.Name, c.Publisher, c.Purpose, c.PolicyURI, strings.Join(c.RedirectURIs, "\n"), strings.Join(c.PostLogoutRedirectURIs, "\n"),
		c.Scopes, c.AuthMethod, c.SubjectType, c.Sector, c.IDTokenAlg, c.RequirePKCE, c.Consent, c.UpdatedAt,
		c.BackchannelLogoutURI, c.GrantTypes, c.Audiences, metadata)
	return err
}

// DisableClient ends the client's access: no sign-in, no token, no claim.
// ErrNotFound when there is none with that id or it is disabled already.
func (q *Queries) DisableClient(ctx context.Context, id string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE clients SET disabled_at = $2, updated_at = $2
		WHERE id = $1 AND disabled_at = 0 RETURNING id`, id, now)
	return err
}
