package storage

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rebuilt are the tables that the migrations after version 26 store anew, each
// with its rows as text.
var rebuilt = map[string]string{
	"audit":          `quote(seq) || ' ' || quote(at) || ' ' || quote(actor) || ' ' || quote(action) || ' ' || quote(subject) || ' ' || quote(details) || ' ' || quote(hash)`,
	"failures":       `quote(key) || ' ' || quote(streak) || ' ' || quote(recent) || ' ' || quote(last_at)`,
	"throttles":      `quote(key) || ' ' || quote(tat)`,
	"assertions":     `quote(hash) || ' ' || quote(expires_at)`,
	"dpop_proofs":    `quote(hash) || ' ' || quote(expires_at)`,
	"consents":       `quote(user_id) || ' ' || quote(client_id) || ' ' || quote(scopes) || ' ' || quote(granted_at)`,
	"known_browsers": `quote(id) || ' ' || quote(hash) || ' ' || quote(user_id) || ' ' || quote(created_at) || ' ' || quote(expires_at)`,
}

// version26 opens a SQLite database whose schema is that of version 26.
func version26(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	migrateTo(t, db, 26)
	return db
}

func migrateTo(t *testing.T, db *DB, version int64) {
	t.Helper()
	migrations, err := db.migrations()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// rows returns what an expression makes of the rows of a table, sorted.
func (db *DB) rows(t *testing.T, table, row string) (found []string) {
	t.Helper()
	result, err := db.pool.QueryContext(t.Context(), `SELECT `+row+` FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	for result.Next() {
		var text string
		if err := result.Scan(&text); err != nil {
			t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// What was stored before a table is stored otherwise is there afterwards, and
// the journal is whole.
func TestRebuiltTablesKeepTheirRows(t *testing.T) {
	db, ctx := version26(t), t.Context()
	for _, fill := range []string{
		`INSERT INTO accounts SELECT 'a', '1', 'individual', '', '', '', 'email', '', '', 0, 0, 1, 1, 0, 0`,
		`INSERT INTO users (id, account_id, identifier, title, given_name, family_name, email, email_key, email_verified_at, phone, job_title, role, state,
			password_hash, password_set_at, password_must_change, details_at, activated_at, last_sign_in_at, created_at)
			VALUES ('u', 'a', 'LOG1', '', '', '', '', '', 0, '', '', 'holder', 'active', '', 0, FALSE, 0, 0, 0, 0)`,
		`INSERT INTO clients (id, name, publisher, purpose, policy_uri, redirect_uris, post_logout_redirect_uris, scopes, secret_hash, secret_created_at,
			subject_type, sector, require_pkce, consent, disabled_at, created_at, updated_at)
			VALUES ('c', '', '', '', '', '', '', '', '', 0, 'public', '', TRUE, 'ask', 0, 0, 0), ('b', '', '', '', '', '', '', '', '', 0, 'public', '', TRUE, 'ask', 0, 0, 0)`,
		`INSERT INTO failures VALUES ('user:u', 2, '10 20', 20), ('user:a', 1, '5', 5)`,
		`INSERT INTO throttles VALUES ('address:2', 7), ('address:1', 9)`,
		`INSERT INTO assertions VALUES (x'ff00', 1), (x'0001', 2)`,
		`INSERT INTO dpop_proofs VALUES (x'ff00', 3), (x'0001', 4)`,
		`INSERT INTO consents VALUES ('u', 'c', 'openid', 5), ('u', 'b', 'openid email', 6)`,
		`INSERT INTO known_browsers VALUES ('k1', x'01', 'u', 1, 9), ('k0', x'00', 'u', 2, 8)`,
	} {
		if _, err := db.pool.ExecContext(ctx, fill); err != nil {
			t.Fatalf("%s: %v", fill, err)
		}
	}
	for i := range 5 {
		if err := db.InTx(ctx, func(q *Queries) error {
			return q.Audit(ctx, AuditEvent{At: Time(i), Actor: "system", Action: "access.closed", Subject: fmt.Sprint(i % 2)})
		}); err != nil {
			t.Fatal(err)
		}
	}
	before := map[string][]string{}
	for table, row := range rebuilt {
		before[table] = db.rows(t, table, row)
		if len(before[table]) < 2 {
			t.Fatalf("%d rows of %s prove nothing", len(before[table]), table)
		}
	}
	migrateTo(t, db, 28)
	for table, row := range rebuilt {
		if after := db.rows(t, table, row); !slices.Equal(after, before[table]) {
			t.Errorf("%s:\n%q\nwas\n%q", table, after, before[table])
		}
	}
	if n, err := db.VerifyAudit(ctx); n != 5 || err != nil {
		t.Errorf("VerifyAudit = %d, %v; want 5 events", n, err)
	}
	if events, err := db.AuditOf(ctx, "1", 10); len(events) != 2 || err != nil {
		t.Errorf("AuditOf = %v, %v; want 2 events", events, err)
	}
	if broken := db.rows(t, "pragma_foreign_key_check", `"table" || ' ' || rowid`); len(broken) > 0 {
		t.Errorf("rows refer to nothing: %q", broken)
	}
}

// A table that is stored anew loses no index but those that it was to be rid of.
func TestRebuiltTablesHaveTheirIndexes(t *testing.T) {
	db := version26(t)
	listed := func() []string { return db.rows(t, `sqlite_master WHERE type = 'index'`, "tbl_name || ' ' || name") }
	want := listed()
	migrateTo(t, db, 28)
	gone := []string{"audit sqlite_autoindex_audit_1", "failures sqlite_autoindex_failures_1", "throttles sqlite_autoindex_throttles_1",
		"assertions sqlite_autoindex_assertions_1", "dpop_proofs sqlite_autoindex_dpop_proofs_1", "consents sqlite_autoindex_consents_1",
		"known_browsers sqlite_autoindex_known_browsers_2", "flows flows_expiry", "sessions sessions_expiry"}
	want = slices.DeleteFunc(append(want, "sessions sessions_ended"), func(index string) bool { return slices.Contains(gone, index) })
	slices.Sort(want)
	if diff := cmp.Diff(want, listed()); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
}
