package oauth_test

import (
	"context"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// security-classes.md 5 for offline access: which fact ends it, wherever a token
// is given out, used or looked at.
func TestOfflineAccessEndsWithTheFacts(t *testing.T) {
	for name, change := range map[string]string{
		"user suspended":         `UPDATE users SET state = 'suspended'`,
		"user dormant":           `UPDATE users SET state = 'dormant'`,
		"user closed":            `UPDATE users SET state = 'closed'`,
		"password to be changed": `UPDATE users SET password_must_change = (1 = 1)`,
		"password changed":       `UPDATE users SET password_set_at = 4000000000`,
		"account suspended":      `UPDATE accounts SET suspended_at = 5`,
		"client disabled":        `UPDATE clients SET disabled_at = 5 WHERE id = 'loyers'`,
		"consent withdrawn":      `DELETE FROM consents`,
		"no right":               `UPDATE clients SET metadata = '{"rights":[{"name":"lire","sentence":"Lire","restricted":true}]}' WHERE id = 'loyers'`,
		"grant revoked":          `UPDATE grants SET revoked_at = 5`,
		"terms never accepted": `INSERT INTO documents (id, kind, version, summary, text, sha256, published_at)
			VALUES ('d', 'terms', '2', '', '', 'x', 5)`,
	} {
		for _, metadata := range []string{`{}`, `{"access_token_format":"jwt"}`} {
			t.Run(name+metadata, func(t *testing.T) {
				storagetest.ForEachURL(t, func(t *testing.T, address string) {
					b := away(t, storagetest.OpenURL(t, address))
					b.client(t, "api", machine)
					execute(t, address, `UPDATE clients SET id_token_alg = 'ES256', audiences = 'api', metadata = '`+metadata+`' WHERE id = 'loyers'`)
					got := b.family(t, "loyers")
					code := b.code(t, "loyers", "scope", offlineScope)
					b.lives(t, "before", got.Access, true)
					execute(t, address, change)

					status, refused := 400, "invalid_grant"
					if name == "client disabled" {
						status, refused = 401, "invalid_client"
					} else {
						inactive(t, "introspection of the refresh token", b.introspect(t, got.Refresh, "loyers"))
						inactive(t, "introspection of the access token", b.introspect(t, got.Access, "loyers"))
						if answer := b.post(t, "/oauth2/revoke", got.Access, "loyers"); answer.status != 200 {
							t.Errorf("revocation must work all the same: %+v", answer)
						}
					}
					wantRefused(t, "refresh", b.token(t, refreshes(got.Refresh), "loyers"), status, refused)
					if name != "password changed" { // which does not end the session that chose it
						wantRefused(t, "redemption", b.token(t, exchange(code), "loyers"), status, refused)
					}
					inactive(t, "introspection by the resource server", b.introspect(t, got.Access, "api"))
					b.lives(t, "access token", got.Access, false)
					if n := len(b.events(t, "refresh_token.reused")); n != 0 {
						t.Errorf("%d events refresh_token.reused", n)
					}
				})
			})
		}
	}
}

// Offline access is for when the person is away: neither signing out of that
// browser nor the end of the session ends it, not even when its row is gone.
// What came without offline_access ends with the session.
func TestOfflineAccessOutlivesTheSession(t *testing.T) {
	for name, change := range map[string]string{
		"signed out":           `UPDATE sessions SET ended_at = 5`,
		"past its end":         `UPDATE sessions SET expires_at = 5`,
		"purged":               `DELETE FROM sessions`,
		"signed in once again": `UPDATE users SET last_sign_in_at = 4000000000`,
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := away(t, storagetest.OpenURL(t, address))
				online := b.token(t, exchange(b.code(t, "loyers")), "loyers")
				got := b.family(t, "loyers")
				execute(t, address, change)
				b.advance(time.Minute)
				next := b.token(t, refreshes(got.Refresh), "loyers")
				if next.status != 200 || idToken(t, next.ID).AuthTime != idToken(t, got.ID).AuthTime || idToken(t, next.ID).all["sid"] != b.session.ID {
					t.Fatalf("refresh: %+v", next)
				}
				b.lives(t, "offline access token", next.Access, true)
				if found := b.introspect(t, next.Access, "loyers"); found["active"] != true {
					t.Errorf("introspection: %v", found)
				}
				b.lives(t, "access token without offline_access", online.Access, name == "signed in once again")
				if name != "signed in once again" {
					inactive(t, "access token without offline_access", b.introspect(t, online.Access, "loyers"))
				}
			})
		})
	}
}

// Signing out everywhere, and a new password, end offline access for good.
func TestSigningOutEverywhereEndsOfflineAccess(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		elsewhere := b.family(t, "loyers")
		b.signIn(t) // another browser
		here := b.family(t, "loyers")
		b.write(t, func(ctx context.Context, q *storage.Queries) error {
			return b.op.session.EndOthers(ctx, q, b.user.ID, b.session.ID)
		})
		b.lives(t, "granted elsewhere", elsewhere.Access, false)
		wantRefused(t, "granted elsewhere", b.token(t, refreshes(elsewhere.Refresh), "loyers"), 400, "invalid_grant")
		b.lives(t, "granted here", here.Access, true)

		b.advance(time.Second)
		b.write(t, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.SetPassword(ctx, b.user.ID, "$argon2id$2", false, b.at())
			return err
		})
		b.lives(t, "granted before the new password", here.Access, false)
		wantRefused(t, "granted before the new password", b.token(t, refreshes(here.Refresh), "loyers"), 400, "invalid_grant")
		after := b.family(t, "loyers")
		if got := b.token(t, refreshes(after.Refresh), "loyers"); got.status != 200 {
			t.Errorf("granted after the new password: %+v", got)
		}
	})
}
