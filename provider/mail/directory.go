package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
)

// Directory writes mails as .eml files instead of sending them, for trials and
// for relays that read a folder. A file appears whole or not at all, readable
// by its owner only, because it may hold a secret. Names sort by date.
type Directory struct {
	Path string // created when absent, mode 0700

	written atomic.Uint64
}

// Send writes the file; it is on disk when Send returns nil.
func (d *Directory) Send(ctx context.Context, m *Mail) error {
	if err := ctx.Err(); err != nil {
		return &Error{Err: err, text: err.Error()}
	}
	if err := d.write(m); err != nil {
		return &Error{Err: err, text: err.Error()}
	}
	return nil
}

func (d *Directory) write(m *Mail) (err error) {
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return fmt.Errorf("make mail directory: %w", err)
	}
	file, err := os.CreateTemp(d.Path, ".writing-*") // mode 0600
	if err != nil {
		return fmt.Errorf("create mail file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // nothing half-written stays
		}
	}()
	_, writeErr := m.WriteTo(file)
	if err := errors.Join(writeErr, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write mail file: %w", err)
	}
	// The count orders mails of one instant, the random part keeps two
	// processes apart.
	name := fmt.Sprintf("%s-%06d-%s.eml", m.Date.UTC().Format("20060102T150405.000000000Z"), d.written.Add(1), rand.Text()[:8])
	if err := os.Rename(file.Name(), filepath.Join(d.Path, name)); err != nil {
		return fmt.Errorf("name mail file: %w", err)
	}
	return d.sync()
}

// sync makes the new name itself durable.
func (d *Directory) sync() error {
	dir, err := os.Open(d.Path)
	if err != nil {
		return fmt.Errorf("open mail directory: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync mail directory: %w", err)
	}
	return nil
}
