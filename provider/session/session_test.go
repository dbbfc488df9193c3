package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"loge/provider/secret"
	"loge/provider/session"
	"loge/storage"
	"loge/storage/storagetest"
)

type world struct {
	*session.Manager
	db   *storage.DB
	user storage.User
	now  time.Time
}

func newWorld(t *testing.T, secure bool) *world {
	t.Helper()
	w := &world{db: storagetest.Open(t), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	master, err := secret.NewMaster(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.Manager = session.New(master, w.db, 30*time.Minute, 12*time.Hour, secure, func() time.Time { return w.now })
	account := storage.Account{ID: storage.NewID(), Number: "45675320380001", Kind: storage.Individual, Channel: storage.ByEmail}
	w.user = storage.User{ID: storage.NewID(), AccountID: account.ID, Identifier: "LOG1A2B3C4D", Role: storage.RoleHolder, State: storage.StateActive}
	w.write(t, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateAccount(ctx, account), q.CreateUser(ctx, w.user))
	})
	return w
}

func (w *world) write(t *testing.T, fn func(context.Context, *storage.Queries) error) {
	t.Helper()
	if err := w.db.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) start(t *testing.T) (s storage.Session, c *http.Cookie) {
	t.Helper()
	r := httptest.NewRequest("POST", "/connexion", nil)
	r.Header.Set("User-Agent", strings.Repeat("é", 200)+"\x00\xff")
	w.write(t, func(ctx context.Context, q *storage.Queries) (err error) {
		s, c, err = w.Start(ctx, q, r, storage.Session{UserID: w.user.ID, ProvisionalID: "p", AMR: "pwd"})
		return err
	})
	return s, c
}

func with(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestSessionLivesUntilIdleOrAbsoluteEnd(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	if got, err := w.Current(with(c), ""); err != nil || got.Session.ID != s.ID || got.Session.ProvisionalID != "p" {
		t.Fatalf("Current = %+v, %v", got, err)
	}
	start := w.now
	for range 24 { // every 29 min 59 s something happens
		w.now = w.now.Add(30*time.Minute - time.Second)
		if _, err := w.Current(with(c), ""); err != nil {
			t.Fatalf("after %v: %v", w.now.Sub(start), err)
		}
	}
	for _, test := range []struct {
		at   time.Duration
		want error
	}{{-time.Second, nil}, {0, session.ErrExpired}, {time.Second, session.ErrExpired}} {
		w.now = start.Add(12*time.Hour + test.at)
		if _, err := w.Current(with(c), ""); !errors.Is(err, test.want) {
			t.Errorf("at the absolute end %+v: %v, want %v", test.at, err, test.want)
		}
	}
}

func TestIdleSessionExpires(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  error
	}{{30*time.Minute - time.Second, nil}, {30 * time.Minute, session.ErrExpired}, {30*time.Minute + time.Second, session.ErrExpired}} {
		w := newWorld(t, true)
		_, c := w.start(t)
		w.now = w.now.Add(test.after)
		if _, err := w.Current(with(c), ""); !errors.Is(err, test.want) {
			t.Errorf("idle for %v: %v, want %v", test.after, err, test.want)
		}
	}
}

func TestSessionIsTouchedOnceAMinute(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	for _, test := range []struct{ after, seen time.Duration }{{59 * time.Second, 0}, {60 * time.Second, 60 * time.Second}, {90 * time.Second, 60 * time.Second}} {
		start := s.AuthenticatedAt.Time()
		w.now = start.Add(test.after)
		if _, err := w.Current(with(c), ""); err != nil {
			t.Fatal(err)
		}
		if row, err := w.db.Session(t.Context(), s.ID); err != nil || row.SeenAt != storage.At(start.Add(test.seen)) {
			t.Errorf("after %v seen_at is %v, want %v (%v)", test.after, row.SeenAt.Time(), start.Add(test.seen), err)
		}
	}
}

func TestExtendingAlwaysPutsTheIdleEndOff(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	start := w.now
	remaining := func(use func(*http.Request) (storage.Session, error)) time.Duration {
		t.Helper()
		s, err := use(with(c))
		if err != nil {
			t.Fatalf("after %v: %v", w.now.Sub(start), err)
		}
		return w.Remaining(s)
	}
	w.now = start.Add(30*time.Second + time.Millisecond)
	current := func(r *http.Request) (storage.Session, error) {
		v, err := w.Current(r, "")
		return v.Session, err
	}
	for _, test := range []struct {
		name string
		use  func(*http.Request) (storage.Session, error)
		want time.Duration
	}{{"Look", w.Look, 29*time.Minute + 30*time.Second}, {"Current", current, 29*time.Minute + 30*time.Second}, {"Extend", w.Extend, 30 * time.Minute}} {
		if got := remaining(test.use); got != test.want {
			t.Errorf("%s: %v remain, want %v", test.name, got, test.want)
		}
	}
	w.now = start.Add(29 * time.Minute)
	if got := remaining(w.Look); got != 90*time.Second {
		t.Errorf("%v remain, want 90 s", got)
	}
	for ; w.now.Before(start.Add(11*time.Hour + 30*time.Minute)); w.now = w.now.Add(10 * time.Minute) { // as often as wished
		if got := remaining(w.Extend); got != 30*time.Minute {
			t.Fatalf("after %v %v remain", w.now.Sub(start), got)
		}
	}
	if got := remaining(w.Extend); got != 0 {
		t.Errorf("%v remain, want 0: the absolute end comes first", got)
	}
	w.write(t, func(ctx context.Context, q *storage.Queries) error { return w.End(ctx, q, s.ID) })
	if _, err := w.Extend(with(c)); !errors.Is(err, session.ErrExpired) {
		t.Errorf("extending an ended session: %v, want ErrExpired", err)
	}
}

