package oauth_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

const offlineScope = "openid email offline_access"

// offline registers a client for refresh tokens.
func offline(c *storage.Client) {
	c.Scopes += " offline_access"
	c.GrantTypes = "authorization_code refresh_token"
}

// away is the usual world with a client that works while its person is away.
func away(t testing.TB, db *storage.DB) *browser {
	t.Helper()
	o := newOP(t, db)
	o.client(t, "loyers", offline)
	return o.person(t, nil).signIn(t).consents(t, "loyers", everything+" offline_access")
}

// family redeems a code and returns the first tokens of a family.
func (b *browser) family(t testing.TB, clientID string) tokens {
	t.Helper()
	got := b.token(t, exchange(b.code(t, clientID, "scope", offlineScope)), clientID)
	if got.status != 200 || got.Refresh == "" {
		t.Fatalf("no refresh token: %+v", got)
	}
	return got
}

func refreshes(token string, pairs ...string) url.Values {
	return with(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, pairs...)
}

// lives checks that an access token still opens userinfo, or does not.
func (o *op) lives(t testing.TB, what, access string, want bool) {
	t.Helper()
	if _, w := o.userinfo(t, access); (w.Code == 200) != want {
		t.Errorf("%s: userinfo answers %d, want it open: %v", what, w.Code, want)
	}
}

// openid-provider.md §11; fosite.md items 31 and 32.
func TestRefreshGivesTheNextPair(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		first := b.family(t, "loyers")
		b.advance(50 * time.Minute)
		got := b.token(t, refreshes(first.Refresh), "loyers")
		if got.status != 200 || got.Type != "Bearer" || got.ExpiresIn != 3600.0 || got.Scope != offlineScope || got.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("refresh: %+v", got)
		}
		if got.Refresh == first.Refresh || got.Access == first.Access || len(got.Refresh) < 43 {
			t.Error("the tokens are not new")
		}
		b.lives(t, "new access token", got.Access, true)
		b.lives(t, "former access token, within its hour", first.Access, true)

		was, is := idToken(t, first.ID), idToken(t, got.ID)
		for _, same := range []string{"iss", "sub", "aud", "auth_time", "sid", "acr", "amr"} {
			if diff := cmp.Diff(was.all[same], is.all[same]); diff != "" {
				t.Errorf("%s changed:\n%s", same, diff)
			}
		}
		if is.Issued != b.clock.Load() || is.all["nonce"] != nil || is.all["at_hash"] == nil || is.all["at_hash"] == was.all["at_hash"] {
			t.Errorf("refreshed ID token: %v", is.all)
		}
		if strings.Contains(b.log.String(), got.Refresh) {
			t.Error("the log holds a refresh token")
		}
	})
}

// Core §11: a refresh token comes with offline_access, of a client registered
// for it, and not without.
func TestRefreshTokenComesWithOfflineAccessOnly(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.client(t, "unregistered", func(c *storage.Client) { c.Scopes += " offline_access" })
	b.client(t, "unscoped", func(c *storage.Client) { c.GrantTypes = "authorization_code refresh_token" })
	for _, c := range []struct{ client, scope string }{{"loyers", "openid email"}, {"unregistered", offlineScope}, {"unscoped", offlineScope}} {
		b.consents(t, c.client, everything+" offline_access")
		got := b.token(t, exchange(b.code(t, c.client, "scope", c.scope)), c.client)
		if got.status != 200 || got.Refresh != "" || got.Scope != "openid email" {
			t.Errorf("%s asking %q: %+v", c.client, c.scope, got)
		}
	}
	// What was never consented is asked first.
	b.client(t, "neuf", offline)
	b.consents(t, "neuf", "openid email")
	if got, _ := b.authorize(t, asks("neuf", "scope", offlineScope, "prompt", "none")); got.Get("error") != "consent_required" {
		t.Errorf("offline_access without consent: %v", got)
	}
}

// fosite.md item 37; RFC 6749 §6.
func TestRefreshNarrowsTheScope(t *testing.T) {
	b := away(t, storagetest.Open(t))
	first := b.family(t, "loyers")
	narrow := b.token(t, refreshes(first.Refresh, "scope", "openid"), "loyers")
	if narrow.status != 200 || narrow.Scope != "openid" || narrow.ID == "" {
		t.Fatalf("narrowed: %+v", narrow)
	}
	if claims, _ := b.userinfo(t, narrow.Access); claims["email"] != nil {
		t.Errorf("the narrowed token releases %v", claims)
	}
	anonymous := b.token(t, refreshes(narrow.Refresh, "scope", "email"), "loyers")
	if anonymous.status != 200 || anonymous.Scope != "email" || anonymous.ID != "" {
		t.Errorf("without openid: %+v", anonymous)
	}
	if claims, w := b.userinfo(t, anonymous.Access); w.Code != 403 || claims["error"] != "insufficient_scope" {
		t.Errorf("userinfo without openid: %d %v", w.Code, claims)
	}
	for _, wider := range []string{"openid phone", "openid email unknown", strings.Repeat("email ", 500)} {
		wantRefused(t, "wider", b.token(t, refreshes(anonymous.Refresh, "scope", wider), "loyers"), 400, "invalid_scope")
	}
	// Narrowing is of the access token: the refresh token keeps what was granted.
	if whole := b.token(t, refreshes(anonymous.Refresh), "loyers"); whole.Scope != offlineScope {
		t.Errorf("afterwards: %+v", whole)
	}
}

