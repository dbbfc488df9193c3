package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"loge/storage"
)

// PurgeFiles deletes the files of letters that nobody needs any more, as far as
// they are on this machine: those of runs that were printed and posted, and
// those older than Files. It returns how many; what could not be deleted is in
// the error, and tried again.
func (d *Delivery) PurgeFiles(ctx context.Context) (deleted int, err error) {
	before := storage.Time(0)
	if d.Files > 0 {
		before = storage.At(d.Now().Add(-d.Files))
	}
	runs, err := d.DB.PrintedFiles(ctx, before)
	if err != nil {
		return 0, fmt.Errorf("look for files of letters: %w", err)
	}
	var errs []error
	for _, run := range runs {
		done, err := d.deleteFile(ctx, run)
		if err != nil {
			errs = append(errs, fmt.Errorf("delete the letters of run %d: %w", run.Number, err))
		}
		if done {
			deleted++
		}
	}
	return deleted, errors.Join(errs...)
}

// deleteFile deletes a run's file and says so in the journal. A file that is not
// here, or not for us to touch, may be on the machine that printed or its user's;
// one with other content is not ours.
func (d *Delivery) deleteFile(ctx context.Context, run storage.PrintRun) (bool, error) {
	sum, err := hashOf(run.File)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ours := sum == run.SHA256
	if !ours {
		d.Log.WarnContext(ctx, "not the file that was printed: it stays", "run", run.Number, "file", run.File)
	} else if err := os.Remove(run.File); errors.Is(err, os.ErrPermission) {
		return false, nil
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return ours, d.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.SetPrintFile(ctx, run.Number, ""); err != nil || !ours {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(d.Now()), Actor: "system", Action: "letters.file_deleted", Subject: strconv.Itoa(run.Number)})
	})
}

func hashOf(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
