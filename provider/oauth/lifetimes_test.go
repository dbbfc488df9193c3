package oauth_test

import (
	"net/url"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// Per client: in the token, in expires_in, in the grant.
func TestClientsHaveTheirOwnLifetimes(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		b.client(t, "court", func(c *storage.Client) {
			legible("ES256")(c)
			c.Metadata.AccessTokenLifetime, c.Metadata.IDTokenLifetime = 120, 60
			c.Metadata.RefreshIdleLifetime, c.Metadata.RefreshAbsoluteLifetime = 600, 900
		})
		b.client(t, "long", func(c *storage.Client) { offline(c); c.Metadata.AccessTokenLifetime = 1 << 60 })
		for _, id := range []string{"court", "long"} {
			b.consents(t, id, everything+" offline_access")
		}
		got := b.family(t, "court")
		next := b.token(t, refreshes(got.Refresh), "court")
		robot := b.token(t, url.Values{"grant_type": {"client_credentials"}}, "court")
		for what, answer := range map[string]tokens{"code": got, "refresh": next, "client_credentials": robot} {
			claims := idToken(t, answer.Access)
			if answer.ExpiresIn != 120.0 || claims.all["exp"].(float64)-float64(claims.Issued) != 120 {
				t.Errorf("%s: expires_in %v, claims %v", what, answer.ExpiresIn, claims.all)
			}
			if answer.ID != "" && idToken(t, answer.ID).all["exp"].(float64)-float64(claims.Issued) != 60 {
				t.Errorf("%s: ID token %v", what, idToken(t, answer.ID).all)
			}
		}
		if found := b.introspect(t, next.Refresh, "court"); found["exp"].(float64)-found["iat"].(float64) != 600 {
			t.Errorf("refresh token: %v", found)
		}
		if long := b.family(t, "long"); long.ExpiresIn != 86400.0 {
			t.Errorf("a lifetime beyond reason: %v", long.ExpiresIn)
		}
		event := b.events(t, "grant.created")
		for _, e := range event {
			grant, err := db.Grant(t.Context(), e.Details["grant"])
			if err != nil {
				t.Fatal(err)
			}
			if left := grant.ExpiresAt - b.session.AuthenticatedAt; grant.ClientID == "court" && left != 900+120 {
				t.Errorf("the grant of the short one ends after %d seconds", left)
			}
		}
		b.advance(119 * time.Second)
		b.lives(t, "a second before", got.Access, true)
		b.advance(time.Second)
		b.lives(t, "at the end", got.Access, false)
		b.advance(8 * time.Minute)
		last := b.token(t, refreshes(next.Refresh), "court")
		if last.status == 200 {
			t.Error("refreshed after the idle time")
		}
	})
}
