package oauth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/secret"
)

// What is made later has a later key, so that the database keeps it beside what
// was made just before; the token itself tells nothing else, and is not read
// back from its key.
func TestTokensAreStoredInTheOrderTheyAreMade(t *testing.T) {
	master, err := secret.NewMaster([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	k := newOpaque(master).access
	var keys []string
	for range 5 {
		token, key := k.generate()
		if got := k.signature(token); got != key || len(key) != 2*momentBytes+43 {
			t.Fatalf("key %q, read back %q", key, got)
		}
		n, mac, _ := strings.Cut(strings.TrimPrefix(token, k.prefix), ".")
		if strings.Contains(key, n[momentBytes/3*4:]) || !strings.HasSuffix(key, mac) {
			t.Errorf("key %q of %q", key, token)
		}
		for _, changed := range []string{"A" + n[1:], n[:len(n)-1] + "A"} { // the moment and the random bits alike
			if changed != n && k.signature(k.prefix+changed+"."+mac) != "" {
				t.Errorf("%q passes for %q", changed, n)
			}
		}
		keys = append(keys, key)
		time.Sleep(2 * time.Millisecond)
	}
	if !slices.IsSorted(keys) {
		t.Errorf("%q", keys)
	}
	if a, b := nonce(), nonce(); a[8:] == b[8:] {
		t.Error("the same random bits twice")
	}
}

func BenchmarkSignature(b *testing.B) {
	master, err := secret.NewMaster([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	k := newOpaque(master).access
	token, _ := k.generate()
	b.ReportAllocs()
	for b.Loop() {
		k.signature(token)
	}
}
