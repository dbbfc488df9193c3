package oauth_test

import (
	"strings"
	"testing"

	"loge/storage/storagetest"
)

// fosite.md item 4, security-classes.md 15: whatever fails on the way, nothing
// is half done: the code still works afterwards, and no 2xx lies.
func TestFailedExchangeLeavesTheCodeUnspent(t *testing.T) {
	for _, table := range []string{"access_tokens", "audit", "grants", "consents", "documents", "sessions"} {
		t.Run(table, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := ready(t, storagetest.OpenURL(t, address))
				code := b.code(t, "loyers")
				execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
				wantRefused(t, "exchange while storage fails", b.token(t, exchange(code), "loyers"), 500, "server_error")
				execute(t, address, "ALTER TABLE broken RENAME TO "+table)
				got := b.token(t, exchange(code), "loyers")
				if got.status != 200 {
					t.Fatalf("exchange afterwards: %+v", got)
				}
				if n := len(b.events(t, "token.issued")); n != 1 {
					t.Errorf("%d events token.issued, want 1", n)
				}
			})
		})
	}
}

// An ID token that cannot be signed must not spend the code either.
func TestUnsignedIDTokenLeavesTheCodeUnspent(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		code := b.code(t, "loyers", "nonce", "n") // stock fosite fails here on a short nonce
		replica := newOP(t, storagetest.OpenURL(t, address))
		execute(t, address, `UPDATE codes SET session = '{"v":99}'`)
		wantRefused(t, "record of a later version", replica.token(t, exchange(code), "loyers"), 500, "server_error")
		execute(t, address, `UPDATE codes SET session = 'x'`)
		wantRefused(t, "broken record", replica.token(t, exchange(code), "loyers"), 500, "server_error")
		if strings.Contains(replica.log.String(), code) {
			t.Error("the log holds a code")
		}
	})
}

// openid-provider.md §5: our own trouble is told by redirect once the client is
// settled, without details.
func TestStorageTroubleAtTheAuthorizationEndpoint(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		for _, table := range []string{"codes", "grants", "audit", "consents", "sessions"} {
			execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
			got, w := b.authorize(t, asks("loyers"))
			execute(t, address, "ALTER TABLE broken RENAME TO "+table)
			if got.Get("error") != "server_error" || got.Get("iss") != issuer || got.Get("state") != "state-1" || got.Has("error_description") || got.Has("code") {
				t.Errorf("without %s: %d %v", table, w.Code, got)
			}
		}
		if !strings.Contains(b.log.String(), "level=ERROR") {
			t.Error("nothing in the log")
		}
		execute(t, address, "ALTER TABLE clients RENAME TO broken")
		if w := b.get("/oauth2/authorize?" + asks("loyers").Encode()); w.Code != 500 || w.Header().Get("Location") != "" {
			t.Errorf("without clients: %d %s", w.Code, w.Header().Get("Location"))
		}
		wantRefused(t, "token without clients", b.token(t, exchange("x"), "loyers"), 500, "server_error")
		execute(t, address, "ALTER TABLE broken RENAME TO clients")

		code := b.code(t, "loyers")
		first := b.token(t, exchange(code), "loyers")
		// A replay whose revocation fails is no invalid_grant: the tokens live.
		execute(t, address, "ALTER TABLE audit_head RENAME TO broken")
		wantRefused(t, "replay while revocation fails", b.token(t, exchange(code), "loyers"), 500, "server_error")
		execute(t, address, "ALTER TABLE broken RENAME TO audit_head")
		wantRefused(t, "replay", b.token(t, exchange(code), "loyers"), 400, "invalid_grant")
		execute(t, address, "ALTER TABLE access_tokens RENAME TO broken")
		if claims, w := b.userinfo(t, first.Access); w.Code != 500 || claims["error"] != "server_error" {
			t.Errorf("userinfo while storage fails: %d %v", w.Code, claims)
		}
	})
}
