package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a setting that cannot be printed: not by fmt, slog, JSON or YAML.
type Secret string

const redacted = "[redacted]"

// String hides the secret; so do the other methods.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// Format hides the secret from every verb: %d, say, does not ask for String.
func (Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // fmt keeps no error either
}

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the secret itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// maxSecretFile bounds what is read as a secret, in bytes.
const maxSecretFile = 64 << 10

// readSecret reads a secret from a file, without the line end that editors add.
func readSecret(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecretFile {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxSecretFile)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return Secret(secret), nil
}

// EnsureSecret returns the master secret in the file and makes one first when
// there is none: 32 random bytes in base64, readable by its owner alone. It is
// for a single process next to its SQLite database; replicas share a secret that
// somebody made for them.
//
// The file is complete or does not exist, and one that exists is never
// replaced: losing the secret makes every sealed key and every provisional
// password useless.
func EnsureSecret(path string) (Secret, error) {
	secret, err := readSecret(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return secret, wrapSecret(err)
	}
	random := make([]byte, 32)
	rand.Read(random) // never fails (crypto/rand)
	if err := writeSecret(path, base64.StdEncoding.EncodeToString(random)+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("secret_file: make master secret: %w", err)
	}
	secret, err = readSecret(path) // somebody else's, if they were first
	return secret, wrapSecret(err)
}

func wrapSecret(err error) error {
	if err != nil {
		return fmt.Errorf("secret_file: read master secret: %w", err)
	}
	return nil
}

// writeSecret writes beside path and then links: unlike a rename, a link fails
// when path exists meanwhile.
func writeSecret(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // the other name stays
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // the name is durable too
}
