package storage

import "context"

// Flow is one authorization request on its way through the sign-in pages. It
// belongs to the browser that brought it.
type Flow struct {
	ID           string
	BrowserHash  []byte // SHA-256 of the secret in the browser's flow cookie
	ClientID     string
	Request      string // query of the authorization request, checked once
	RedirectURI  string
	Scopes       string // space list
	LoginHint    string
	ForceSignIn  bool   // a session opened for this very flow is wanted
	FreshAfter   Time   // a sign-in at this moment or later is wanted; 0 = any
	ForceConsent bool   // consent is asked although it was given before
	SessionID    string // session opened for this flow
	ConsentedAt  Time
	DeniedAt     Time
	FinishedAt   Time
	CreatedAt    Time
	ExpiresAt    Time
	// ChooseAccount: the person is asked which account, and SessionID is the answer.
	ChooseAccount bool
	Device        string // signature of the device that waits for this person; "" = the browser itself asks
	UserCode      string // what the person typed for it, as shown
	ForceFactor   bool   // a password alone is not enough
}

const flowColumns = `id, browser_hash, client_id, request, redirect_uri, scopes, login_hint, force_sign_in, fresh_after,
	force_consent, session_id, consented_at, denied_at, finished_at, created_at, expires_at, device, user_code, choose_account, force_factor`

func scanFlow(s scanner) (f Flow, err error) {
	err = s.Scan(&f.ID, &f.BrowserHash, &f.ClientID, &f.Request, &f.RedirectURI, &f.Scopes, &f.LoginHint, &f.ForceSignIn, &f.FreshAfter,
		&f.ForceConsent, &f.SessionID, &f.ConsentedAt, &f.DeniedAt, &f.FinishedAt, &f.CreatedAt, &f.ExpiresAt, &f.Device, &f.UserCode, &f.ChooseAccount, &f.ForceFactor)
	return f, err
}

// CreateFlow stores a new flow.
func (q *Queries) CreateFlow(ctx context.Context, f Flow) error {
	return q.exec(ctx, `INSERT INTO flows (`+flowColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		f.ID, f.BrowserHash, f.ClientID, f.Request, f.RedirectURI, f.Scopes, f.LoginHint, f.ForceSignIn, f.FreshAfter,
		f.ForceConsent, f.SessionID, f.ConsentedAt, f.DeniedAt, f.FinishedAt, f.CreatedAt, f.ExpiresAt, f.Device, f.UserCode, f.ChooseAccount, f.ForceFactor)
}

// Flow returns the flow whatever its state and browser: only to tell people
// which application they came from.
func (q *Queries) Flow(ctx context.Context, id string) (Flow, error) {
	return one(ctx, q, scanFlow, `SELECT `+flowColumns+` FROM flows WHERE id = $1`, id)
}

// FlowOfBrowser returns a running flow of that browser; ErrNotFound when it is
// finished, expired or another browser's.
func (q *Queries) FlowOfBrowser(ctx context.Context, id string, browserHash []byte, now Time) (Flow, error) {
	return one(ctx, q, scanFlow, `SELECT `+flowColumns+` FROM flows
		WHERE id = $1 AND browser_hash = $2 AND finished_at = 0 AND expires_at > $3`, id, browserHash, now)
}

// SetFlowSession notes the session that was opened for the flow. An answer about
// consent that was given before is another session's, perhaps another person's.
func (q *Queries) SetFlowSession(ctx context.Context, id, sessionID string) error {
	return q.exec(ctx, `UPDATE flows SET session_id = $2, consented_at = 0, denied_at = 0 WHERE id = $1 AND finished_at = 0`, id, sessionID)
}

// SetFlowForceSignIn wants a session opened for this very flow: the person asks
// for another account than the one that is signed in.
func (q *Queries) SetFlowForceSignIn(ctx context.Context, id string) error {
	return q.exec(ctx, `UPDATE flows SET force_sign_in = TRUE WHERE id = $1 AND finished_at = 0`, id)
}

// SetFlowConsented notes that the person has seen the consent page of this flow
// and agreed.
func (q *Queries) SetFlowConsented(ctx context.Context, id string, now Time) error {
	return q.exec(ctx, `UPDATE flows SET consented_at = $2, denied_at = 0 WHERE id = $1 AND finished_at = 0`, id, now)
}

// SetFlowDenied notes that the person has refused.
func (q *Queries) SetFlowDenied(ctx context.Context, id string, now Time) error {
	return q.exec(ctx, `UPDATE flows SET denied_at = $2, consented_at = 0 WHERE id = $1 AND finished_at = 0`, id, now)
}

// ConsumeFlow finishes the flow, once. ErrNotFound when it was finished before,
// has expired or is another browser's.
func (q *Queries) ConsumeFlow(ctx context.Context, id string, browserHash []byte, now Time) (Flow, error) {
	return one(ctx, q, scanFlow, `UPDATE flows SET finished_at = $3
		WHERE id = $1 AND browser_hash = $2 AND finished_at = 0 AND expires_at > $3 RETURNING `+flowColumns, id, browserHash, now)
}

// PurgeFlows deletes, of the limit oldest flows, those that expired before
// before, and tells how many. The oldest expire first, unless the lifetime of
// flows was changed meanwhile: the ids tell the order, without an index that each
// flow would have to be written to.
func (q *Queries) PurgeFlows(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM flows WHERE id IN
		(SELECT id FROM (SELECT id, expires_at FROM flows ORDER BY id LIMIT $2) AS oldest WHERE expires_at < $1)`, before, limit)
}
