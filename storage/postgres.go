package storage

import (
	"context"
	"database/sql"
)

// postgres shows a pool or a transaction of database/sql as a conn.
type postgres struct {
	db interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	}
}

func (p postgres) query(ctx context.Context, query string, args []any) (cursor, error) {
	found, err := p.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err // not a cursor that holds a nil
	}
	return found, nil
}

func (p postgres) exec(ctx context.Context, query string, args []any) error {
	_, err := p.db.ExecContext(ctx, query, args...)
	return err
}

func (p postgres) execCount(ctx context.Context, query string, args []any) (int64, error) {
	result, err := p.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
