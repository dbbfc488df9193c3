package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/mattn/go-sqlite3"
)

// sqliteConn is one connection to SQLite with the statements it has prepared, for
// one goroutine at a time. It speaks to the driver itself: between the two,
// database/sql would cost as much as SQLite needs for a row.
type sqliteConn struct {
	conn  *sqlite3.SQLiteConn
	stmts map[string]*sqliteStmt // by query; as bounded as the source code
}

// sqliteStmt is a prepared statement, and room for its parameters and its row:
// it runs once at a time.
type sqliteStmt struct {
	stmt *sqlite3.SQLiteStmt
	args []driver.NamedValue
	row  []driver.Value
}

func openSQLiteConn(dsn string) (*sqliteConn, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{conn: conn.(*sqlite3.SQLiteConn), stmts: map[string]*sqliteStmt{}}, nil
}

func (c *sqliteConn) close() error {
	for _, s := range c.stmts {
		s.stmt.Close()
	}
	return c.conn.Close()
}

func (c *sqliteConn) prepare(query string) (*sqliteStmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	stmt, err := c.conn.Prepare(renumber(query))
	if err != nil {
		return nil, err
	}
	s := &sqliteStmt{stmt: stmt.(*sqlite3.SQLiteStmt)}
	c.stmts[query] = s
	return s, nil
}

// query runs a statement up to its first row. It is not interrupted when its
// caller leaves: it takes microseconds, being ready to be interrupted costs as
// much again, and a write cut off in the middle would have SQLite roll back a
// whole group of transactions.
func (c *sqliteConn) query(query string, args []any) (*sqliteRows, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	if err := s.take(args); err != nil {
		return nil, err
	}
	rows, err := s.stmt.QueryContext(context.Background(), s.args)
	clear(s.args) // keeps nobody's data
	if err != nil {
		return nil, err
	}
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	return &sqliteRows{rows: rows, row: s.row, conn: c}, nil
}

// exec runs a statement whose outcome needs no look.
func (c *sqliteConn) exec(query string, args []any) error {
	rows, err := c.query(query, args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// execCount runs a write and tells how many rows it touched.
func (c *sqliteConn) execCount(query string, args []any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	if err := s.take(args); err != nil {
		return 0, err
	}
	result, err := s.stmt.ExecContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// take lays out the parameters as the driver wants them.
func (s *sqliteStmt) take(args []any) error {
	s.args = s.args[:0]
	for i, arg := range args {
		value, err := sqliteValue(arg)
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return nil
}

func sqliteValue(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case string, int64, bool, []byte, nil:
		return v, nil
	case Time:
		return int64(v), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(arg)
}

// sqliteRows are the rows of a running statement; Close ends it.
type sqliteRows struct {
	rows driver.Rows // nil once closed
	row  []driver.Value
	err  error
	conn *sqliteConn
	pool *readers // that the connection goes back to; nil: the writer keeps its own
}

// Next reads the next row; Err tells whether false means the end.
func (r *sqliteRows) Next() bool {
	if r.err == nil {
		r.err = r.rows.Next(r.row)
	}
	return r.err == nil
}

func (r *sqliteRows) Err() error {
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// Close may be called again, after which the connection is somebody else's.
func (r *sqliteRows) Close() error {
	if r.rows == nil {
		return nil
	}
	err := r.rows.Close()
	clear(r.row)
	r.rows = nil
	if r.pool != nil {
		r.pool.release(r.conn)
	}
	return err
}

func (r *sqliteRows) Scan(dest ...any) error {
	if len(dest) != len(r.row) {
		return fmt.Errorf("a row of %d columns is read into %d", len(r.row), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.row[i]); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

// assign stores a column as database/sql does, for the types that this package
// reads. Whatever is no such type goes by its kind.
func assign(dest any, column driver.Value) error {
	switch v := column.(type) {
	case string:
		switch d := dest.(type) {
		case *string:
			*d = v
			return nil
		case *[]byte:
			*d = []byte(v)
			return nil
		}
	case int64:
		switch d := dest.(type) {
		case *Time:
			*d = Time(v)
			return nil
		case *int64:
			*d = v
			return nil
		case *bool:
			*d = v != 0
			return nil
		case *int:
			*d = int(v)
			return nil
		case *string:
			*d = strconv.FormatInt(v, 10)
			return nil
		}
	case bool:
		if d, ok := dest.(*bool); ok {
			*d = v
			return nil
		}
	case []byte:
		switch d := dest.(type) {
		case *[]byte:
			*d = v // the driver's copy, and nobody else's
			return nil
		case *string:
			*d = string(v)
			return nil
		}
	case nil:
		if d, ok := dest.(*[]byte); ok {
			*d = nil
			return nil
		}
	}
	switch d := dest.(type) {
	case *any:
		*d = column
		return nil
	case sql.Scanner:
		return d.Scan(column)
	}
	return assignKind(reflect.ValueOf(dest).Elem(), column)
}

func assignKind(to reflect.Value, column driver.Value) error {
	switch v := column.(type) {
	case string:
		if to.Kind() == reflect.String {
			to.SetString(v)
			return nil
		}
	case int64:
		if to.CanInt() && !to.OverflowInt(v) {
			to.SetInt(v)
			return nil
		}
		if to.CanUint() && v >= 0 && !to.OverflowUint(uint64(v)) {
			to.SetUint(uint64(v))
			return nil
		}
	case float64:
		if to.CanFloat() {
			to.SetFloat(v)
			return nil
		}
	}
	return fmt.Errorf("%T does not go into %s", column, to.Type())
}
