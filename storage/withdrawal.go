package storage

import "context"

// Authorised is an application that a user lets see something.
type Authorised struct {
	Client    Client
	Scopes    string // space list of what it may see
	GrantedAt Time   // since the last time the user was asked
	UsedAt    Time   // the last sign-in there; 0 when that is no longer known
}

// AuthorisedOf returns the applications that a user has authorised, by name;
// disabled ones, which see nothing any more, are left out.
func (q *Queries) AuthorisedOf(ctx context.Context, userID string) ([]Authorised, error) {
	type row struct {
		client, scopes string
		granted, used  Time
	}
	rows, err := all(ctx, q, func(s scanner) (r row, err error) {
		err = s.Scan(&r.client, &r.scopes, &r.granted, &r.used)
		return r, err
	}, `SELECT clients.id, consents.scopes, consents.granted_at,
		COALESCE((SELECT MAX(grants.created_at) FROM grants WHERE grants.user_id = consents.user_id AND grants.client_id = consents.client_id), 0)
		FROM consents JOIN clients ON clients.id = consents.client_id
		WHERE consents.user_id = $1 AND clients.disabled_at = 0 ORDER BY clients.name, clients.id`, userID)
	if err != nil {
		return nil, err
	}
	list := make([]Authorised, 0, len(rows))
	for _, r := range rows {
		c, err := q.Client(ctx, r.client)
		if err != nil {
			return nil, err
		}
		list = append(list, Authorised{Client: c, Scopes: r.scopes, GrantedAt: r.granted, UsedAt: r.used})
	}
	return list, nil
}

// WithdrawConsent takes back what a user let a client see, and ends everything
// the client holds of it: codes, access tokens, refresh tokens. It returns the
// scopes; ErrNotFound when there was no consent.
func (q *Queries) WithdrawConsent(ctx context.Context, userID, clientID string, now Time) (string, error) {
	scopes, err := one(ctx, q, scanOne[string], `DELETE FROM consents WHERE user_id = $1 AND client_id = $2 RETURNING scopes`, userID, clientID)
	if err != nil {
		return "", err
	}
	return scopes, q.exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND client_id = $2 AND revoked_at = 0`, userID, clientID, now)
}
