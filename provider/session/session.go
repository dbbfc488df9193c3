package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"loge/provider/secret"
	"loge/storage"
)

var (
	// ErrNone says that the browser is not signed in.
	ErrNone = errors.New("no session")
	// ErrExpired says that the browser was signed in and no longer is: idle for
	// too long, past the absolute end, or ended elsewhere.
	ErrExpired = errors.New("session has expired")
)

// touchEvery bounds how often a session's row is written for being used; a
// tenth of Idle does where that is less, so that use always counts in time.
const touchEvery = time.Minute

// maxUserAgent is how much of the browser's name is kept, in bytes.
const maxUserAgent = 256

// Manager keeps browsers signed in.
type Manager struct {
	DB       *storage.DB
	Idle     time.Duration // a session not used for that long has ended
	Absolute time.Duration // a session ends that long after the sign-in
	Now      func() time.Time
	// EndsOffline has a sign-out end, too, what applications were given in the
	// session for when the person is away (offline_access).
	EndsOffline bool

	session cookie
	browser cookie
	device  cookie
}

// New returns a manager. secure says that the issuer is https.
func New(master secret.Master, db *storage.DB, idle, absolute time.Duration, secure bool, now func() time.Time) *Manager {
	return &Manager{DB: db, Idle: idle, Absolute: absolute, Now: now,
		session: newCookie(master, "session", secure, absolute),
		browser: newCookie(master, "flow", secure, browserCookieLife),
		device:  newCookie(master, "device", secure, DeviceLife)}
}

// Current returns who is at the browser, towards the client that asks ("": none
// does), if the session is live, else ErrNone or ErrExpired, and notes that it is
// in use, at most once a minute. Session and person are read in one statement.
func (m *Manager) Current(r *http.Request, clientID string) (v storage.Visitor, err error) {
	_, err = m.look(r, func(ctx context.Context, hash []byte) (_ storage.Session, err error) {
		v, err = m.DB.VisitorOfCookie(ctx, hash, clientID, storage.At(m.Now()))
		return v.Session, err
	})
	if err == nil {
		v.Session, err = m.use(r.Context(), v.Session, min(touchEvery, m.Idle/10))
	}
	if err != nil {
		return storage.Visitor{}, err
	}
	return v, nil
}

// Extend is a use for somebody who says so: it is noted in any case.
func (m *Manager) Extend(r *http.Request) (storage.Session, error) {
	s, err := m.Look(r)
	if err != nil {
		return s, err
	}
	return m.use(r.Context(), s, 0)
}

func (m *Manager) use(ctx context.Context, s storage.Session, every time.Duration) (storage.Session, error) {
	now := m.Now()
	if now.Sub(s.SeenAt.Time()) >= every {
		s.SeenAt = storage.At(now)
		if err := m.DB.InTx(ctx, func(q *storage.Queries) error { return q.TouchSession(ctx, s.ID, s.SeenAt) }); err != nil {
			return storage.Session{}, fmt.Errorf("touch session: %w", err)
		}
	}
	return s, nil
}

// Look returns the live session, or ErrNone or ErrExpired. It is no use of it:
// looking never puts the end off.
func (m *Manager) Look(r *http.Request) (storage.Session, error) {
	return m.look(r, m.DB.SessionByHash)
}

func (m *Manager) look(r *http.Request, load func(context.Context, []byte) (storage.Session, error)) (storage.Session, error) {
	hash, ok := m.session.read(r)
	if !ok {
		return storage.Session{}, ErrNone
	}
	s, err := load(r.Context(), hash)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Session{}, ErrNone // rotated away or purged
	}
	if err != nil {
		return storage.Session{}, fmt.Errorf("load session: %w", err)
	}
	if !m.Live(s, m.Now()) {
		return storage.Session{}, ErrExpired
	}
	return s, nil
}

// Live says whether the session still counts at that time.
func (m *Manager) Live(s storage.Session, now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.ExpiresAt.Time()) && now.Before(s.SeenAt.Time().Add(m.Idle))
}

// Remaining is how long the live session lasts if it is not used, in whole
// seconds, rounded up. It is 0 when use would not make it last longer, because
// its absolute end comes first.
func (m *Manager) Remaining(s storage.Session) time.Duration {
	end := s.SeenAt.Time().Add(m.Idle)
	if !end.Before(s.ExpiresAt.Time()) {
		return 0
	}
	return (end.Sub(m.Now()) + time.Second - 1).Truncate(time.Second)
}

