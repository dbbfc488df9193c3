package storage

import (
	"path/filepath"
	"testing"
	"time"
)

// SQLite plans a join anew for each binding once it has looked at a parameter's
// value; renumber keeps it from looking. A run must cost a small part of what
// planning costs.
func TestJoinsAreNotPlannedForEachRun(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	fastest := func(fn func()) time.Duration {
		best := time.Hour
		for range 200 {
			start := time.Now()
			fn()
			best = min(best, time.Since(start))
		}
		return best
	}
	if err := db.Ping(ctx); err != nil { // opens a reader
		t.Fatal(err)
	}
	for _, join := range []struct {
		name, query string
		run         func()
	}{
		{"HolderOfToken", holderOfToken, func() { _, _ = db.HolderOfToken(ctx, "none", 1) }},
		{"VisitorOfCookie", visitorOfCookie, func() { _, _ = db.VisitorOfCookie(ctx, nil, "none", 1) }},
	} {
		plan := fastest(func() {
			stmt, err := db.readers.free[0].conn.Prepare(renumber(join.query))
			if err != nil {
				t.Fatal(err)
			}
			stmt.Close()
		})
		if run := fastest(join.run); run > plan/3 {
			t.Errorf("%s: a run takes %v, planning %v: it is planned each time", join.name, run, plan)
		}
	}
}
