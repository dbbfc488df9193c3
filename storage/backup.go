package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrBackupElsewhere says that the database has tools of its own for copies.
var ErrBackupElsewhere = errors.New("a PostgreSQL database is copied with pg_dump or by its own archiving")

// Backup writes a copy of a SQLite database as it is at one moment, while
// others read and write it. The file must not exist; it is readable by its
// owner alone, on disk when Backup returns nil, and whole or not there at all.
func (db *DB) Backup(ctx context.Context, file string) (err error) {
	if db.readers == nil {
		return ErrBackupElsewhere
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("back up: %s exists already", file)
	}
	folder, err := os.MkdirTemp(filepath.Dir(file), ".loge-backup-")
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	copied := filepath.Join(folder, "loge.db")
	if err := db.copyTo(ctx, copied); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// Link, unlike Rename, never replaces a file that has appeared meanwhile.
	if err := os.Link(copied, file); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// copyTo copies on the connection that migrations use: a reader may write
// nothing, not even into another file.
func (db *DB) copyTo(ctx context.Context, file string) error {
	if _, err := db.pool.ExecContext(ctx, `VACUUM INTO ?`, file); err != nil {
		return err
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
