package storage

import (
	"context"
	"errors"
)

// KnownBrowser is a browser in which a user has signed in with a password of
// his own: what strangers type elsewhere does not make him wait there.
type KnownBrowser struct {
	ID        string
	Hash      []byte // of the browser's cookie
	UserID    string
	CreatedAt Time
	ExpiresAt Time
}

// KnowBrowser notes that the user signed in in that browser, for a first time
// or once more.
func (q *Queries) KnowBrowser(ctx context.Context, b KnownBrowser) error {
	return q.exec(ctx, `INSERT INTO known_browsers (id, hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id, hash) DO UPDATE SET expires_at = excluded.expires_at`, b.ID, b.Hash, b.UserID, b.CreatedAt, b.ExpiresAt)
}

// KnownBrowser returns under which id the user's browser is known, "" when it
// is not.
func (q *Queries) KnownBrowser(ctx context.Context, userID string, hash []byte, now Time) (string, error) {
	id, err := one(ctx, q, scanOne[string], `SELECT id FROM known_browsers WHERE user_id = $1 AND hash = $2 AND expires_at > $3`, userID, hash, now)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return id, err
}

// PurgeKnownBrowsers deletes browsers that were not used for too long.
func (q *Queries) PurgeKnownBrowsers(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM known_browsers WHERE (user_id, hash) IN
		(SELECT user_id, hash FROM known_browsers WHERE expires_at < $1 LIMIT $2)`, before, limit)
}

// ClearFailuresOfUser forgets all that keeps the user waiting: the failures
// everywhere, those with provisional passwords and with factors, and those of each
// browser that is known. It is for a password that was set anew, and for the agency. The keys
// are those of throttle.Keys.
func (q *Queries) ClearFailuresOfUser(ctx context.Context, userID string) error {
	return q.exec(ctx, `DELETE FROM failures WHERE key IN ('user:' || CAST($1 AS TEXT), 'user:' || CAST($1 AS TEXT) || '/code', 'user:' || CAST($1 AS TEXT) || '/factor')
		OR key IN (SELECT 'user:' || user_id || '/browser:' || id FROM known_browsers WHERE user_id = $1)`, userID)
}
