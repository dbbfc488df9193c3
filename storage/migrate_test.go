package storage

import (
	"path/filepath"
	"testing"
)

// Migrations need not wait for the disk one by one; a copy made later on the
// same connection does.
func TestMigrateLeavesFullSynchronous(t *testing.T) {
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	level := func() (level int) {
		if err := db.pool.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&level); err != nil {
			t.Fatal(err)
		}
		return level
	}
	const full = 2
	if before := level(); before != full {
		t.Fatalf("synchronous = %d before, want FULL", before)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := level(); after != full {
		t.Errorf("synchronous = %d after migrating, want FULL", after)
	}
}
