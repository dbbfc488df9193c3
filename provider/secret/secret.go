package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// MinimumLength of a master secret, in bytes.
const MinimumLength = 32

// Master is the master secret. It cannot be printed.
type Master struct{ key []byte }

// NewMaster takes the configured secret, at least MinimumLength bytes of it.
func NewMaster(key []byte) (Master, error) {
	if len(key) < MinimumLength {
		return Master{}, fmt.Errorf("master secret has %d bytes: it needs %d or more", len(key), MinimumLength)
	}
	return Master{key: key}, nil
}

// String keeps the secret out of logs and messages.
func (Master) String() string { return "[redacted]" }

// GoString keeps the secret out of %#v.
func (Master) GoString() string { return "[redacted]" }

// Derive returns the 32-byte key of one use (HKDF-SHA256, RFC 5869).
func (m Master) Derive(label string) []byte {
	key, err := hkdf.Key(sha256.New, m.key, nil, "loge "+label, 32)
	if err != nil {
		panic(err) // only for lengths that HKDF cannot give
	}
	return key
}

// Box seals small values with AES-256-GCM.
type Box struct{ aead cipher.AEAD }

// NewBox takes a 32-byte key, as Derive returns it.
func NewBox(key []byte) (*Box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &Box{aead: aead}, nil
}

// ErrSealed says that a sealed value was changed, belongs elsewhere or was
// sealed with another master secret.
var ErrSealed = errors.New("sealed value does not open with this master secret")

// Seal encrypts plain; where names the row it belongs to, so that a sealed
// value moved to another row does not open.
func (b *Box) Seal(plain []byte, where string) []byte {
	return b.aead.Seal(nil, nil, plain, []byte(where))
}

// Open decrypts what Seal returned for the same place.
func (b *Box) Open(sealed []byte, where string) ([]byte, error) {
	plain, err := b.aead.Open(nil, nil, sealed, []byte(where))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Random returns n bytes from the system's generator.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: the runtime aborts instead
	return b
}
