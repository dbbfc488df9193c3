package storagetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"loge/storage"
)

// Open returns a migrated SQLite database that lives as long as the test.
func Open(t testing.TB) *storage.DB {
	t.Helper()
	return OpenURL(t, "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
}

// OpenURL opens and migrates the database at url for the length of the test.
func OpenURL(t testing.TB, url string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// ForEach runs test on SQLite and on PostgreSQL.
func ForEach(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	ForEachURL(t, func(t *testing.T, url string) { test(t, OpenURL(t, url)) })
}

// ForEachURL is ForEach for tests that open the database themselves, more than
// once for instance.
func ForEachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "loge.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

var databases atomic.Int64

// Postgres returns the address of a new PostgreSQL database, dropped after the
// test. Without TEST_POSTGRES the test is skipped and says so.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	switch server {
	case "":
		t.Skip("PostgreSQL is not tested: TEST_POSTGRES is not set (make test sets it to \"start\")")
	case "start":
		var err error
		if server, err = private(); err != nil {
			t.Fatal(err)
		}
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("loge_test_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
		admin.Close()
	})
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	return address.String()
}

// private starts the cluster of this test process, once.
var private = sync.OnceValues(startCluster)

// Main runs the tests of a package that uses PostgreSQL and stops the private
// cluster afterwards. Write: func TestMain(m *testing.M) { storagetest.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	stopCluster()
	os.Exit(code)
}
