package providertest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"loge/provider"
	"loge/storage"
)

// prepared returns a SQLite file that is migrated and holds signing keys: a copy
// of one made once, because making an RSA key costs more than many a test.
func prepared(t testing.TB) string {
	t.Helper()
	content, err := template()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "loge.db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var template = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "loge-prepared-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, ctx := filepath.Join(dir, "loge.db"), context.Background()
	db, err := storage.Open(ctx, "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	err = db.Migrate(ctx)
	if err == nil {
		cfg := Settings("http://127.0.0.1", dir)
		var p *provider.Provider
		p, err = provider.New(ctx, cfg, db, slog.New(slog.NewTextHandler(io.Discard, nil)), provider.Options{Hasher: Cheap()})
		if err == nil {
			err = p.RotateKeys(ctx) // makes the RSA keys, which the start leaves to the job
		}
	}
	if err = errors.Join(err, db.Close()); err != nil { // closing brings everything into the one file
		return nil, err
	}
	return os.ReadFile(file)
})
