package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestBackupIsTheDatabaseOfOneMomentWhileOthersWrite(t *testing.T) {
	db := storagetest.Open(t)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
			}
			err := db.InTx(context.Background(), func(q *storage.Queries) error {
				ctx := context.Background()
				if err := q.CreateAccount(ctx, account(fmt.Sprintf("%014d", n))); err != nil {
					return err
				}
				return q.Audit(ctx, storage.AuditEvent{At: 1, Actor: "system", Action: "test", Subject: fmt.Sprint(n)})
			})
			if err != nil {
				t.Error(err)
			}
		}
	}()
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	close(stop)
	written := <-stopped

	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup file: %v, %v", info, err)
	}
	copied := storagetest.OpenURL(t, "sqlite:"+file)
	events, err := copied.VerifyAudit(t.Context())
	if err != nil || events > int64(written) {
		t.Errorf("the copy holds %d events of %d written: %v", events, written, err)
	}
	// Account and event of one transaction are both there, or neither.
	for n := range int(events) {
		if _, err := copied.AccountByNumber(t.Context(), fmt.Sprintf("%014d", n)); err != nil {
			t.Fatalf("event %d is in the copy, its account is not: %v", n, err)
		}
	}
	if _, err := copied.AccountByNumber(t.Context(), fmt.Sprintf("%014d", events)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("account %d is in the copy without its event: %v", events, err)
	}
}

func TestBackupReplacesNothing(t *testing.T) {
	db := storagetest.Open(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(file, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), file); err == nil {
		t.Error("an existing file was taken")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "something else" {
		t.Errorf("the file now holds %q, %v", text, err)
	}
	if rest, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".loge-backup-*")); err != nil || len(rest) != 0 {
		t.Errorf("left behind: %v %v", rest, err)
	}
}

func TestBackupOfPostgreSQLSaysHow(t *testing.T) {
	db := storagetest.OpenURL(t, storagetest.Postgres(t))
	if err := db.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); !errors.Is(err, storage.ErrBackupElsewhere) {
		t.Errorf("Backup = %v", err)
	}
}
