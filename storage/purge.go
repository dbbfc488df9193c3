package storage

import "context"

// The methods below delete up to limit rows that ended before the given moment
// and return how many they deleted. Call them again, in a new transaction,
// while they return limit: a long transaction would make everybody wait.

// PurgeCodes deletes authorization codes that expired. A code must outlive the
// tokens it gave for its replay to be noticed: leave it a day or more.
func (q *Queries) PurgeCodes(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM codes WHERE signature IN (SELECT signature FROM codes WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// PurgeAccessTokens deletes access tokens that expired.
func (q *Queries) PurgeAccessTokens(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM access_tokens WHERE signature IN (SELECT signature FROM access_tokens WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// PurgeGrants deletes grants that expired.
func (q *Queries) PurgeGrants(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// PurgeProvisionals deletes provisional passwords that expired. Whoever types
// one later is no longer told that it was too late: keep them for months.
func (q *Queries) PurgeProvisionals(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM provisionals WHERE id IN (SELECT id FROM provisionals WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// PurgeEmailChanges deletes addresses that were never confirmed, and the count
// of their codes once it no longer limits anything.
func (q *Queries) PurgeEmailChanges(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM email_changes WHERE (user_id, purpose) IN (SELECT user_id, purpose FROM email_changes
		WHERE expires_at < $1 AND sent_day < CAST($1 AS BIGINT) - $3 AND created_at < $1 LIMIT $2)`, before, limit, EmailCodeWindow)
}

// PurgeMessages deletes messages that left or failed before then. What still
// waits is kept, however old.
func (q *Queries) PurgeMessages(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM messages WHERE id IN (SELECT id FROM messages
		WHERE left_at > 0 AND left_at < $1 LIMIT $2)`, before, limit)
}

// PurgeAudit deletes the oldest events. It takes them from the beginning only,
// stops at the first that is younger and keeps the last one, so that the chain
// stays whole.
func (q *Queries) PurgeAudit(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM audit
		WHERE seq <= (SELECT MAX(seq) FROM (SELECT seq FROM audit ORDER BY seq LIMIT $2) AS batch)
		AND seq < COALESCE((SELECT MIN(seq) FROM (SELECT seq, at FROM audit ORDER BY seq LIMIT $2) AS batch WHERE at >= $1),
			(SELECT seq FROM audit_head WHERE id = 1))
		AND seq < (SELECT seq FROM audit_head WHERE id = 1)`, before, limit)
}