// Start opens a session for s.UserID, with s.ProvisionalID and s.AMR, under a
// new id and a new secret, whatever the browser had before. The cookie is to be
// set once the transaction has committed.
func (m *Manager) Start(ctx context.Context, q *storage.Queries, r *http.Request, s storage.Session) (storage.Session, *http.Cookie, error) {
	s.ID = storage.NewID()
	s, cookie, err := m.begin(r, s)
	if err != nil {
		return storage.Session{}, nil, err
	}
	if err := q.CreateSession(ctx, s); err != nil {
		return storage.Session{}, nil, fmt.Errorf("start session: %w", err)
	}
	return s, cookie, nil
}

// Renew restarts a session whose person signed in again in the same browser:
// another secret and a new time of sign-in under the same id, so that what
// applications hold of it goes on. storage.ErrNotFound when it has ended.
func (m *Manager) Renew(ctx context.Context, q *storage.Queries, r *http.Request, s storage.Session) (storage.Session, *http.Cookie, error) {
	s, cookie, err := m.begin(r, s)
	if err != nil {
		return storage.Session{}, nil, err
	}
	renewed, err := q.RenewSession(ctx, s)
	if err != nil {
		return storage.Session{}, nil, fmt.Errorf("renew session: %w", err)
	}
	return renewed, cookie, nil
}

// begin fills in what a sign-in that happens now has, with a new secret.
func (m *Manager) begin(r *http.Request, s storage.Session) (storage.Session, *http.Cookie, error) {
	cookie, hash, err := m.session.fresh()
	if err != nil {
		return s, nil, err
	}
	now := m.Now()
	s.IDHash, s.UserAgent = hash, userAgent(r)
	s.AuthenticatedAt, s.SeenAt, s.ExpiresAt = storage.At(now), storage.At(now), storage.At(now.Add(m.Absolute))
	return s, cookie, nil
}

// Rotate gives a session whose power rises another secret, under the same id,
// and lifts the restriction of a provisional password. The old cookie is dead
// at the commit; storage.ErrNotFound when the session has ended.
func (m *Manager) Rotate(ctx context.Context, q *storage.Queries, s storage.Session) (storage.Session, *http.Cookie, error) {
	cookie, hash, err := m.session.fresh()
	if err != nil {
		return storage.Session{}, nil, err
	}
	rotated, err := q.RotateSession(ctx, s.ID, hash, storage.At(m.Now()))
	if err != nil {
		return storage.Session{}, nil, fmt.Errorf("rotate session: %w", err)
	}
	return rotated, cookie, nil
}

// End ends a session; a second time changes nothing.
func (m *Manager) End(ctx context.Context, q *storage.Queries, id string) error {
	if err := q.EndSession(ctx, id, storage.At(m.Now())); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if !m.EndsOffline {
		return nil
	}
	if err := q.RevokeSessionGrants(ctx, id, storage.At(m.Now())); err != nil {
		return fmt.Errorf("end offline access: %w", err)
	}
	return nil
}

// EndOthers ends the user's sessions except one.
func (m *Manager) EndOthers(ctx context.Context, q *storage.Queries, userID, keepID string) error {
	if err := q.EndOtherSessions(ctx, userID, keepID, storage.At(m.Now())); err != nil {
		return fmt.Errorf("end other sessions: %w", err)
	}
	return nil
}

// Clear has the browser forget its session cookie.
func (m *Manager) Clear(w http.ResponseWriter) { http.SetCookie(w, m.session.gone()) }

// Browser returns the hash that ties authorization requests to this browser,
// and gives the browser its cookie when it has none.
func (m *Manager) Browser(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if hash, ok := m.browser.read(r); ok {
		return hash, nil
	}
	cookie, hash, err := m.browser.fresh()
	if err != nil {
		return nil, err
	}
	http.SetCookie(w, cookie)
	return hash, nil
}

// CookieNames are the names under which a browser shows our cookies, for the
// page that tells people about them.
func (m *Manager) CookieNames() (session, browser, device string) {
	return m.session.name, m.browser.name, m.device.name
}

// BrowserOf returns the same hash, or false for a browser that brought no
// cookie: a new one, or one that refuses cookies.
func (m *Manager) BrowserOf(r *http.Request) ([]byte, bool) { return m.browser.read(r) }

func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	// PostgreSQL stores neither NUL nor broken UTF-8 in a text.
	return strings.ReplaceAll(strings.ToValidUTF8(agent, "?"), "\x00", "?")
}
