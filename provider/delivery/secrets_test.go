package delivery

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
)

var (
	passwordShape   = regexp.MustCompile(`\b[CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4}\b`)
	identifierShape = regexp.MustCompile(`\bLOG [0-9A-Z]{8}\b`)
	codeShape       = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// found returns the one match of shape in text.
func found(t *testing.T, shape *regexp.Regexp, text string) string {
	t.Helper()
	all := shape.FindAllString(text, -1)
	if len(all) != 1 {
		t.Fatalf("%d matches of %s, want 1, in:\n%s", len(all), shape, text)
	}
	return all[0]
}

// keepsSecret fails when the secret stands in any column of any table or in
// the log, with or without its hyphens.
func (o *office) keepsSecret(t *testing.T, secrets ...string) {
	t.Helper()
	everything := dump(t, o.url) + o.log.String()
	for _, s := range secrets {
		for _, form := range []string{s, strings.ReplaceAll(s, "-", ""), strings.ToLower(s)} {
			if i := strings.Index(everything, form); i >= 0 {
				t.Errorf("the secret %q is stored or logged: …%s…", form, everything[max(0, i-100):min(len(everything), i+100)])
			}
		}
	}
}

// dump returns every value of every table.
func dump(t *testing.T, url string) string {
	t.Helper()
	driver, source, tables := "pgx", url, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	if path, lite := strings.CutPrefix(url, "sqlite:"); lite {
		driver, source, tables = "sqlite3", path, `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	names := values(t, db, tables)
	for name := range strings.Lines(names) {
		b.WriteString(values(t, db, `SELECT * FROM "`+strings.TrimSpace(name)+`"`))
	}
	if !strings.Contains(b.String(), "identifier") {
		t.Fatalf("the dump holds no message: it proves nothing\n%s", names)
	}
	return b.String()
}

func values(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		for _, v := range row {
			b.Write(*v.(*sql.RawBytes))
			b.WriteString(" | ")
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), " | \n", "\n")
}
