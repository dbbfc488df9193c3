package oauth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
	"loge/storage/storagetest"
)

// fosite.md item 36: codes and tokens outlive an upgrade. What version 1 wrote
// is read for ever; what a later version wrote gives nothing here, rather than
// something half understood.
func TestRecordsOutliveAnUpgrade(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		// As the first release wrote it, without any of the later members.
		first := `{"v":1,"u":"` + b.user.ID + `","p":"` + strings.Repeat("p", 43) + `","s":"` + b.session.ID + `","t":` + fmt.Sprint(b.at()-5) + `,"m":"pwd"}`
		code := b.code(t, "loyers", "scope", offlineScope)
		execute(t, address, `UPDATE codes SET session = '`+first+`'`)
		got := b.token(t, exchange(code), "loyers")
		if got.status != 200 || idToken(t, got.ID).Subject != strings.Repeat("p", 43) {
			t.Fatalf("code: %+v", got)
		}
		execute(t, address, `UPDATE refresh_tokens SET session = '`+first+`'`, `UPDATE access_tokens SET session = '`+first+`'`)
		b.lives(t, "access token", got.Access, true)
		b.advance(time.Minute)
		for _, later := range []string{strings.Replace(first, `"v":1`, `"v":2`, 1), strings.Replace(first, `"v":1,`, ``, 1), `x`, `{`} {
			for _, table := range []string{"refresh_tokens", "access_tokens"} {
				execute(t, address, `UPDATE `+table+` SET session = '`+later+`'`)
			}
			wantRefused(t, "refresh with "+later, b.token(t, refreshes(got.Refresh), "loyers"), 500, "server_error")
			b.lives(t, "access token with "+later, got.Access, false)
			code := b.code(t, "loyers", "scope", offlineScope)
			execute(t, address, `UPDATE codes SET session = '`+later+`'`)
			wantRefused(t, "code with "+later, b.token(t, exchange(code), "loyers"), 500, "server_error")
		}
		execute(t, address, `UPDATE refresh_tokens SET session = '`+first+`'`)
		if next := b.token(t, refreshes(got.Refresh), "loyers"); next.status != 200 || idToken(t, next.ID).AuthTime != idToken(t, got.ID).AuthTime {
			t.Errorf("the first one again: %+v", next)
		}
	})
}

// A hint under a key that is not ours is none, whatever kid it claims.
func TestHintUnderAForeignKey(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	ours := b.token(t, exchange(b.code(t, "loyers")), "loyers").ID
	claims := idToken(t, ours)
	b.client(t, "ed", func(c *storage.Client) { c.IDTokenAlg = "EdDSA" })
	b.consents(t, "ed", "openid email")
	other := newOPWith(t, storagetest.Open(t), strings.Repeat("another master ", 3))
	other.client(t, "loyers", nil)
	stranger := other.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
	hints := map[string]string{
		"another provider's":     stranger.token(t, exchange(stranger.code(t, "loyers")), "loyers").ID,
		"for another client":     b.token(t, exchange(b.code(t, "ed")), "ed").ID,
		"no typ, a foreign key":  clientKey{"ES256", claims.header["kid"].(string), newClientKey(t, "ES256", "").private}.sign(t, claims.all, nil),
		"our kid, a foreign key": clientKey{"RS256", claims.header["kid"].(string), newClientKey(t, "RS256", "").private}.sign(t, claims.all, map[jose.HeaderKey]any{"typ": "JWT"}),
	}
	for name, hint := range hints {
		for _, prompt := range []string{"none", "-"} {
			got, _ := b.authorize(t, asks("loyers", "id_token_hint", hint, "prompt", prompt))
			wantError(t, name, got, "invalid_request")
		}
	}
	if got, _ := b.authorize(t, asks("loyers", "id_token_hint", ours, "prompt", "none")); got.Get("code") == "" {
		t.Errorf("our own: %v", got)
	}
}
