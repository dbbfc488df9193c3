package storage

import (
	"context"
	"strings"
)

// Holder is the person behind a session or a token, with all that decides
// whether a client may be told or given anything now. It is read in one
// statement, so that the facts belong to one moment.
type Holder struct {
	User             User
	Account          Account
	Session          Session
	ClientDisabledAt Time
	Accepted         bool   // a version of each kind of document
	Consented        string // space list: what the person lets the client see
}

// holderColumns lists what a Holder is read from. Accepted is that of each kind
// of document published until now the person has accepted a version: a new one
// is asked at the next sign-in, and publishing it ends nobody's work in an
// application. now is the parameter that holds the time.
func holderColumns(now string) string {
	return qualified("u", userColumns) + `, ` + qualified("a", accountColumns) + `, ` + qualified("s", sessionColumns) + `,
		c.disabled_at, COALESCE(k.scopes, ''),
		NOT EXISTS (SELECT 1 FROM documents AS d WHERE d.published_at <= ` + now + `
			AND NOT EXISTS (SELECT 1 FROM acceptances AS p WHERE p.user_id = u.id AND p.kind = d.kind))`
}

const holderTables = `JOIN users AS u ON u.id = s.user_id JOIN accounts AS a ON a.id = u.account_id
	LEFT JOIN consents AS k ON k.user_id = u.id AND k.client_id = c.id`

// qualified writes the table before each column of a list.
func qualified(table, columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = table + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

func (h *Holder) fields() []any {
	list := append(h.User.fields(), h.Account.fields()...)
	return append(append(list, h.Session.fields()...), &h.ClientDisabledAt, &h.Consented, &h.Accepted)
}

func scanHolder(s scanner) (h Holder, err error) {
	err = s.Scan(h.fields()...)
	return h, err
}

var holderOfSession = `SELECT ` + holderColumns(`$3`) + ` FROM sessions AS s JOIN clients AS c ON c.id = $2 ` + holderTables + ` WHERE s.id = $1`

// HolderOfSession returns the person signed in by that session, towards that
// client. Ended sessions are found as well: account.MayIssue judges them.
func (q *Queries) HolderOfSession(ctx context.Context, sessionID, clientID string, now Time) (Holder, error) {
	return one(ctx, q, scanHolder, holderOfSession, sessionID, clientID, now)
}

// TokenHolder is the person behind an access token, and the token.
type TokenHolder struct {
	Holder
	Token AccessToken
}

func scanTokenHolder(s scanner) (h TokenHolder, err error) {
	t := &h.Token
	err = s.Scan(append(h.fields(), &t.Signature, &t.GrantID, &t.ClientID, &t.Scopes, &t.Session, &t.RequestedAt, &t.ExpiresAt)...)
	return h, err
}

var holderOfToken = `SELECT ` + holderColumns(`$2`) + `, ` + qualified("t", tokenColumns) + `
	FROM access_tokens AS t JOIN grants AS g ON g.id = t.grant_id JOIN sessions AS s ON s.id = g.session_id
	JOIN clients AS c ON c.id = t.client_id ` + holderTables + `
	WHERE t.signature = $1 AND t.expires_at > $2 AND g.revoked_at = 0`

// HolderOfToken returns the person behind an access token that is neither
// expired nor revoked.
func (q *Queries) HolderOfToken(ctx context.Context, signature string, now Time) (TokenHolder, error) {
	return one(ctx, q, scanTokenHolder, holderOfToken, signature, now)
}
