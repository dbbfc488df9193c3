package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Right is one thing that people may do in an application (habilitation), as
// the application registered it.
type Right struct {
	Name     string `json:"name"`
	Sentence string `json:"sentence"` // what it lets people do, for those who give it
	// Restricted: an account holds it only once the agency has given it. The
	// others every account holds until the agency withholds them.
	Restricted bool `json:"restricted,omitempty"`
}

// Rights is all that is stored about what one person may do in one application.
// Who holds what is account.HeldRights. The lists are space lists of names.
type Rights struct {
	Registered []Right // none: the application is open to everybody
	Given      string  // to the account by the agency
	Withheld   string  // from the account by the agency
	Chosen     string  // for the person by an administrator of the organisation
}

// rightsColumns and rightsTables read Rights of the user u in the client c.
const (
	rightsColumns = `COALESCE(c.metadata, ''), COALESCE(ar.given, ''), COALESCE(ar.withheld, ''), COALESCE(ur.rights, '')`
	rightsTables  = ` LEFT JOIN account_rights AS ar ON ar.account_id = u.account_id AND ar.client_id = c.id
	LEFT JOIN user_rights AS ur ON ur.user_id = u.id AND ur.client_id = c.id`
)

// fields are where rightsColumns go; metadata is then for read.
func (r *Rights) fields(metadata *string) []any {
	return []any{metadata, &r.Given, &r.Withheld, &r.Chosen}
}

// read finds the registered rights in the metadata of the client. Few clients
// have any, and this is asked for every token.
func (r *Rights) read(metadata string) error {
	if !strings.Contains(metadata, `"rights":`) {
		return nil
	}
	var m struct {
		Rights []Right `json:"rights"`
	}
	if err := json.Unmarshal([]byte(metadata), &m); err != nil {
		return fmt.Errorf("rights of a client: %w", err)
	}
	r.Registered = m.Rights
	return nil
}

// RightsIn returns the user's rights in the client.
func (q *Queries) RightsIn(ctx context.Context, userID, clientID string) (Rights, error) {
	return one(ctx, q, func(s scanner) (v Rights, err error) {
		var metadata string
		if err := s.Scan(v.fields(&metadata)...); err != nil {
			return v, err
		}
		return v, v.read(metadata)
	}, `SELECT `+rightsColumns+` FROM clients AS c JOIN users AS u ON u.id = $1`+rightsTables+` WHERE c.id = $2`, userID, clientID)
}

// ClientRights is what a person's rights in one client are.
type ClientRights struct {
	ClientID string
	Name     string // of the client
	Rights
}

// RightsOf returns the user's rights in every client that has some and is not
// disabled, by the client's name.
func (q *Queries) RightsOf(ctx context.Context, userID string) ([]ClientRights, error) {
	return all(ctx, q, func(s scanner) (v ClientRights, err error) {
		var metadata string
		if err := s.Scan(append([]any{&v.ClientID, &v.Name}, v.fields(&metadata)...)...); err != nil {
			return v, err
		}
		return v, v.read(metadata)
	}, `SELECT c.id, c.name, `+rightsColumns+` FROM clients AS c JOIN users AS u ON u.id = $1`+rightsTables+`
		WHERE c.disabled_at = 0 AND c.metadata LIKE '%"rights":%' ORDER BY c.name, c.id`, userID)
}

// SaveUserRights stores what a member may do in a client, and ends what the
// client holds of him when that is nothing. ErrNotFound when the user is not of
// that account.
func (q *Queries) SaveUserRights(ctx context.Context, accountID, userID, clientID, rights string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `INSERT INTO user_rights (user_id, client_id, rights, changed_at)
		SELECT id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT) FROM users WHERE id = $2 AND account_id = $1
		ON CONFLICT (user_id, client_id) DO UPDATE SET rights = excluded.rights, changed_at = excluded.changed_at RETURNING user_id`,
		accountID, userID, clientID, rights, now)
	if err != nil || rights != "" {
		return err
	}
	return q.exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND client_id = $2 AND revoked_at = 0`, userID, clientID, now)
}

// AccountRights is how the rights of an account in a client differ from what
// every account holds there; space lists.
type AccountRights struct{ Given, Withheld string }

// AccountRightsOf returns the account's, the zero value when nothing differs.
func (q *Queries) AccountRightsOf(ctx context.Context, accountID, clientID string) (AccountRights, error) {
	r, err := one(ctx, q, func(s scanner) (r AccountRights, err error) { return r, s.Scan(&r.Given, &r.Withheld) },
		`SELECT given, withheld FROM account_rights WHERE account_id = $1 AND client_id = $2`, accountID, clientID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return r, err
}

// SaveAccountRights stores how the rights of the account differ, if the row still
// holds what it held before; ErrNotFound when somebody else was faster.
func (q *Queries) SaveAccountRights(ctx context.Context, accountID, clientID string, before, after AccountRights, now Time) error {
	_, err := one(ctx, q, scanOne[string], `INSERT INTO account_rights (account_id, client_id, given, withheld, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, client_id) DO UPDATE SET given = excluded.given, withheld = excluded.withheld, changed_at = excluded.changed_at
		WHERE account_rights.given = $6 AND account_rights.withheld = $7 RETURNING account_id`,
		accountID, clientID, after.Given, after.Withheld, now, before.Given, before.Withheld)
	return err
}
