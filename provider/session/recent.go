package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"loge/storage"
)

// RecentFor is for how long a sign-in, or the password typed again, proves who
// sits at the browser well enough for what changes or hands out the access
// itself (ASVS 7.5.1).
const RecentFor = 10 * time.Minute

// Recent says whether the person of a live session has proven lately who he is.
// A page that needs it is shown to those for whom it is; its form may arrive
// later, by as much again, so that nobody loses what he typed.
func (m *Manager) Recent(s storage.Session, method string) bool {
	limit := RecentFor
	if method == http.MethodPost {
		limit = 2 * RecentFor
	}
	return m.Now().Sub(max(s.AuthenticatedAt, s.ConfirmedAt).Time()) < limit
}

// Confirm notes that the person has just proven it, and gives the session another
// secret. auth_time stays that of the sign-in. The old cookie is dead at the
// commit; storage.ErrNotFound when the session has ended.
func (m *Manager) Confirm(ctx context.Context, q *storage.Queries, s storage.Session) (storage.Session, *http.Cookie, error) {
	cookie, hash, err := m.session.fresh()
	if err != nil {
		return storage.Session{}, nil, err
	}
	confirmed, err := q.ConfirmSession(ctx, s.ID, hash, storage.At(m.Now()))
	if err != nil {
		return storage.Session{}, nil, fmt.Errorf("confirm session: %w", err)
	}
	return confirmed, cookie, nil
}
