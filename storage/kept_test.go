package storage_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// schema lists the columns of every table.
func schema(t *testing.T) map[string][]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "loge.db")
	storagetest.OpenURL(t, "sqlite:"+file)
	db, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if err := rows.Err(); err != nil || len(columns) < 25 {
		t.Fatalf("%d tables, %v", len(columns), err)
	}
	return columns
}

// secretName is what a column may be called that must never be handed out.
var secretName = regexp.MustCompile(`hash$|secret|signature|sealed|^code$|token$|typed`)

// Every column of the schema is handed out to the person it is about, or
// withheld for a reason; every other table says why it is about nobody.
func TestEveryColumnIsHandedOutOrWithheld(t *testing.T) {
	tables := schema(t)
	seen := map[string]bool{}
	for _, k := range storage.KeptTables {
		seen[k.Table] = true
		for _, column := range tables[k.Table] {
			_, withheld := k.Withheld[column]
			if out := slices.Contains(k.Columns, column); out == withheld {
				t.Errorf("%s.%s: handed out %v, withheld %v: decide in storage/kept.go whether people get it with their data", k.Table, column, out, withheld)
			}
			if secretName.MatchString(column) && !withheld {
				t.Errorf("%s.%s looks like a secret and is handed out", k.Table, column)
			}
		}
		for _, column := range k.Columns {
			if !slices.Contains(tables[k.Table], column) {
				t.Errorf("%s has no column %s any more", k.Table, column)
			}
		}
		for column, reason := range k.Withheld {
			if !slices.Contains(tables[k.Table], column) || reason == "" {
				t.Errorf("%s.%s: withheld for %q, but is it there?", k.Table, column, reason)
			}
		}
	}
	for table, columns := range tables {
		reason, public := storage.NotPersonal[table]
		if seen[table] == public {
			t.Errorf("table %s: handed out %v, not personal %v: decide in storage/kept.go", table, seen[table], public)
		}
		for _, column := range columns {
			if public && (column == "user_id" || column == "account_id" || column == "session_id" || column == "grant_id" || reason == "") {
				t.Errorf("%s.%s refers to a person, but the table is said to be about nobody (%s)", table, column, reason)
			}
		}
	}
	for table := range storage.NotPersonal {
		if tables[table] == nil {
			t.Errorf("there is no table %s any more", table)
		}
	}
}

// What is kept comes with the person's own rows and nobody else's, times as
// times, and is an object in JSON.
func TestKeptIsTheOwnRows(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		u := person(t, db)
		a2 := account("45675320380002")
		other := user(a2.ID, "LOG9Z9Z9Z9Z", "marcel@example.org")
		someClient(t, db, "loyers")
		write(t, db, func(ctx context.Context, q *storage.Queries) error {
			err := errors.Join(q.CreateAccount(ctx, a2), q.CreateUser(ctx, other))
			for _, who := range []storage.User{u, other} {
				s := storage.Session{ID: storage.NewID(), IDHash: []byte("hash of " + who.ID), UserID: who.ID, AMR: "pwd", AuthenticatedAt: 1000, SeenAt: 1000, ExpiresAt: 9000, UserAgent: "agent of " + who.Email}
				g := storage.Grant{ID: storage.NewID(), ClientID: "loyers", UserID: who.ID, SessionID: s.ID, Scopes: "openid", CreatedAt: 1000, ExpiresAt: 9000}
				err = errors.Join(err, q.CreateSession(ctx, s), q.CreateGrant(ctx, g),
					q.Notify(ctx, who, storage.MessageNewDevice, map[string]string{"device": "phone of " + who.Email}, 1000),
					q.KnowBrowser(ctx, storage.KnownBrowser{ID: storage.NewID(), Hash: []byte("b"), UserID: who.ID, CreatedAt: 1, ExpiresAt: 2}),
					q.Audit(ctx, storage.AuditEvent{At: 1000, Actor: "agent:someone", Action: "access.reset", Subject: who.ID, Details: map[string]string{"reason": "call of " + who.Email}}))
			}
			return errors.Join(err, q.Audit(ctx, storage.AuditEvent{At: 1001, Actor: u.ID, Action: "invited", Subject: other.ID}))
		})
		tables, err := db.KeptAbout(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(tables)
		if err != nil {
			t.Fatal(err)
		}
		got := string(text)
		for _, want := range []string{"agent of " + u.Email, "phone of " + u.Email, "call of " + u.Email, `"action":"invited"`, `"authenticated_at":"1970-01-01T00:16:40Z"`, `"ended_at":null`, `"identifier":"` + u.Identifier, `"offline":false`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in\n%s", want, got)
			}
		}
		for _, foreign := range []string{other.Email, other.Identifier, "hash of", a2.Number} {
			if strings.Contains(got, foreign) {
				t.Errorf("%s is in\n%s", foreign, got)
			}
		}
	})
}
