package session

import (
	"errors"
	"fmt"
	"net/http"

	"loge/storage"
)

// Resting returns the browser's session even if it is idle. An idle one opens
// nothing any more, but the applications count on it until it is ended or its
// absolute end comes: whoever signs out, or in again, acts on it. ErrNone when
// there is none; it is no use of the session.
func (m *Manager) Resting(r *http.Request) (storage.Session, error) {
	hash, ok := m.session.read(r)
	if !ok {
		return storage.Session{}, ErrNone
	}
	s, err := m.DB.SessionByHash(r.Context(), hash)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Session{}, ErrNone
	}
	if err != nil {
		return storage.Session{}, fmt.Errorf("load session: %w", err)
	}
	if !s.EndedAt.IsZero() || !m.Now().Before(s.ExpiresAt.Time()) {
		return storage.Session{}, ErrNone
	}
	return s, nil
}
