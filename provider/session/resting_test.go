package session_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"loge/provider/session"
	"loge/storage"
)

// An idle session is found by whoever wants to end it or go on with it, until
// it is over; looking for it is no use of it.
func TestRestingSessionIsFoundUntilItIsOver(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	if _, err := w.Resting(with()); !errors.Is(err, session.ErrNone) {
		t.Errorf("without a cookie: %v, want ErrNone", err)
	}
	for _, after := range []time.Duration{0, 29 * time.Minute, time.Hour, 11*time.Hour - 30*time.Minute} {
		w.now = s.AuthenticatedAt.Time().Add(after)
		if got, err := w.Resting(with(c)); err != nil || got.ID != s.ID || got.SeenAt != s.SeenAt {
			t.Errorf("after %v: %+v, %v", after, got, err)
		}
	}
	w.now = s.ExpiresAt.Time()
	if _, err := w.Resting(with(c)); !errors.Is(err, session.ErrNone) {
		t.Errorf("at the absolute end: %v, want ErrNone", err)
	}
	w.now = s.AuthenticatedAt.Time()
	w.write(t, func(ctx context.Context, q *storage.Queries) error { return w.End(ctx, q, s.ID) })
	if _, err := w.Resting(with(c)); !errors.Is(err, session.ErrNone) {
		t.Errorf("once ended: %v, want ErrNone", err)
	}
}

// An idle session whose person signs in again goes on under another cookie.
func TestRestingSessionCanBeRenewed(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	w.now = w.now.Add(2 * time.Hour)
	w.write(t, func(ctx context.Context, q *storage.Queries) (err error) {
		_, c, err = w.Renew(ctx, q, httptest.NewRequest("POST", "/connexion", nil), s)
		return err
	})
	if got, err := w.Current(with(c), ""); err != nil || got.Session.ID != s.ID || got.Session.AuthenticatedAt != storage.At(w.now) {
		t.Errorf("renewed: %+v, %v", got, err)
	}
}
