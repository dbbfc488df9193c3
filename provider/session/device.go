package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"loge/storage"
)

// DeviceLife is how long after a sign-in the browser is known to be the person's.
const DeviceLife = 365 * 24 * time.Hour

// Known returns under which id the browser is known to be the user's, "" when
// it is not. It signs nobody in: it only says whose failures count here.
func (m *Manager) Known(r *http.Request, userID string) (string, error) {
	hash, ok := m.device.read(r)
	if !ok {
		return "", nil
	}
	id, err := m.DB.KnownBrowser(r.Context(), userID, hash, storage.At(m.Now()))
	if err != nil {
		return "", fmt.Errorf("load known browser: %w", err)
	}
	return id, nil
}

// Remember notes that the user has signed in, with a password of his own, in
// this browser. The cookie is to be set once the transaction has committed; one
// serves all who sign in here.
func (m *Manager) Remember(ctx context.Context, q *storage.Queries, r *http.Request, userID string) (*http.Cookie, error) {
	cookie, hash, err := m.device.again(r)
	if err != nil {
		return nil, err
	}
	cookie.MaxAge = int(DeviceLife.Seconds())
	now := m.Now()
	if err := q.KnowBrowser(ctx, storage.KnownBrowser{ID: storage.NewID(), Hash: hash, UserID: userID,
		CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(DeviceLife))}); err != nil {
		return nil, fmt.Errorf("remember browser: %w", err)
	}
	return cookie, nil
}
