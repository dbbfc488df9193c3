package secret

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func TestMasterRefusesShortSecrets(t *testing.T) {
	if _, err := NewMaster(make([]byte, MinimumLength-1)); err == nil {
		t.Error("a master secret of 31 bytes was accepted")
	}
}

func TestMasterCannotBePrinted(t *testing.T) {
	m, err := NewMaster([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, m); got != "[redacted]" {
			t.Errorf("%s printed %q", format, got)
		}
	}
}

func TestLabelsNeverShareAKey(t *testing.T) {
	m, _ := NewMaster(make([]byte, 32))
	if bytes.Equal(m.Derive("a"), m.Derive("b")) {
		t.Error("two labels share a key")
	}
	if got := m.Derive("a"); len(got) != 32 || !bytes.Equal(got, m.Derive("a")) {
		t.Errorf("Derive is not a stable 32-byte key: %x", got)
	}
}

func TestSealedValueOpensOnlyInItsPlace(t *testing.T) {
	m, _ := NewMaster(make([]byte, 32))
	box, err := NewBox(m.Derive("keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := box.Seal([]byte("plain"), "key/1")
	if plain, err := box.Open(sealed, "key/1"); err != nil || string(plain) != "plain" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if _, err := box.Open(sealed, "key/2"); !errors.Is(err, ErrSealed) {
		t.Errorf("a value moved to another row opened: %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := box.Open(sealed, "key/1"); !errors.Is(err, ErrSealed) {
		t.Errorf("a changed value opened: %v", err)
	}
}

func TestClientSecretMatchesOnlyItself(t *testing.T) {
	plain, hash := NewClientSecret()
	if len(plain) != 43 || !ClientSecretMatches(hash, plain) {
		t.Fatalf("generated secret of %d characters does not match its hash", len(plain))
	}
	other, _ := NewClientSecret()
	for name, c := range map[string]struct {
		hash  []byte
		plain string
	}{
		"another secret": {hash, other},
		"cut by one":     {hash, plain[:42]},
		"empty secret":   {hash, ""},
		"empty hash":     {nil, ""},
		"zero hash":      {make([]byte, 33), ""},
		"hash cut":       {hash[:32], plain},
		"other version":  {append([]byte{2}, hash[1:]...), plain},
	} {
		if ClientSecretMatches(c.hash, c.plain) {
			t.Errorf("%s: matched", name)
		}
	}
}
