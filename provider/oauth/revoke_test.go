package oauth_test

import (
	"fmt"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// fosite.md item 40; RFC 7009 §2.
func TestRevocationEndsWhatItIsGiven(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		revoke := func(what, token, clientID string) {
			t.Helper()
			for range 2 { // a second time is no error
				if got := b.post(t, "/oauth2/revoke", token, clientID); got.status != 200 || got.Error != "" {
					t.Errorf("%s: %+v", what, got)
				}
			}
		}
		first := b.family(t, "loyers")
		second := b.token(t, refreshes(first.Refresh), "loyers")
		revoke("access token", first.Access, "loyers")
		b.lives(t, "revoked access token", first.Access, false)
		b.lives(t, "the other access token", second.Access, true)
		inactive(t, "revoked access token", b.introspect(t, first.Access, "loyers"))
		if n := len(b.events(t, "token.revoked")); n != 1 {
			t.Errorf("%d events token.revoked, want 1", n)
		}

		revoke("used refresh token", first.Refresh, "loyers")
		b.lives(t, "access token of the family", second.Access, false)
		inactive(t, "refresh token of the family", b.introspect(t, second.Refresh, "loyers"))
		wantRefused(t, "refresh after revocation", b.token(t, refreshes(second.Refresh), "loyers"), 400, "invalid_grant")
		if e := b.events(t, "grant.revoked"); len(e) != 1 || e[0].Subject != b.user.ID || e[0].Actor != "loyers" {
			t.Errorf("events grant.revoked %+v, want one", e)
		}
		b.advance(91 * 24 * time.Hour)
		revoke("expired refresh token", first.Refresh, "loyers")
		for _, unknown := range []string{"x", first.ID, first.Refresh[1:]} {
			revoke("unknown token", unknown, "loyers")
		}
	})
}

// Client B ends nothing of client A, and is told so.
func TestRevocationOfAnotherClientsToken(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		b.client(t, "robot", machine)
		for i, thief := range []func(*storage.Client){nil, public} {
			id := fmt.Sprint("thief", i)
			b.client(t, id, thief)
			got := b.family(t, "loyers")
			for _, token := range []string{got.Access, got.Refresh} {
				var answer tokens
				if thief == nil {
					answer = b.post(t, "/oauth2/revoke", token, id)
				} else {
					answer = b.post(t, "/oauth2/revoke", token, "", "client_id", id)
				}
				wantRefused(t, id, answer, 400, "invalid_grant")
			}
			b.lives(t, "access token", got.Access, true)
			if next := b.token(t, refreshes(got.Refresh), "loyers"); next.status != 200 {
				t.Errorf("refresh: %+v", next)
			}
		}
		robot := b.token(t, credentialsOf(), "robot")
		wantRefused(t, "a client's own token", b.post(t, "/oauth2/revoke", robot.Access, "loyers"), 400, "invalid_grant")
		if got := b.introspect(t, robot.Access, "robot"); got["active"] != true {
			t.Errorf("afterwards: %v", got)
		}
		if got := b.post(t, "/oauth2/revoke", robot.Access, "robot"); got.status != 200 {
			t.Errorf("its own client: %+v", got)
		}
		inactive(t, "revoked", b.introspect(t, robot.Access, "robot"))
	})
}

func TestRevocationAuthenticatesClients(t *testing.T) {
	b := away(t, storagetest.Open(t))
	b.client(t, "pub", func(c *storage.Client) { public(c); offline(c) })
	b.consents(t, "pub", everything+" offline_access")
	got := b.token(t, exchange(b.code(t, "pub", "scope", offlineScope), "client_id", "pub"), "")
	if got.Refresh == "" {
		t.Fatalf("no refresh token for the public client: %+v", got)
	}
	wantRefused(t, "nobody", b.post(t, "/oauth2/revoke", got.Refresh, ""), 401, "invalid_client")
	wantRefused(t, "unknown", b.post(t, "/oauth2/revoke", got.Refresh, "nobody"), 401, "invalid_client")
	wantRefused(t, "confidential without its secret", b.post(t, "/oauth2/revoke", got.Refresh, "", "client_id", "loyers"), 401, "invalid_client")
	wantRefused(t, "no token", b.post(t, "/oauth2/revoke", "", "loyers"), 400, "invalid_request")
	b.lives(t, "after the refusals", got.Access, true)
	if answer := b.post(t, "/oauth2/revoke", got.Refresh, "", "client_id", "pub"); answer.status != 200 {
		t.Errorf("public client: %+v", answer)
	}
	b.lives(t, "after the revocation", got.Access, false)
}
