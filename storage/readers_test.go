package storage

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readersOf opens a new database and returns its readers.
func readersOf(t *testing.T) *readers {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.readers
}

// Whoever finds all readers in use waits for one, as long as anybody waits for
// the answer.
func TestReadersAreShared(t *testing.T) {
	r := readersOf(t)
	var taken []*sqliteConn
	for range cap(r.slots) {
		c, err := r.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, c)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.acquire(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with all readers in use: %v", err)
	}
	got := make(chan error)
	go func() {
		c, err := r.acquire(context.Background())
		if err == nil {
			r.release(c)
		}
		got <- err
	}()
	for _, c := range taken {
		r.release(c)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if s := r.stats(); s.OpenConnections != len(taken) || s.InUse != 0 || s.WaitCount == 0 || s.WaitDuration <= 0 {
		t.Errorf("stats: %+v", s)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.acquire(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A row gives its reader back even when its scan panics or fails, and the next
// one finds nothing left of it.
func TestReadersComeBack(t *testing.T) {
	r := readersOf(t)
	q := &Queries{conn: r}
	for range 3 * cap(r.slots) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _ = one(t.Context(), q, func(scanner) (int, error) { panic("bug") }, `SELECT 1`)
		}()
		if _, err := one(t.Context(), q, scanOne[Time], `SELECT 'text'`); err == nil {
			t.Fatal("a text was read as a time")
		}
		if _, err := one(t.Context(), q, scanOne[int64], `SELECT 1 WHERE 1 = $1`, 2); !errors.Is(err, ErrNotFound) {
			t.Fatalf("no row: %v", err)
		}
		if _, err := one(t.Context(), q, scanOne[int64], `SELEKT`); err == nil || !strings.Contains(err.Error(), "syntax") {
			t.Fatalf("no statement: %v", err)
		}
	}
	if s := r.stats(); s.InUse != 0 || s.OpenConnections != 1 {
		t.Errorf("%+v", s)
	}
}

// What a column holds arrives as database/sql would hand it over.
func TestColumnsGoWhereTheyFit(t *testing.T) {
	r := readersOf(t)
	q := &Queries{conn: r}
	type kind string
	scan := func(dest ...any) error {
		_, err := one(t.Context(), q, func(s scanner) (int, error) { return 0, s.Scan(dest...) },
			`SELECT 'text', 7, x'00ff', NULL, 1, 'kind', 1.5, $1, $2, $3`, Time(42), []byte("blob"), kind("other"))
		return err
	}
	var (
		text, of, other string
		n               int
		blob, none, b   []byte
		yes             bool
		k               kind
		f               float64
		at              Time
	)
	if err := scan(&text, &n, &blob, &none, &yes, &k, &f, &at, &b, &other); err != nil {
		t.Fatal(err)
	}
	if text != "text" || n != 7 || string(blob) != "\x00\xff" || none != nil || !yes || k != "kind" || f != 1.5 || at != 42 || string(b) != "blob" || other != "other" {
		t.Errorf("%q %d %x %v %v %q %v %d %q %q", text, n, blob, none, yes, k, f, at, b, other)
	}
	var all [10]any
	into := make([]any, len(all))
	for i := range all {
		into[i] = &all[i]
	}
	if err := scan(into...); err != nil || all[0] != "text" || all[1] != int64(7) || all[3] != nil {
		t.Errorf("%v, %v", all, err)
	}
	for _, wrong := range []any{&n, &yes, &f, &at} {
		if err := scan(wrong, &n, &blob, &none, &yes, &k, &f, &at, &b, &other); err == nil {
			t.Errorf("a text went into %T", wrong)
		}
	}
	if err := scan(&text, &n, &blob, &of, &yes, &k, &f, &at, &b, &other); err == nil {
		t.Error("NULL went into a text")
	}
	if err := scan(&text); err == nil {
		t.Error("ten columns went into one")
	}
}
