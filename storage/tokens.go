package storage

import "context"

// Grant is one authorisation of a client by a user: the parent of its code and
// of every token that comes of it. Revoking the grant revokes all of them.
type Grant struct {
	ID        string
	ClientID  string
	UserID    string
	SessionID string
	Scopes    string // space list: what was granted
	CreatedAt Time
	ExpiresAt Time // when the last of its tokens has expired
	RevokedAt Time
	Offline   bool // outlives the session: its client holds refresh tokens
}

// Code is an authorization code. PKCE and OpenID parameters stand in the same
// row, so that one statement redeems all of it.
type Code struct {
	Signature   string // of the code; the code itself is stored nowhere
	GrantID     string
	ClientID    string
	Request     string // query: redirect_uri, nonce, code_challenge and its method
	Scopes      string // space list: what was asked
	Granted     string // space list
	Session     string // provider/oauth's own record of the sign-in
	RequestedAt Time
	ExpiresAt   Time
	UsedAt      Time
}

// AccessToken is an access token, opaque or a JWT.
type AccessToken struct {
	Signature   string // of the token, or of its jti; the token itself is stored nowhere
	GrantID     string // "" for a token of a client's own
	ClientID    string
	Scopes      string // space list
	Session     string // as in Code
	RequestedAt Time
	ExpiresAt   Time
	Audience    string // space list: the clients that it is meant for, beside its own, and the resources it is restricted to
}

const grantColumns = `id, client_id, user_id, session_id, scopes, created_at, expires_at, revoked_at, offline`

// ofSession finds the grants of the session $1 among those of its person: an
// index of their own would cost each authorization more than it is worth.
const ofSession = `user_id = (SELECT user_id FROM sessions WHERE id = $1) AND session_id = $1`

func (g *Grant) fields() []any {
	return []any{&g.ID, &g.ClientID, &g.UserID, &g.SessionID, &g.Scopes, &g.CreatedAt, &g.ExpiresAt, &g.RevokedAt, &g.Offline}
}

func scanGrant(s scanner) (g Grant, err error) {
	err = s.Scan(g.fields()...)
	return g, err
}

// CreateGrant stores a new grant.
func (q *Queries) CreateGrant(ctx context.Context, g Grant) error {
	return q.exec(ctx, `INSERT INTO grants (`+grantColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		g.ID, g.ClientID, g.UserID, g.SessionID, g.Scopes, g.CreatedAt, g.ExpiresAt, g.RevokedAt, g.Offline)
}

// Grant returns the grant with that id, revoked ones too.
func (q *Queries) Grant(ctx context.Context, id string) (Grant, error) {
	return one(ctx, q, scanGrant, `SELECT `+grantColumns+` FROM grants WHERE id = $1`, id)
}

const codeColumns = `signature, grant_id, client_id, request, scopes, granted, session, requested_at, expires_at, used_at`

func (c *Code) fields() []any {
	return []any{&c.Signature, &c.GrantID, &c.ClientID, &c.Request, &c.Scopes, &c.Granted, &c.Session, &c.RequestedAt, &c.ExpiresAt, &c.UsedAt}
}

func scanCode(s scanner) (c Code, err error) {
	err = s.Scan(c.fields()...)
	return c, err
}

// CreateCode stores a new code.
func (q *Queries) CreateCode(ctx context.Context, c Code) error {
	return q.exec(ctx, `INSERT INTO codes (`+codeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.Signature, c.GrantID, c.ClientID, c.Request, c.Scopes, c.Granted, c.Session, c.RequestedAt, c.ExpiresAt, c.UsedAt)
}

// Code returns the code with that signature, used and expired ones too. It
// decides nothing: ConsumeCode does.
func (q *Queries) Code(ctx context.Context, signature string) (Code, error) {
	return one(ctx, q, scanCode, `SELECT `+codeColumns+` FROM codes WHERE signature = $1`, signature)
}

// ConsumeCode redeems a code, once, for the client it was issued to.
// ErrNotFound when somebody was first, it has expired or is another client's.
func (q *Queries) ConsumeCode(ctx context.Context, signature, clientID string, now Time) (Code, error) {
	return decide(ctx, q, scanCode, `UPDATE codes SET used_at = $3
		WHERE signature = $1 AND client_id = $2 AND used_at = 0 AND expires_at > $3 RETURNING `+codeColumns, signature, clientID, now)
}

// BurnCode makes a code that has leaked useless; ErrNotFound when it was used.
func (q *Queries) BurnCode(ctx context.Context, signature string, now Time) (Code, error) {
	return one(ctx, q, scanCode, `UPDATE codes SET used_at = $2
		WHERE signature = $1 AND used_at = 0 RETURNING `+codeColumns, signature, now)
}

const tokenColumns = `signature, grant_id, client_id, scopes, session, requested_at, expires_at, audience`

func (t *AccessToken) fields() []any {
	return []any{&t.Signature, &t.GrantID, &t.ClientID, &t.Scopes, &t.Session, &t.RequestedAt, &t.ExpiresAt, &t.Audience}
}

func scanToken(s scanner) (t AccessToken, err error) {
	err = s.Scan(t.fields()...)
	return t, err
}

// CreateAccessToken stores a token under its grant; ErrNotFound when the grant
// does not exist or has been revoked.
func (q *Queries) CreateAccessToken(ctx context.Context, t AccessToken) error {
	_, err := decide(ctx, q, scanOne[string], `INSERT INTO access_tokens (`+tokenColumns+`)
		SELECT CAST($1 AS TEXT), id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS TEXT)
		FROM grants WHERE id = $2 AND revoked_at = 0 RETURNING signature`,
		t.Signature, t.GrantID, t.ClientID, t.Scopes, t.Session, t.RequestedAt, t.ExpiresAt, t.Audience)
	return err
}

// CreateClientToken stores a token of the client's own, behind which there is no
// person; ErrNotFound when the client is disabled.
func (q *Queries) CreateClientToken(ctx context.Context, t AccessToken) error {
	_, err := decide(ctx, q, scanOne[string], `INSERT INTO access_tokens (`+tokenColumns+`)
		SELECT CAST($1 AS TEXT), '', id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS TEXT)
		FROM clients WHERE id = $2 AND disabled_at = 0 RETURNING signature`,
		t.Signature, t.ClientID, t.Scopes, t.Session, t.RequestedAt, t.ExpiresAt, t.Audience)
	return err
}

// ClientToken returns a token of a client's own that has not expired, unless
// its client is disabled.
func (q *Queries) ClientToken(ctx context.Context, signature string, now Time) (AccessToken, error) {
	return one(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM access_tokens WHERE signature = $1 AND grant_id = '' AND expires_at > $2
		AND EXISTS (SELECT 1 FROM clients WHERE id = access_tokens.client_id AND disabled_at = 0)`, signature, now)
}

// AccessToken returns a token that is neither expired nor revoked.
func (q *Queries) AccessToken(ctx context.Context, signature string, now Time) (AccessToken, error) {
	return one(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM access_tokens WHERE signature = $1 AND expires_at > $2
		AND EXISTS (SELECT 1 FROM grants WHERE id = access_tokens.grant_id AND revoked_at = 0)`, signature, now)
}
