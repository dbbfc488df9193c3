package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// BenchmarkOperationsAmongMillion is BenchmarkOperations among few tokens, and
// then among a million more that are alive.
func BenchmarkOperationsAmongMillion(b *testing.B) {
	l := newLoad(b, providertest.Options{})
	all := l.operations()
	run := func(among string) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			b.Run(strings.ReplaceAll(name, " ", "-")+"/"+among, func(b *testing.B) { measure(b, 8, all[name]) })
		}
	}
	run("few")
	crowd(b, l, 500_000)
	run("million")
}

// crowd gives Odile so many offline grants, each with an access token and a
// refresh token that nobody uses, straight in the SQLite file.
func crowd(b *testing.B, l *load, grants int) {
	b.Helper()
	user, now := userOf(b, l.Provider, l.identifier).ID, l.Clock.Now().Unix()
	db := outside(b, l.Provider)
	for _, statement := range []string{
		`INSERT INTO grants (id, client_id, user_id, session_id, scopes, created_at, expires_at, revoked_at, offline)
			SELECT 'crowd-' || i, ?2, ?3, 'crowd', 'openid offline_access', ?4, ?4 + 7776000, 0, TRUE FROM n`,
		`INSERT INTO access_tokens (signature, grant_id, client_id, scopes, session, requested_at, expires_at, audience)
			SELECT hex(randomblob(21)), 'crowd-' || i, ?2, 'openid offline_access', '{"v":1,"u":"' || ?3 || '"}', ?4, ?4 + 3600, '' FROM n`,
		`INSERT INTO refresh_tokens (signature, grant_id, client_id, scopes, session, created_at, expires_at, first_used_at, uses, leaked_at)
			SELECT hex(randomblob(21)), 'crowd-' || i, ?2, 'openid offline_access', '{"v":1,"u":"' || ?3 || '"}', ?4, ?4 + 2592000, 0, 0, 0 FROM n`,
	} {
		if _, err := db.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) `+statement,
			grants, l.partner.Client.ID, user, now); err != nil {
			b.Fatal(err)
		}
	}
}
