package mail

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestDirectoryKeepsMails(t *testing.T) {
	dir := &Directory{Path: filepath.Join(t.TempDir(), "mails")}
	var want []string
	for _, m := range samples() {
		mail := compose(t, m)
		if err := dir.Send(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
		want = append(want, wire(t, mail))
	}
	files, err := os.ReadDir(dir.Path) // sorted by name
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 || !strings.HasSuffix(f.Name(), ".eml") {
			t.Errorf("%s has mode %v, want a .eml file with 0600", f.Name(), info.Mode())
		}
		data, err := os.ReadFile(filepath.Join(dir.Path, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(data))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d files, want the %d mails in the order they were sent", len(got), len(want))
	}
}

func TestDirectoryManyAtOnce(t *testing.T) {
	path := t.TempDir()
	var all sync.WaitGroup
	for range 2 { // two processes with the same folder
		dir := &Directory{Path: path}
		for range 20 {
			mail := compose(t, samples()[0])
			all.Go(func() {
				if err := dir.Send(t.Context(), mail); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	files, err := os.ReadDir(path)
	if err != nil || len(files) != 40 {
		t.Errorf("%d files (%v), want 40", len(files), err)
	}
}

func TestDirectoryFailureIsTemporaryAndLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mail := compose(t, samples()[0])
	if err := (&Directory{Path: path}).Send(t.Context(), mail); err == nil || Permanent(err) {
		t.Errorf("got %v for a folder that is a file, want a temporary error", err)
	}
	dir := &Directory{Path: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := dir.Send(ctx, mail); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the end of the context", err)
	}
	if files, err := os.ReadDir(dir.Path); err != nil || len(files) != 0 {
		t.Errorf("%d files (%v), want none", len(files), err)
	}
}
