package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/provider/factor"
	"loge/storage"
	"loge/storage/storagetest"
)

// machine registers a client that calls interfaces in its own name.
func machine(c *storage.Client) {
	c.Scopes, c.GrantTypes, c.RedirectURIs = "quittances:lire quittances:payer", "client_credentials", nil
}

// fosite.md item 41; RFC 7662 §2.2.
func TestIntrospectionTellsAClientAboutItsTokens(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		got := b.family(t, "loyers")
		b.advance(time.Minute)
		now := float64(b.clock.Load())
		sub := idToken(t, got.ID).Subject
		access := map[string]any{"active": true, "iss": issuer, "sub": sub, "client_id": "loyers", "scope": offlineScope, "token_type": "Bearer",
			"iat": now - 60, "nbf": now - 60, "exp": now - 60 + 3600,
			"acr": factor.LevelPassword, "auth_time": float64(b.session.AuthenticatedAt)}
		refresh := map[string]any{"active": true, "iss": issuer, "sub": sub, "client_id": "loyers", "scope": offlineScope,
			"iat": now - 60, "nbf": now - 60, "exp": now - 60 + 30*24*3600,
			"acr": factor.LevelPassword, "auth_time": float64(b.session.AuthenticatedAt)}
		for what, c := range map[string]struct {
			token string
			want  map[string]any
		}{"access token": {got.Access, access}, "refresh token": {got.Refresh, refresh}} {
			for _, hint := range []string{"", "access_token", "refresh_token", "unknown"} {
				w := b.postForm("/oauth2/introspect", with(url.Values{"token": {c.token}}, "token_type_hint", hint), "loyers")
				if strings.Contains(w.Body.String(), b.user.Identifier) || strings.Contains(w.Body.String(), b.user.ID) {
					t.Errorf("%s: the answer holds the person's identifier: %s", what, w.Body)
				}
			}
			if diff := cmp.Diff(c.want, b.introspect(t, c.token, "loyers")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		next := b.token(t, refreshes(got.Refresh), "loyers")
		inactive(t, "rotated refresh token", b.introspect(t, got.Refresh, "loyers"))
		for what, token := range map[string]string{"garbage": "x", "ID token": got.ID, "cut": next.Access[1:], "code": b.code(t, "loyers")} {
			inactive(t, what, b.introspect(t, token, "loyers"))
		}
		b.advance(time.Hour)
		inactive(t, "expired access token", b.introspect(t, next.Access, "loyers"))
		b.advance(30 * 24 * time.Hour)
		inactive(t, "expired refresh token", b.introspect(t, next.Refresh, "loyers"))
	})
}

// A client sees what is its own, or meant for it; nobody else does.
func TestIntrospectionHasOwners(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		b.client(t, "api", machine)
		b.client(t, "autre", nil)
		b.client(t, "pub", public)
		b.client(t, "vers-api", func(c *storage.Client) { offline(c); c.Audiences = "api" })
		b.client(t, "robot", func(c *storage.Client) { machine(c); c.Audiences = "api" })
		b.consents(t, "vers-api", everything+" offline_access")
		own, meant := b.family(t, "loyers"), b.family(t, "vers-api")
		robot := b.token(t, url.Values{"grant_type": {"client_credentials"}}, "robot")

		inactive(t, "another client's access token", b.introspect(t, own.Access, "autre"))
		inactive(t, "another client's refresh token", b.introspect(t, own.Refresh, "autre"))
		inactive(t, "access token not meant for the resource server", b.introspect(t, own.Access, "api"))
		inactive(t, "refresh token of a client whose access tokens are", b.introspect(t, meant.Refresh, "api"))
		for what, token := range map[string]string{"access token": meant.Access, "refreshed": b.token(t, refreshes(meant.Refresh), "vers-api").Access, "client's own": robot.Access} {
			got := b.introspect(t, token, "api")
			if diff := cmp.Diff([]any{"api"}, got["aud"]); got["active"] != true || diff != "" {
				t.Errorf("%s at the resource server: %v", what, got)
			}
		}
		if got := b.introspect(t, robot.Access, "robot"); got["client_id"] != "robot" || got["scope"] != "quittances:lire quittances:payer" || got["sub"] != nil {
			t.Errorf("a client's own token: %v", got)
		}
		inactive(t, "another client about it", b.introspect(t, robot.Access, "loyers"))

		wantRefused(t, "public client", b.post(t, "/oauth2/introspect", own.Access, "", "client_id", "pub"), 401, "invalid_client")
		wantRefused(t, "nobody", b.post(t, "/oauth2/introspect", own.Access, ""), 401, "invalid_client")
		wantRefused(t, "wrong way to authenticate", b.post(t, "/oauth2/introspect", own.Access, "", "client_id", "loyers", "client_secret", secretOf), 401, "invalid_client")
		wantRefused(t, "no token", b.post(t, "/oauth2/introspect", "", "loyers"), 400, "invalid_request")
		bearer := b.post(t, "/oauth2/introspect", own.Access, "", "access_token", own.Access)
		wantRefused(t, "a bearer token in place of a secret", bearer, 401, "invalid_client")
		if !strings.HasPrefix(bearer.header.Get("WWW-Authenticate"), "Basic ") {
			t.Error("401 without WWW-Authenticate")
		}
	})
}

// Consent that shrinks takes its scopes along.
func TestIntrospectionFollowsTheConsent(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		got := b.family(t, "loyers")
		execute(t, address, `UPDATE consents SET scopes = 'offline_access openid'`)
		for _, token := range []string{got.Access, got.Refresh} {
			if found := b.introspect(t, token, "loyers"); found["scope"] != "openid offline_access" {
				t.Errorf("%v", found)
			}
		}
		if next := b.token(t, refreshes(got.Refresh), "loyers"); next.Scope != "openid offline_access" {
			t.Errorf("refresh: %+v", next)
		}
	})
}
