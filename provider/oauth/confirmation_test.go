package oauth_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage/storagetest"
)

// RFC 7800: a token that asks for a key opens nothing without it, and
// introspection names the key.
func TestABoundTokenAsksForItsKey(t *testing.T) {
	for name, c := range map[string]struct {
		member, tokenType string
	}{"DPoP key": {"jkt", "DPoP"}, "certificate": {"x5t#S256", "Bearer"}} {
		t.Run(name, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := away(t, storagetest.OpenURL(t, address))
				got := b.family(t, "loyers")
				b.lives(t, "unbound", got.Access, true)
				for _, table := range []string{"access_tokens", "refresh_tokens"} {
					execute(t, address, `UPDATE `+table+` SET session = REPLACE(session, '"v":1', '"v":1,"cnf":{"`+c.member+`":"x"}')`)
				}
				b.lives(t, "bound", got.Access, false)
				found := b.introspect(t, got.Access, "loyers")
				if diff := cmp.Diff(map[string]any{c.member: "x"}, found["cnf"]); diff != "" || found["token_type"] != c.tokenType {
					t.Errorf("introspection: %v (-want +got):\n%s", found, diff)
				}
				wantRefused(t, "refresh", b.token(t, refreshes(got.Refresh), "loyers"), 400, "invalid_grant")
			})
		})
	}
}
