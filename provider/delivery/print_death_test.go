package delivery

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loge/provider/letter"
	"loge/storage"
)

func TestDeathWhileWritingLeavesNothing(t *testing.T) {
	for name, die := range map[string]func(w io.Writer) error{
		"panic": func(w io.Writer) error { _, _ = w.Write([]byte("%PDF half")); panic("killed") },
		"disk full": func(w io.Writer) error {
			_, _ = w.Write([]byte("%PDF half"))
			return errors.New("no space left on device")
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, o *office) {
				u := o.landlord(t, 1, storage.ByLetter)
				dir := t.TempDir()
				o.WritePDF = func(w io.Writer, _ []letter.Letter) error { return die(w) }
				func() {
					defer func() { _ = recover() }() // the process is dead
					if _, err := o.Print(t.Context(), dir, "agent:odile"); err == nil {
						t.Error("a file that could not be written counts as printed")
					}
				}()
				kept := o.keep()
				runs := o.print(t, dir)
				if len(runs) < 2 || runs[len(runs)-1].Number != 3 {
					t.Fatalf("runs = %+v; want the letters under numbers 2 and 3", runs)
				}
				if got := strings.Join(names(t, dir), " "); got != "courriers-0002-identifiants.csv courriers-0002-identifiants.pdf courriers-0003-mots-de-passe.csv courriers-0003-mots-de-passe.pdf" {
					t.Errorf("files: %s", got)
				}
				if o.opens(t, u, (*kept)[1][0].Secret) != 1 {
					t.Error("the printed password opens nothing")
				}
			})
		})
	}
}

// TestDeathBeforeTheCommitIsClearedAway leaves what a process leaves that dies
// when its file has got its name and nothing is recorded yet.
func TestDeathBeforeTheCommitIsClearedAway(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByLetter)
		dir := t.TempDir()
		b := &batch{Delivery: o.Delivery, dir: dir, name: "identifiants", actor: "agent:odile", now: o.clock()}
		if err := errors.Join(b.open(t.Context(), storage.MessageIdentifier, ""), b.write(t.Context())); err != nil {
			t.Fatal(err)
		}
		if len(names(t, dir)) != 2 {
			t.Fatalf("files: %v", names(t, dir))
		}
		runs := o.print(t, dir)
		if len(runs) != 3 || !runs[0].Interrupted || runs[0].Number != 1 || runs[1].Number != 2 || runs[2].Letters != 1 {
			t.Fatalf("runs = %+v; want the interrupted one and two new ones", runs)
		}
		if _, err := os.Stat(filepath.Join(dir, "courriers-0001-identifiants.pdf")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the void file is still there: %v", err)
		}
		if m := o.message(t, u, storage.MessageIdentifier); m.State != storage.MessagePrinted || m.Run != 2 {
			t.Errorf("letter = %+v", m)
		}
		if runs := o.print(t, dir); len(runs) != 0 {
			t.Errorf("a later print = %+v", runs)
		}
	})
}

func TestCommitThatFailsRemovesTheFile(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByLetter)
		dir := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		o.WritePDF = func(w io.Writer, letters []letter.Letter) error { defer stop(); return letter.WritePDF(w, letters) }
		if runs, err := o.Print(ctx, dir, "agent:odile"); err == nil || len(runs) != 0 {
			t.Errorf("Print = %v, %v; want an error", runs, err)
		}
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
		if m := o.message(t, u, storage.MessageIdentifier); m.State != storage.MessageQueued || m.Run != 0 {
			t.Errorf("letter = %+v; want it queued", m)
		}
	})
}

func TestLettersOfAnotherInstallationAreNotReplaced(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.landlord(t, 1, storage.ByLetter)
		dir := t.TempDir()
		foreign := filepath.Join(dir, "courriers-0001-identifiants.pdf")
		if err := os.WriteFile(foreign, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Print(t.Context(), dir, "agent:odile"); err == nil {
			t.Error("printed into a folder of another installation")
		}
		if content, err := os.ReadFile(foreign); err != nil || string(content) != "theirs" {
			t.Errorf("their file holds %q, %v", content, err)
		}
		if runs := o.print(t, t.TempDir()); len(runs) != 2 || runs[0].Number != 1 {
			t.Errorf("into another folder: %+v", runs)
		}
	})
}
