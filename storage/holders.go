package storage

import (
	"context"
	"slices"
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
	Rights           Rights // in the client
}

// holderColumns lists what a Holder is read from. Accepted is that of each kind
// of document published until now the person has accepted a version: a new one
// is asked at the next sign-in, and publishing it ends nobody's work in an
// application. session lists the session's columns; now is the parameter that
// holds the time. Where the client is joined with LEFT, one that does not exist
// is a disabled one.
func holderColumns(session, now string) string {
	return qualified("u", userColumns) + `, ` + qualified("a", accountColumns) + `, ` + session + `,
		` + rightsColumns + `, COALESCE(c.disabled_at, 1), COALESCE(k.scopes, ''),
		NOT EXISTS (SELECT 1 FROM documents AS d WHERE d.published_at <= ` + now + `
			AND NOT EXISTS (SELECT 1 FROM acceptances AS p WHERE p.user_id = u.id AND p.kind = d.kind))`
}

// absentSession lists the columns of a session that an offline grant has
// outlived: then it is the zero Session.
const absentSession = `COALESCE(s.id, ''), s.id_hash, COALESCE(s.user_id, ''), COALESCE(s.provisional_id, ''), COALESCE(s.amr, ''),
	COALESCE(s.authenticated_at, 0), COALESCE(s.administrator_accepted_at, 0), COALESCE(s.user_agent, ''), COALESCE(s.seen_at, 0),
	COALESCE(s.expires_at, 0), COALESCE(s.ended_at, 0), COALESCE(s.confirmed_at, 0),
	COALESCE(s.factor_at, 0), COALESCE(s.pending, ''), COALESCE(s.pending_until, 0)`

const holderTables = `JOIN accounts AS a ON a.id = u.account_id
	LEFT JOIN consents AS k ON k.user_id = u.id AND k.client_id = c.id` + rightsTables

// qualified writes the table before each column of a list.
func qualified(table, columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = table + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// scan reads a row of a holder and whatever comes after it, and returns the
// metadata of the client as they are stored.
func (h *Holder) scan(s scanner, after ...any) (metadata string, err error) {
	fields := slices.Concat(h.User.fields(), h.Account.fields(), h.Session.fields(), h.Rights.fields(&metadata),
		[]any{&h.ClientDisabledAt, &h.Consented, &h.Accepted}, after)
	if err := s.Scan(fields...); err != nil {
		return "", err
	}
	return metadata, h.Rights.read(metadata)
}

func scanHolder(s scanner) (h Holder, err error) {
	_, err = h.scan(s)
	return h, err
}

var holderOfSession = `SELECT ` + holderColumns(qualified("s", sessionColumns), `$3`) + `
	FROM sessions AS s JOIN clients AS c ON c.id = $2 JOIN users AS u ON u.id = s.user_id ` + holderTables + ` WHERE s.id = $1`

// HolderOfSession returns the person signed in by that session, towards that
// client. Ended sessions are found as well: account.MayIssue judges them.
func (q *Queries) HolderOfSession(ctx context.Context, sessionID, clientID string, now Time) (Holder, error) {
	return one(ctx, q, scanHolder, holderOfSession, sessionID, clientID, now)
}

// TokenHolder is the person behind an access token, and the token.
type TokenHolder struct {
	Holder
	Grant  Grant
	Token  AccessToken
	Client ClientMetadata
}

func scanTokenHolder(s scanner) (*TokenHolder, error) {
	h := &TokenHolder{}
	metadata, err := h.scan(s, append(h.Grant.fields(), h.Token.fields()...)...)
	if err != nil {
		return nil, err
	}
	return h, h.Client.read(metadata)
}

// grantTables join what a token of a grant stands for. A session that is gone
// ends a grant, unless it is an offline one.
const grantTables = `JOIN grants AS g ON g.id = t.grant_id JOIN users AS u ON u.id = g.user_id JOIN clients AS c ON c.id = t.client_id
	LEFT JOIN sessions AS s ON s.id = g.session_id ` + holderTables

var holderOfToken = `SELECT ` + holderColumns(absentSession, `$2`) + `, ` + qualified("g", grantColumns) + `, ` + qualified("t", tokenColumns) + `
	FROM access_tokens AS t ` + grantTables + `
	WHERE t.signature = $1 AND t.expires_at > $2 AND g.revoked_at = 0 AND (g.offline OR s.id IS NOT NULL)`

// HolderOfToken returns the person behind an access token that is neither
// expired nor revoked.
func (q *Queries) HolderOfToken(ctx context.Context, signature string, now Time) (*TokenHolder, error) {
	return one(ctx, q, scanTokenHolder, holderOfToken, signature, now)
}

// RefreshHolder is the person behind a refresh token, and the token.
type RefreshHolder struct {
	Holder
	Grant Grant
	Token RefreshToken
}

func scanRefreshHolder(s scanner) (h RefreshHolder, err error) {
	_, err = h.scan(s, append(h.Grant.fields(), h.Token.fields()...)...)
	return h, err
}

var holderOfRefreshToken = `SELECT ` + holderColumns(absentSession, `$2`) + `, ` + qualified("g", grantColumns) + `, ` + qualified("t", refreshColumns) + `
	FROM refresh_tokens AS t ` + grantTables + `
	WHERE t.signature = $1`

// HolderOfRefreshToken returns the person behind a refresh token; used, expired
// and revoked ones are found as well, for whoever asks to judge them.
func (q *Queries) HolderOfRefreshToken(ctx context.Context, signature string, now Time) (RefreshHolder, error) {
	return one(ctx, q, scanRefreshHolder, holderOfRefreshToken, signature, now)
}

// CodeHolder is the person behind an authorization code, and the code.
type CodeHolder struct {
	Holder
	Code Code
}

func scanCodeHolder(s scanner) (h CodeHolder, err error) {
	_, err = h.scan(s, h.Code.fields()...)
	return h, err
}

var holderOfCode = `SELECT ` + holderColumns(absentSession, `$2`) + `, ` + qualified("t", codeColumns) + `
	FROM codes AS t ` + grantTables + `
	WHERE t.signature = $1`

// HolderOfCode returns the person behind a code; used, expired and revoked ones
// are found as well, for whoever asks to judge them. Its session is the zero one
// if that is gone.
func (q *Queries) HolderOfCode(ctx context.Context, signature string, now Time) (CodeHolder, error) {
	return one(ctx, q, scanCodeHolder, holderOfCode, signature, now)
}
