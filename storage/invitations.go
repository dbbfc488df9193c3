package storage

import "context"

// Invitation lets whoever brings its token register an application (RFC 7591
// §3, initial access token).
type Invitation struct {
	ID        string
	Hash      []byte // secret.HashClientSecret of the token
	Publisher string // who will run what is registered; empty: the application says
	Scopes    string // space list: the most that may be registered
	UsesLeft  int64
	CreatedBy string
	CreatedAt Time
	ExpiresAt Time // first second at which it is refused
}

// Registration is what a client that registered itself was invited to.
type Registration struct {
	ClientID   string
	Invitation string // id
	Publisher  string
	Scopes     string
	CreatedAt  Time
}

const invitationColumns = `id, hash, publisher, scopes, uses_left, created_by, created_at, expires_at`

func scanInvitation(s scanner) (i Invitation, err error) {
	err = s.Scan(&i.ID, &i.Hash, &i.Publisher, &i.Scopes, &i.UsesLeft, &i.CreatedBy, &i.CreatedAt, &i.ExpiresAt)
	return i, err
}

// CreateInvitation stores a new invitation.
func (q *Queries) CreateInvitation(ctx context.Context, i Invitation) error {
	return q.exec(ctx, `INSERT INTO invitations (`+invitationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		i.ID, i.Hash, i.Publisher, i.Scopes, i.UsesLeft, i.CreatedBy, i.CreatedAt, i.ExpiresAt)
}

// Invitations returns those that can still be used, the youngest first.
func (q *Queries) Invitations(ctx context.Context, now Time) ([]Invitation, error) {
	return all(ctx, q, scanInvitation, `SELECT `+invitationColumns+` FROM invitations
		WHERE expires_at > $1 AND uses_left > 0 ORDER BY created_at DESC, id DESC`, now)
}

// InvitationByHash returns an invitation that can still be used.
func (q *Queries) InvitationByHash(ctx context.Context, hash []byte, now Time) (Invitation, error) {
	return one(ctx, q, scanInvitation, `SELECT `+invitationColumns+` FROM invitations
		WHERE hash = $1 AND expires_at > $2 AND uses_left > 0`, hash, now)
}

// AnyInvitation tells whether somebody may register an application now.
func (q *Queries) AnyInvitation(ctx context.Context, now Time) (bool, error) {
	n, err := one(ctx, q, scanOne[int64], `SELECT COUNT(*) FROM (SELECT id FROM invitations
		WHERE expires_at > $1 AND uses_left > 0 LIMIT 1) AS usable`, now)
	return n > 0, err
}

// UseInvitation counts one use; ErrNotFound when it has expired or was used up.
func (q *Queries) UseInvitation(ctx context.Context, id string, now Time) (Invitation, error) {
	return one(ctx, q, scanInvitation, `UPDATE invitations SET uses_left = uses_left - 1
		WHERE id = $1 AND expires_at > $2 AND uses_left > 0 RETURNING `+invitationColumns, id, now)
}

// EndInvitation makes an invitation unusable; ErrNotFound when it is already.
func (q *Queries) EndInvitation(ctx context.Context, id string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE invitations SET uses_left = 0
		WHERE id = $1 AND expires_at > $2 AND uses_left > 0 RETURNING id`, id, now)
	return err
}

// PurgeInvitations deletes invitations that expired.
func (q *Queries) PurgeInvitations(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// CreateRegistration notes what a client that registered itself was invited to.
func (q *Queries) CreateRegistration(ctx context.Context, r Registration) error {
	return q.exec(ctx, `INSERT INTO registrations (client_id, invitation, publisher, scopes, created_at) VALUES ($1, $2, $3, $4, $5)`,
		r.ClientID, r.Invitation, r.Publisher, r.Scopes, r.CreatedAt)
}

// RegistrationOf returns what a client that registered itself was invited to.
func (q *Queries) RegistrationOf(ctx context.Context, clientID string) (Registration, error) {
	return one(ctx, q, func(s scanner) (r Registration, err error) {
		err = s.Scan(&r.ClientID, &r.Invitation, &r.Publisher, &r.Scopes, &r.CreatedAt)
		return r, err
	}, `SELECT client_id, invitation, publisher, scopes, created_at FROM registrations WHERE client_id = $1`, clientID)
}

// EndRegistration ends a client that registered itself, with its registration
// access token and its secrets. ErrNotFound when that has happened before.
func (q *Queries) EndRegistration(ctx context.Context, id string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE clients SET disabled_at = $2, updated_at = $2, registration_hash = $3,
		secret_hash = $3, former_secret_hash = $3, former_secret_until = 0
		WHERE id = $1 AND disabled_at = 0 AND registration_hash <> $3 RETURNING id`, id, now, []byte{})
	return err
}

// RevokeClientGrants ends all that people granted to a client, and its own
// access tokens.
func (q *Queries) RevokeClientGrants(ctx context.Context, clientID string, now Time) error {
	if err := q.exec(ctx, `UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at = 0`, clientID, now); err != nil {
		return err
	}
	return q.exec(ctx, `DELETE FROM access_tokens WHERE client_id = $1`, clientID)
}
