package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Consent is what a user lets a client see.
type Consent struct {
	UserID    string
	ClientID  string
	Scopes    string // space list, sorted
	GrantedAt Time
}

// Covers says whether every one of the scopes (space list) was granted.
func (c Consent) Covers(scopes string) bool {
	for scope := range strings.FieldsSeq(scopes) {
		if !HasWord(c.Scopes, scope) {
			return false
		}
	}
	return true
}

func scanConsent(s scanner) (c Consent, err error) {
	err = s.Scan(&c.UserID, &c.ClientID, &c.Scopes, &c.GrantedAt)
	return c, err
}

// ConsentOf returns what the user has granted to the client.
func (q *Queries) ConsentOf(ctx context.Context, userID, clientID string) (Consent, error) {
	return one(ctx, q, scanConsent, `SELECT user_id, client_id, scopes, granted_at FROM consents
		WHERE user_id = $1 AND client_id = $2`, userID, clientID)
}

// ConsentsOf returns all that the user lets clients see.
func (q *Queries) ConsentsOf(ctx context.Context, userID string) ([]Consent, error) {
	return all(ctx, q, scanConsent, `SELECT user_id, client_id, scopes, granted_at FROM consents WHERE user_id = $1 ORDER BY client_id`, userID)
}

// SaveConsent adds the scopes to those granted before. The first statement
// takes the row, so that two tabs at once lose nothing.
func (q *Queries) SaveConsent(ctx context.Context, c Consent) error {
	before, err := one(ctx, q, scanOne[string], `INSERT INTO consents (user_id, client_id, scopes, granted_at) VALUES ($1, $2, '', $3)
		ON CONFLICT (user_id, client_id) DO UPDATE SET granted_at = excluded.granted_at RETURNING scopes`,
		c.UserID, c.ClientID, c.GrantedAt)
	if err != nil {
		return fmt.Errorf("take consent: %w", err)
	}
	scopes := strings.Fields(before + " " + c.Scopes)
	slices.Sort(scopes)
	return q.exec(ctx, `UPDATE consents SET scopes = $3 WHERE user_id = $1 AND client_id = $2`,
		c.UserID, c.ClientID, strings.Join(slices.Compact(scopes), " "))
}
