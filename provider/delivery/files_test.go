package delivery

import (
	"errors"
	"os"
	"testing"
	"time"

	"loge/storage"
)

// The files of letters hold secrets: they go when somebody says that they were
// posted, or after some days; the lists beside them stay.
func TestFilesOfLettersGo(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Files = 72 * time.Hour
		o.landlord(t, 1, storage.ByLetter)
		runs := o.print(t, t.TempDir())
		here := func(run Run) bool {
			t.Helper()
			_, err := os.Stat(run.File)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if _, err := os.Stat(manifest(run.File)); err != nil {
				t.Errorf("the manifest: %v", err)
			}
			return err == nil
		}
		done, err := o.Confirm(t.Context(), 1, o.clock(), "agent:odile")
		if err != nil || !done.Deleted || done.Kind != storage.MessageIdentifier || here(runs[0]) || !here(runs[1]) {
			t.Fatalf("marked printed: %+v, %v, identifiers %v, passwords %v", done, err, here(runs[0]), here(runs[1]))
		}
		o.wait(72*time.Hour - time.Second)
		if n, err := o.PurgeFiles(t.Context()); n != 0 || err != nil || !here(runs[1]) {
			t.Errorf("a second too early: %d, %v", n, err)
		}
		o.wait(2 * time.Second)
		if n, err := o.PurgeFiles(t.Context()); n != 1 || err != nil || here(runs[1]) {
			t.Errorf("after three days: %d, %v", n, err)
		}
		stored, err := o.DB.PrintRun(t.Context(), 2)
		if err != nil || stored.File != "" || stored.SHA256 == "" {
			t.Errorf("run = %+v, %v", stored, err)
		}
		for _, run := range []string{"1", "2"} {
			events, err := o.DB.AuditOf(t.Context(), run, 10)
			if err != nil || events[0].Action != "letters.file_deleted" {
				t.Errorf("journal of run %s = %v, %v", run, events, err)
			}
		}
		done, err = o.Confirm(t.Context(), 2, o.clock(), "agent:odile")
		if err != nil || done.Deleted {
			t.Errorf("marked printed after the file went: %+v, %v", done, err)
		}
	})
}

// What is not ours stays: a file with other content, one that is elsewhere, one
// that we may not touch. Without a limit nothing goes by itself.
func TestFilesThatAreNotOursStay(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.landlord(t, 1, storage.ByLetter)
		runs := o.print(t, t.TempDir())
		o.wait(1000 * time.Hour)
		if n, err := o.PurgeFiles(t.Context()); n != 0 || err != nil {
			t.Errorf("without a limit: %d, %v", n, err)
		}
		o.Files = time.Hour
		if err := os.WriteFile(runs[0].File, []byte("something else"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(runs[1].File, runs[1].File+".elsewhere"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if n, err := o.PurgeFiles(t.Context()); n != 0 || err != nil {
				t.Errorf("purged %d, %v", n, err)
			}
		}
		if content, err := os.ReadFile(runs[0].File); err != nil || string(content) != "something else" {
			t.Errorf("the other file: %q, %v", content, err)
		}
		if run, err := o.DB.PrintRun(t.Context(), 2); err != nil || run.File == "" {
			t.Errorf("a file that is elsewhere is forgotten: %+v, %v", run, err)
		}
	})
}