func TestAVeryShortSessionLivesWhileItIsUsed(t *testing.T) {
	w := newWorld(t, true)
	w.Idle = 40 * time.Second
	_, c := w.start(t)
	for range 10 {
		w.now = w.now.Add(30 * time.Second)
		if _, err := w.Current(with(c), ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRotationKillsTheOldCookie(t *testing.T) {
	w := newWorld(t, true)
	s, before := w.start(t)
	var after *http.Cookie
	w.write(t, func(ctx context.Context, q *storage.Queries) (err error) {
		_, after, err = w.Rotate(ctx, q, s)
		return err
	})
	if _, err := w.Current(with(before), ""); !errors.Is(err, session.ErrNone) {
		t.Errorf("the old cookie: %v, want ErrNone", err)
	}
	if got, err := w.Current(with(after), ""); err != nil || got.Session.ID != s.ID || got.Session.ProvisionalID != "" {
		t.Errorf("the new cookie: %+v, %v", got, err)
	}
	w.write(t, func(ctx context.Context, q *storage.Queries) error { return w.End(ctx, q, s.ID) })
	if _, err := w.Current(with(after), ""); !errors.Is(err, session.ErrExpired) {
		t.Errorf("an ended session: %v, want ErrExpired", err)
	}
}

func TestEndOthersKeepsOne(t *testing.T) {
	w := newWorld(t, true)
	s, kept := w.start(t)
	_, other := w.start(t)
	w.write(t, func(ctx context.Context, q *storage.Queries) error { return w.EndOthers(ctx, q, w.user.ID, s.ID) })
	if _, err := w.Current(with(kept), ""); err != nil {
		t.Errorf("the kept session: %v", err)
	}
	if _, err := w.Current(with(other), ""); !errors.Is(err, session.ErrExpired) {
		t.Errorf("the other session: %v, want ErrExpired", err)
	}
}

func TestDamagedCookieIsNoCookie(t *testing.T) {
	w := newWorld(t, true)
	_, c := w.start(t)
	flow := httptest.NewRecorder()
	if _, err := w.Browser(flow, with()); err != nil {
		t.Fatal(err)
	}
	moved := *flow.Result().Cookies()[0]
	moved.Name = c.Name
	values := []string{"", "x", moved.Value, c.Value[:len(c.Value)-1], strings.Repeat("A", 5000)}
	for i := range len(c.Value) {
		changed := []byte(c.Value)
		changed[i] ^= 1
		values = append(values, string(changed))
	}
	for _, value := range values {
		damaged := *c
		damaged.Value = value
		if _, err := w.Current(with(&damaged), ""); err == nil {
			// The last character of base64 has bits that mean nothing.
			if len(value) == len(c.Value) && value[:len(value)-1] == c.Value[:len(c.Value)-1] {
				continue
			}
			t.Errorf("cookie %q was believed", value)
		}
	}
}

func TestCookiesAreHostOnlyWhereTheyCanBe(t *testing.T) {
	for _, test := range []struct {
		secure        bool
		session, flow string
	}{{true, "__Host-session", "__Host-flow"}, {false, "loge-session", "loge-flow"}} {
		w := newWorld(t, test.secure)
		_, c := w.start(t)
		rec := httptest.NewRecorder()
		first, err := w.Browser(rec, with())
		if err != nil {
			t.Fatal(err)
		}
		flow := rec.Result().Cookies()[0]
		for name, got := range map[string]*http.Cookie{test.session: c, test.flow: flow} {
			if got.Name != name || got.Secure != test.secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode ||
				got.Path != "/" || got.Domain != "" || got.MaxAge != 0 || !got.Expires.IsZero() {
				t.Errorf("cookie = %v, want %s, host only, until the browser closes", got, name)
			}
		}
		if again, ok := w.BrowserOf(with(flow)); !ok || string(again) != string(first) {
			t.Error("the browser is not recognised")
		}
		again := httptest.NewRecorder()
		if hash, err := w.Browser(again, with(flow)); err != nil || string(hash) != string(first) || len(again.Result().Cookies()) != 0 {
			t.Errorf("a known browser got another cookie (%v)", err)
		}
		if _, ok := w.BrowserOf(with()); ok {
			t.Error("a browser without cookie was recognised")
		}
		cleared := httptest.NewRecorder()
		w.Clear(cleared)
		if got := cleared.Result().Cookies()[0]; got.Name != test.session || got.MaxAge >= 0 || got.Value != "" {
			t.Errorf("Clear sets %v", got)
		}
	}
}

func TestDatabaseHoldsNoCookieValue(t *testing.T) {
	w := newWorld(t, true)
	s, c := w.start(t)
	if strings.Contains(c.Value, string(s.IDHash)) || len(s.IDHash) != 32 {
		t.Error("the row and the cookie share a value")
	}
	if len(s.UserAgent) > 258 || strings.Contains(s.UserAgent, "\x00") || !utf8.ValidString(s.UserAgent) {
		t.Errorf("user agent %q", s.UserAgent)
	}
}