// A refresh token ends when nobody uses it, and the family ends a time after
// the sign-in, however often it is used.
func TestRefreshTokensEnd(t *testing.T) {
	const day = 24 * time.Hour
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		b.advance(10 * time.Minute) // the end counts from the sign-in, not from the grant
		idle, busy := b.family(t, "loyers"), b.family(t, "loyers")
		signedIn := b.session.AuthenticatedAt.Time()
		for range 2 {
			b.advance(30*day - time.Second)
			if busy = b.token(t, refreshes(busy.Refresh), "loyers"); busy.status != 200 {
				t.Fatalf("busy family: %+v", busy)
			}
		}
		wantRefused(t, "idle family", b.token(t, refreshes(idle.Refresh), "loyers"), 400, "invalid_grant")
		if len(b.events(t, "refresh_token.reused")) != 0 {
			t.Error("a token that expired counts as reused")
		}
		b.clock.Store(signedIn.Add(90*day - time.Second).Unix())
		if busy = b.token(t, refreshes(busy.Refresh), "loyers"); busy.status != 200 {
			t.Fatalf("last second: %+v", busy)
		}
		b.advance(time.Second)
		wantRefused(t, "at the absolute end", b.token(t, refreshes(busy.Refresh), "loyers"), 400, "invalid_grant")
	})
}

// openid-provider.md §7 for what the endpoint is brought.
func TestRefreshRequestsAreChecked(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.client(t, "ordinaire", nil)
	first := b.family(t, "loyers")
	code := b.code(t, "loyers", "scope", offlineScope)
	for _, c := range []struct {
		name, client string
		form         url.Values
		status       int
		code         string
	}{
		{"client without the grant", "ordinaire", refreshes(first.Refresh), 400, "unauthorized_client"},
		{"no token", "loyers", refreshes(""), 400, "invalid_request"},
		{"token twice", "loyers", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh, first.Refresh}}, 400, "invalid_request"},
		{"unknown client", "nobody", refreshes(first.Refresh), 401, "invalid_client"},
		{"garbage", "loyers", refreshes("x"), 400, "invalid_grant"},
		{"cut", "loyers", refreshes(first.Refresh[:len(first.Refresh)-1]), 400, "invalid_grant"},
		{"longer", "loyers", refreshes(first.Refresh + "A"), 400, "invalid_grant"},
		// security-classes.md 2: one kind presented as another.
		{"access token", "loyers", refreshes(first.Access), 400, "invalid_grant"},
		{"access token under our prefix", "loyers", refreshes("loge_rt_" + strings.TrimPrefix(first.Access, "loge_at_")), 400, "invalid_grant"},
		{"code", "loyers", refreshes(code), 400, "invalid_grant"},
		{"ID token", "loyers", refreshes(first.ID), 400, "invalid_grant"},
		{"refresh token as code", "loyers", exchange(first.Refresh), 400, "invalid_grant"},
		{"unknown grant", "loyers", refreshes(first.Refresh, "grant_type", "password"), 400, "unsupported_grant_type"},
	} {
		wantRefused(t, c.name, b.token(t, c.form, c.client), c.status, c.code)
	}
	for i := range len(first.Refresh) { // security-classes.md 15: any character changed
		changed := []byte(first.Refresh)
		if changed[i]++; slices.Contains([]byte{0x7f}, changed[i]) {
			changed[i] = 'A'
		}
		wantRefused(t, "changed character", b.token(t, refreshes(string(changed)), "loyers"), 400, "invalid_grant")
	}
	b.lives(t, "after all refusals", first.Access, true)
	if got := b.token(t, refreshes(first.Refresh), "loyers"); got.status != 200 {
		t.Errorf("after all refusals: %+v", got)
	}
	if _, w := b.userinfo(t, first.Refresh); w.Code != 401 {
		t.Errorf("a refresh token opens userinfo: %d", w.Code)
	}
}

// A sign-in that is older than a family may become gives a code its tokens, and
// no refresh token.
func TestOldSignInGivesNoRefreshToken(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.Lifetimes.RefreshAbsolute = 20 * time.Minute
	b.advance(20*time.Minute - time.Second)
	last := b.family(t, "loyers")
	b.advance(time.Second)
	got := b.token(t, exchange(b.code(t, "loyers", "scope", offlineScope)), "loyers")
	if got.status != 200 || got.Refresh != "" || got.ID == "" {
		t.Errorf("code: %+v", got)
	}
	wantRefused(t, "family at its end", b.token(t, refreshes(last.Refresh), "loyers"), 400, "invalid_grant")
}
