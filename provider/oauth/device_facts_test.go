package oauth_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// agreed is a device about which somebody has agreed just now.
func (b *browser) agreed(t testing.TB) waiting {
	t.Helper()
	d := b.waits(t, "borne")
	flow, _ := b.types(t, d.UserCode)
	if w := b.agrees(t, flow); w.Code != 200 {
		t.Fatalf("agreed: %d %s", w.Code, w.Body)
	}
	return d
}

// withDevice is a person who has agreed to share with the client borne.
func withDevice(t testing.TB, address string) *browser {
	t.Helper()
	b := newOP(t, storagetest.OpenURL(t, address)).person(t, nil)
	b.client(t, "borne", device)
	return b.consents(t, "borne", "openid email offline_access").signIn(t)
}

// security-classes.md 5 for devices: whoever may not be issued a token when the
// device asks gets none, although the person has agreed before, and a flow that
// is under way ends without one.
func TestDeviceGetsNothingAgainstAnyFact(t *testing.T) {
	for name, change := range map[string]string{
		"user suspended":         `UPDATE users SET state = 'suspended'`,
		"user dormant":           `UPDATE users SET state = 'dormant'`,
		"user closed":            `UPDATE users SET state = 'closed'`,
		"password to be changed": `UPDATE users SET password_must_change = (1 = 1)`,
		"account suspended":      `UPDATE accounts SET suspended_at = 5`,
		"session ended":          `UPDATE sessions SET ended_at = 5`,
		"provisional password":   `UPDATE sessions SET provisional_id = 'p'`,
		"consent withdrawn":      `DELETE FROM consents`,
		"no right":               `UPDATE clients SET metadata = '{"rights":[{"name":"lire","sentence":"Lire","restricted":true}]}' WHERE id = 'borne'`,
		"grant revoked":          `UPDATE grants SET revoked_at = 5`,
		"client disabled":        `UPDATE clients SET disabled_at = 5`,
		"terms never accepted": `INSERT INTO documents (id, kind, version, summary, text, sha256, published_at)
			VALUES ('d', 'terms', '2', '', '', 'x', 5)`,
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := withDevice(t, address)
				d, other := b.agreed(t), b.waits(t, "borne")
				flow, _ := b.types(t, other.UserCode)
				execute(t, address, change)

				status, refused := 400, "invalid_grant"
				if name == "client disabled" {
					status, refused = 401, "invalid_client"
				}
				wantRefused(t, "device", b.polls(t, d, "borne"), status, refused)
				if name != "grant revoked" && name != "consent withdrawn" { // of the other device; and agreeing is a consent
					b.agrees(t, flow)
					if got := b.polls(t, other, "borne"); got.status == 200 || got.Access != "" {
						t.Errorf("a flow under way: %+v", got)
					}
				}
			})
		})
	}
}

// security-classes.md 15 for devices: each of the four writes fails whole, and
// works once the fault is gone.
func TestDeviceWhileStorageFails(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := withDevice(t, address)
		failing := func(table string, do func()) {
			execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
			do()
			execute(t, address, "ALTER TABLE broken RENAME TO "+table)
		}
		for _, table := range []string{"device_codes", "clients"} {
			failing(table, func() {
				if d := b.waits(t, "borne"); d.Error != "server_error" || d.Code != "" || d.UserCode != "" {
					t.Errorf("a device asks for a code without %s: %+v", table, d)
				}
			})
		}
		d := b.waits(t, "borne")
		for _, table := range []string{"device_codes", "flows"} {
			failing(table, func() {
				if flow, w := b.types(t, d.UserCode); flow != "" || w.Code != 500 {
					t.Errorf("a person types the code without %s: %d", table, w.Code)
				}
			})
		}
		flow, _ := b.types(t, d.UserCode)
		for _, table := range []string{"device_codes", "grants", "audit", "documents"} {
			var w *httptest.ResponseRecorder
			failing(table, func() { w = b.agrees(t, flow) })
			if w.Code != 500 {
				t.Errorf("a person agrees without %s: %d", table, w.Code)
			}
			b.advance(10 * time.Second)
			wantRefused(t, "after a failure of "+table, b.polls(t, d, "borne"), 400, "authorization_pending")
		}
		if w := b.agrees(t, flow); w.Code != 200 {
			t.Fatalf("agreed: %d %s", w.Code, w.Body)
		}
		for _, table := range []string{"device_codes", "grants", "access_tokens", "refresh_tokens", "audit", "consents", "documents"} {
			failing(table, func() {
				wantRefused(t, "redemption without "+table, b.polls(t, d, "borne"), 500, "server_error")
			})
		}
		if got := b.polls(t, d, "borne"); got.status != 200 || got.Refresh == "" {
			t.Errorf("once everything works: %+v", got)
		}
	})
}

