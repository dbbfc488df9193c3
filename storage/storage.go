package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/mattn/go-sqlite3"
)

var (
	// ErrNotFound says that no row fits, or that it has been consumed before.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a row with that key exists already.
	ErrConflict = errors.New("already exists")
)

// DB is one database. Its embedded Queries reads outside any transaction.
type DB struct {
	*Queries
	// Audited is told each event once its transaction is stored: what this
	// process did. Nil: nobody is. Set it before the first transaction.
	Audited func(AuditEvent)

	pool    *sql.DB  // every connection of PostgreSQL; SQLite's for migrations and copies
	readers *readers // of SQLite; nil on PostgreSQL
	writer  *writer  // groups the transactions of SQLite; nil on PostgreSQL
}

// Open connects to sqlite:PATH or postgres://…; it changes nothing.
func Open(ctx context.Context, url string) (*DB, error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(path)
	case "postgres", "postgresql":
		return openPostgres(ctx, url)
	}
	return nil, fmt.Errorf("open database: %q is neither sqlite:PATH nor postgres://…", scheme)
}

func openPostgres(ctx context.Context, url string) (*DB, error) {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16) // fewer would reconnect all day
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return &DB{Queries: &Queries{conn: postgres{pool}, postgres: true}, pool: pool}, nil
}

func openSQLite(path string) (*DB, error) {
	// FULL: what was acknowledged survives a power cut. Readers never block the
	// writer and are not blocked. SQLite need not lock a connection: it is used by
	// one goroutine at a time.
	dsn := "file:" + (&urlPath{path}).String() + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_mutex=no"
	conn, err := openSQLiteConn(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	writer, err := startWriter(conn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), conn.close())
	}
	pool, err := sql.Open("sqlite3", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), writer.close())
	}
	pool.SetMaxOpenConns(1) // Migrate says for this one how its commits wait
	readers := newReaders(dsn+"&_query_only=true", max(4, runtime.GOMAXPROCS(0)))
	return &DB{Queries: &Queries{conn: readers}, pool: pool, readers: readers, writer: writer}, nil
}

// Close waits for the running transactions and closes the database.
func (db *DB) Close() error {
	if db.writer == nil {
		return db.pool.Close()
	}
	return errors.Join(db.writer.close(), db.pool.Close(), db.readers.close())
}

// Ping makes a real query, so that a dead connection is noticed.
func (db *DB) Ping(ctx context.Context) error {
	if _, err := one(ctx, db.Queries, scanOne[int64], `SELECT seq FROM audit_head WHERE id = 1`); err != nil {
		return fmt.Errorf("query database: %w", err)
	}
	return nil
}

// NewID returns a key that sorts by time and is never used again (UUID v7).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// conflict turns the unique violations of both drivers into ErrConflict.
func conflict(err error) error {
	if lite, ok := errors.AsType[sqlite3.Error](err); ok &&
		(lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey) {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}
