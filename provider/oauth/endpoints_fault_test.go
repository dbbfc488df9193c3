package oauth_test

import (
	"testing"
	"time"

	"loge/storage/storagetest"
)

// security-classes.md 15 and fosite.md item 40: when storage fails nothing is
// half done, no 2xx lies, and the same request works afterwards.
func TestFailedRefreshChangesNothing(t *testing.T) {
	for _, table := range []string{"refresh_tokens", "access_tokens", "audit", "grants", "consents", "documents", "clients"} {
		t.Run(table, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := away(t, storagetest.OpenURL(t, address))
				first := b.family(t, "loyers")
				execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
				wantRefused(t, "refresh while storage fails", b.token(t, refreshes(first.Refresh), "loyers"), 500, "server_error")
				execute(t, address, "ALTER TABLE broken RENAME TO "+table)
				b.advance(time.Minute) // had it been used, this would be a reuse
				if got := b.token(t, refreshes(first.Refresh), "loyers"); got.status != 200 {
					t.Errorf("refresh afterwards: %+v", got)
				}
			})
		})
	}
}

// A reuse or a leak that cannot be stored is no refusal: the family lives.
func TestFailedRevocationOfAFamilyIsNoRefusal(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		b.client(t, "autre", offline)
		first := b.family(t, "loyers")
		execute(t, address, "ALTER TABLE audit RENAME TO broken")
		wantRefused(t, "leak", b.token(t, refreshes(first.Refresh), "autre"), 500, "server_error")
		execute(t, address, "ALTER TABLE broken RENAME TO audit")
		next := b.token(t, refreshes(first.Refresh), "loyers")
		b.advance(time.Minute)
		execute(t, address, "ALTER TABLE audit RENAME TO broken")
		wantRefused(t, "reuse", b.token(t, refreshes(first.Refresh), "loyers"), 500, "server_error")
		execute(t, address, "ALTER TABLE broken RENAME TO audit")
		wantRefused(t, "reuse once storage works", b.token(t, refreshes(first.Refresh), "loyers"), 400, "invalid_grant")
		b.lives(t, "access token of the family", next.Access, false)
	})
}

func TestRevocationTellsTheTruthWhenStorageFails(t *testing.T) {
	for _, table := range []string{"access_tokens", "refresh_tokens", "grants", "audit", "clients"} {
		t.Run(table, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := away(t, storagetest.OpenURL(t, address))
				got := b.family(t, "loyers")
				for what, token := range map[string]string{"access_tokens": got.Access, "refresh_tokens": got.Refresh} {
					if table == "access_tokens" && what == "refresh_tokens" || table == "refresh_tokens" && what == "access_tokens" || table == "grants" && what == "access_tokens" {
						continue // that one does not need the table
					}
					execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
					answer := b.post(t, "/oauth2/revoke", token, "loyers")
					execute(t, address, "ALTER TABLE broken RENAME TO "+table)
					if answer.status != 503 || answer.Error != "temporarily_unavailable" || answer.header.Get("Retry-After") == "" {
						t.Errorf("%s without %s: %+v", what, table, answer)
					}
				}
				b.lives(t, "the token that was not revoked", got.Access, true)
				if next := b.token(t, refreshes(got.Refresh), "loyers"); next.status != 200 {
					t.Errorf("the refresh token that was not revoked: %+v", next)
				}
			})
		})
	}
}

func TestIntrospectionAndClientCredentialsWhenStorageFails(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		b.client(t, "robot", machine)
		got := b.family(t, "loyers")
		for _, table := range []string{"access_tokens", "clients", "consents"} {
			execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
			wantRefused(t, "introspection without "+table, b.post(t, "/oauth2/introspect", got.Access, "loyers"), 500, "server_error")
			if table != "consents" {
				wantRefused(t, "client credentials without "+table, b.token(t, credentialsOf(), "robot"), 500, "server_error")
			}
			execute(t, address, "ALTER TABLE broken RENAME TO "+table)
		}
		execute(t, address, `UPDATE access_tokens SET session = 'x'`)
		wantRefused(t, "introspection of a broken record", b.post(t, "/oauth2/introspect", got.Access, "loyers"), 500, "server_error")
	})
}