// security-classes.md 15: one character off, and no token, code or request_uri
// of any kind opens anything, burns anything or ends anything.
func TestAlteredSecretsOpenNothing(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.client(t, "borne", device)
	b.consents(t, "borne", "openid email offline_access")
	got, agreed, asked := b.family(t, "loyers"), b.agreed(t), b.pushOf(t, "loyers")
	uri := asked.Get("request_uri")
	for _, kind := range []struct {
		name, secret string
		shown        func(secret string) bool
	}{
		{"refresh token", got.Refresh, func(s string) bool { return b.token(t, refreshes(s), "loyers").Error == "invalid_grant" }},
		{"refresh token, introspected", got.Refresh, func(s string) bool { return len(b.introspect(t, s, "loyers")) == 1 }},
		{"access token, introspected", got.Access, func(s string) bool { return len(b.introspect(t, s, "loyers")) == 1 }},
		{"refresh token, revoked", got.Refresh, func(s string) bool { return b.post(t, "/oauth2/revoke", s, "loyers").status == 200 }},
		{"access token, revoked", got.Access, func(s string) bool { return b.post(t, "/oauth2/revoke", s, "loyers").status == 200 }},
		{"device code", agreed.Code, func(s string) bool { return b.polls(t, waiting{Code: s}, "borne").Error == "invalid_grant" }},
		{"request_uri", uri, func(s string) bool {
			w := b.get("/oauth2/authorize?" + url.Values{"client_id": {"loyers"}, "request_uri": {s}}.Encode())
			return w.Code == 400 && w.Header().Get("Location") == ""
		}},
	} {
		for i := range kind.secret {
			other := byte('A')
			if kind.secret[i] == other {
				other = 'B'
			}
			for _, altered := range []string{kind.secret[:i] + string(other) + kind.secret[i+1:], kind.secret[:i] + kind.secret[i+1:]} {
				if altered != kind.secret && !kind.shown(altered) {
					t.Fatalf("%s %q, which is %q, is taken for something", kind.name, altered, kind.secret)
				}
			}
		}
	}
	b.lives(t, "access token", got.Access, true)
	if next := b.token(t, refreshes(got.Refresh), "loyers"); next.status != 200 {
		t.Errorf("the refresh token itself: %+v", next)
	}
	if d := b.polls(t, agreed, "borne"); d.status != 200 {
		t.Errorf("the device code itself: %+v", d)
	}
	if to, _ := b.authorize(t, asked); to.Get("code") == "" {
		t.Errorf("the request_uri itself: %v", to)
	}
}

// security-classes.md 2: a secret of one kind shown as one of another is refused,
// and is as good as before.
func TestNewKindsOfSecretAreNotMixedUp(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		b.client(t, "borne", func(c *storage.Client) {
			device(c)
			c.GrantTypes += " authorization_code"
			c.RedirectURIs = []string{callback}
		})
		b.consents(t, "borne", "openid email offline_access")
		agreed, asked := b.agreed(t), b.pushOf(t, "borne")
		family, code := b.family(t, "borne"), b.code(t, "borne")
		all := map[string]string{"device code": agreed.Code, "user code": agreed.UserCode, "request_uri": asked.Get("request_uri"),
			"access token": family.Access, "refresh token": family.Refresh, "code": code}
		for what, text := range all {
			if what != "device code" {
				wantRefused(t, what+" as device code", b.polls(t, waiting{Code: text}, "borne"), 400, "invalid_grant")
			}
			if what != "refresh token" {
				wantRefused(t, what+" as refresh token", b.token(t, refreshes(text), "borne"), 400, "invalid_grant")
			}
			if what != "code" {
				wantRefused(t, what+" as code", b.token(t, exchange(text), "borne"), 400, "invalid_grant")
			}
			if what != "access token" {
				if _, w := b.userinfo(t, text); w.Code != 401 {
					t.Errorf("%s as access token: %d", what, w.Code)
				}
			}
			if what != "request_uri" {
				w := b.get("/oauth2/authorize?" + url.Values{"client_id": {"borne"}, "request_uri": {text}}.Encode())
				if w.Code != 400 || w.Header().Get("Location") != "" {
					t.Errorf("%s as request_uri: %d", what, w.Code)
				}
			}
			if _, w := b.types(t, text); what != "user code" && w.Code != 422 && w.Code != 429 {
				t.Errorf("%s as user code: %d", what, w.Code)
			}
		}
		if d := b.polls(t, agreed, "borne"); d.status != 200 {
			t.Errorf("the device code itself: %+v", d)
		}
	})
}
