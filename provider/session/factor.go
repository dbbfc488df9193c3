package session

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"loge/storage"
)

// What a session can wait for, one at a time: what is asked last replaces what
// was asked before.
const (
	PendingKey    = "key"     // an answer of one of the person's passkeys
	PendingNewKey = "new-key" // an answer of a passkey that is to be added
	PendingTOTP   = "totp"    // a code of an application that is to be added
	PendingCodes  = "codes"   // recovery codes that the person has not yet noted
)

// pendingLife is how long it waits.
const pendingLife = 10 * time.Minute

// Waits returns what the session waits for, if it is of that kind and it is not
// too late.
func (m *Manager) Waits(s storage.Session, kind string) (what string, ok bool) {
	what, ok = strings.CutPrefix(s.Pending, kind+":")
	return what, ok && m.Now().Before(s.PendingUntil.Time())
}

// Wait has the session wait for something.
func (m *Manager) Wait(ctx context.Context, q *storage.Queries, s storage.Session, kind, what string) error {
	if err := q.SetPending(ctx, s.ID, kind+":"+what, storage.At(m.Now().Add(pendingLife))); err != nil {
		return fmt.Errorf("wait for %s: %w", kind, err)
	}
	return nil
}

// Answered ends a wait, once: storage.ErrNotFound the second time, when it is too
// late, and when something else was asked meanwhile.
func (m *Manager) Answered(ctx context.Context, q *storage.Queries, s storage.Session, kind, what string) error {
	if err := q.ConsumePending(ctx, s.ID, kind+":"+what, storage.At(m.Now())); err != nil {
		return fmt.Errorf("answer to %s: %w", kind, err)
	}
	return nil
}

// Raise notes that the person has shown a factor beside the password: the
// session has these methods from now on, and another secret. auth_time stays that
// of the sign-in. storage.ErrNotFound when it has ended.
func (m *Manager) Raise(ctx context.Context, q *storage.Queries, s storage.Session, amr string) (*http.Cookie, error) {
	cookie, hash, err := m.session.fresh()
	if err != nil {
		return nil, err
	}
	if _, err := q.RaiseSession(ctx, s.ID, hash, amr, storage.At(m.Now())); err != nil {
		return nil, fmt.Errorf("raise session: %w", err)
	}
	return cookie, nil
}
