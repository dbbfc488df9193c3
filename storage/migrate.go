package storage

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// sqliteOnly are the versions that say how SQLite alone stores what PostgreSQL
// stores well without being told.
var sqliteOnly = []int64{27}

// Migrate brings the schema up to date; a second call does nothing. Several
// replicas may start at once: on PostgreSQL one migrates and the others wait.
func (db *DB) Migrate(ctx context.Context) error {
	provider, err := db.migrations()
	if err != nil {
		return err
	}
	// A power cut may undo migrations, but whole ones: the next start does them
	// again. The first commit of anything else waits until they are on the disk too.
	if err := db.synchronous(ctx, "NORMAL"); err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	if err != nil {
		err = fmt.Errorf("migrate database: %w", err)
	}
	return errors.Join(err, db.synchronous(context.WithoutCancel(ctx), "FULL"))
}

// synchronous says what commits of SQLite's migrations wait for.
func (db *DB) synchronous(ctx context.Context, level string) error {
	if db.writer == nil {
		return nil
	}
	if _, err := db.pool.ExecContext(ctx, "PRAGMA synchronous = "+level); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// Pending tells whether Migrate has something to do.
func (db *DB) Pending(ctx context.Context) (bool, error) {
	provider, err := db.migrations()
	if err != nil {
		return false, err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("look at database version: %w", err)
	}
	return pending, nil
}

func (db *DB) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if db.readers != nil {
		return provider(goose.NewProvider(goose.DialectSQLite3, db.pool, files))
	}
	// The default polls every five seconds; a start should not wait that long.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("prepare migration lock: %w", err)
	}
	return provider(goose.NewProvider(goose.DialectPostgres, db.pool, files, goose.WithSessionLocker(locker), goose.WithExcludeVersions(sqliteOnly)))
}

func provider(p *goose.Provider, err error) (*goose.Provider, error) {
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
