package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

func credentialsOf(pairs ...string) url.Values {
	return with(url.Values{"grant_type": {"client_credentials"}}, pairs...)
}

// RFC 6749 §4.4.
func TestClientCredentials(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		b.client(t, "robot", machine)
		b.client(t, "double", func(c *storage.Client) {
			c.Scopes += " quittances:lire"
			c.GrantTypes = "authorization_code client_credentials"
		})
		b.client(t, "pub", func(c *storage.Client) { machine(c); public(c) })

		for _, c := range []struct{ client, scope, want string }{
			{"robot", "", "quittances:lire quittances:payer"},
			{"robot", "quittances:payer", "quittances:payer"},
			{"robot", "quittances:payer quittances:payer", "quittances:payer"},
			{"double", "", "quittances:lire"},
		} {
			got := b.token(t, credentialsOf("scope", c.scope), c.client)
			if got.status != 200 || got.Access == "" || got.Type != "Bearer" || got.ExpiresIn != 3600.0 || got.Scope != c.want || got.Refresh != "" || got.ID != "" {
				t.Errorf("%s asking %q: %+v", c.client, c.scope, got)
			}
			b.lives(t, "there is no person behind it", got.Access, false)
		}
		for _, c := range []struct{ client, scope, code string }{
			{"loyers", "", "unauthorized_client"},
			{"robot", "openid", "invalid_scope"},
			{"robot", "offline_access", "invalid_scope"},
			{"robot", "quittances:effacer", "invalid_scope"},
			{"robot", strings.Repeat("quittances:lire ", 100), "invalid_scope"},
			{"double", "openid quittances:lire", "invalid_scope"},
			{"double", "email", "invalid_scope"},
		} {
			wantRefused(t, c.client+" asking "+c.scope, b.token(t, credentialsOf("scope", c.scope), c.client), 400, c.code)
		}
		wantRefused(t, "public client", b.token(t, credentialsOf("client_id", "pub"), ""), 400, "unauthorized_client")
		wantRefused(t, "without secret", b.token(t, credentialsOf("client_id", "robot"), ""), 401, "invalid_client")
		wantRefused(t, "code of a client without that grant", b.token(t, exchange(b.code(t, "loyers")), "robot"), 400, "unauthorized_client")
		if w := b.get("/oauth2/authorize?" + asks("robot").Encode()); w.Code != 400 {
			t.Errorf("people cannot sign in to a client without redirect address: %d", w.Code)
		}

		got := b.token(t, credentialsOf(), "robot")
		b.advance(time.Hour - time.Second)
		if found := b.introspect(t, got.Access, "robot"); found["active"] != true {
			t.Errorf("last second: %v", found)
		}
		b.advance(time.Second)
		inactive(t, "expired", b.introspect(t, got.Access, "robot"))

		got = b.token(t, credentialsOf(), "robot")
		b.client(t, "api", machine)
		execute(t, address, `UPDATE access_tokens SET audience = 'api'`, `UPDATE clients SET disabled_at = 5 WHERE id = 'robot'`)
		inactive(t, "token of a disabled client", b.introspect(t, got.Access, "api"))
		wantRefused(t, "disabled client", b.token(t, credentialsOf(), "robot"), 401, "invalid_client")
	})
}

// A client registered without the code grant has nobody sign in.
func TestClientWithoutTheCodeGrant(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.client(t, "robot", func(c *storage.Client) { c.GrantTypes = "client_credentials" })
	b.consents(t, "robot", everything)
	if got, _ := b.authorize(t, asks("robot")); got.Get("error") != "unauthorized_client" {
		t.Errorf("authorize: %v", got)
	}
}
