package storage

import "context"

// PushedRequest is an authorization request that its client sent ahead (RFC
// 9126). The request_uri itself is stored nowhere.
type PushedRequest struct {
	Hash      []byte // SHA-256 of the request_uri
	ClientID  string
	Request   string // query, checked once
	CreatedAt Time
	ExpiresAt Time
	UsedAt    Time
}

const pushedRequestColumns = `hash, client_id, request, created_at, expires_at, used_at`

func scanPushedRequest(s scanner) (p PushedRequest, err error) {
	err = s.Scan(&p.Hash, &p.ClientID, &p.Request, &p.CreatedAt, &p.ExpiresAt, &p.UsedAt)
	return p, err
}

// CreatePushedRequest stores a new request.
func (q *Queries) CreatePushedRequest(ctx context.Context, p PushedRequest) error {
	return q.exec(ctx, `INSERT INTO pushed_requests (`+pushedRequestColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		p.Hash, p.ClientID, p.Request, p.CreatedAt, p.ExpiresAt, p.UsedAt)
}

// PushedRequest returns a request of that client; ErrNotFound when it was used,
// has expired or is another client's.
func (q *Queries) PushedRequest(ctx context.Context, hash []byte, clientID string, now Time) (PushedRequest, error) {
	return one(ctx, q, scanPushedRequest, `SELECT `+pushedRequestColumns+` FROM pushed_requests
		WHERE hash = $1 AND client_id = $2 AND used_at = 0 AND expires_at > $3`, hash, clientID, now)
}

// KeepPushedRequest has a request live until then, if it would not anyway: its
// person has come and is signing in.
func (q *Queries) KeepPushedRequest(ctx context.Context, hash []byte, until Time) error {
	return q.exec(ctx, `UPDATE pushed_requests SET expires_at = $2 WHERE hash = $1 AND used_at = 0 AND expires_at < $2`, hash, until)
}

// ConsumePushedRequest marks a request as answered, once. ErrNotFound when it
// was used before, has expired or is another client's.
func (q *Queries) ConsumePushedRequest(ctx context.Context, hash []byte, clientID string, now Time) (PushedRequest, error) {
	return one(ctx, q, scanPushedRequest, `UPDATE pushed_requests SET used_at = $3
		WHERE hash = $1 AND client_id = $2 AND used_at = 0 AND expires_at > $3 RETURNING `+pushedRequestColumns, hash, clientID, now)
}

// PurgePushedRequests deletes requests that expired.
func (q *Queries) PurgePushedRequests(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM pushed_requests WHERE hash IN (SELECT hash FROM pushed_requests WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
