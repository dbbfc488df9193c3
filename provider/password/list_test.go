package password

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEmbeddedLists(t *testing.T) {
	for name, l := range map[string]*List{"common": common(), "words": words()} {
		if l.Len() < 30_000 {
			t.Errorf("%s has %d entries, want 30,000 or more (ASVS 6.2.4 asks for 3,000)", name, l.Len())
		}
		if p := l.FalsePositives(); p > 1.5e-6 {
			t.Errorf("%s takes %.2g of other passwords for its own, want one in a million", name, p)
		}
		random, wrong := rand.NewPCG(1, 2), 0
		for range 200_000 {
			if l.has(fmt.Sprintf("%x-%x", random.Uint64(), random.Uint64())) {
				wrong++
			}
		}
		if wrong > 3 {
			t.Errorf("%s: %d of 200,000 random passwords are listed", name, wrong)
		}
		if found := embedded(l.marshal()); !bytes.Equal(found.bits, l.bits) {
			t.Errorf("%s does not survive being written", name)
		}
	}
	for _, s := range []string{"1qaz2wsx3edc", "unbelievable", "liverpool123", "administrator", "manchesterunited"} {
		if !common().has(s) {
			t.Errorf("%q is not listed", s)
		}
	}
	for _, s := range []string{"anniversaire", "marseille", "christelle", "bonjour", "superman"} {
		if !words().has(s) {
			t.Errorf("%q is no word", s)
		}
	}
}

func write(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadList(t *testing.T) {
	clear := "\ufeffGirafes Bleues Été\r\n\nmot-choisi-ici\n"
	hibp := fmt.Sprintf("%X:42\n%x\n", sha1.Sum([]byte("Girafes Bleues Été")), sha1.Sum([]byte("mot-choisi-ici")))
	for name, text := range map[string]string{"in clear": clear, "as SHA-1": hibp} {
		t.Run(name, func(t *testing.T) {
			l, err := ReadList(write(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if l.Len() != 2 {
				t.Errorf("%d entries, want 2", l.Len())
			}
			for password, listed := range map[string]bool{
				"Girafes Bleues Été": true, "Girafes Bleues E\u0301te\u0301": true, "MOT-CHOISI-ICI": true, "m0t-ch0isi-ici": true,
				"trois girafes bleues": false,
			} {
				if got := len(Check(password, About{List: l})) > 0; got != listed {
					t.Errorf("%q refused: %v, want %v", password, got, listed)
				}
			}
			if l.has("1qaz2wsx3edc") {
				t.Error("the embedded list is not replaced")
			}
			if Check("soleil2024!!", About{List: l}) == nil {
				t.Error("a word filled up is no longer refused")
			}
		})
	}
}

func TestReadListRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":     {"\n\n", "holds no password"},
		"not UTF-8": {"bon\n\xe9t\xe9\n", "line 2: is not UTF-8"},
		"long line": {"bon\n\n" + strings.Repeat("x", 2*maxLine), "line 3: is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadList(write(t, test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if _, err := ReadList(filepath.Join(t.TempDir(), "absent")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, password := range map[string]string{"good": "trois girafes bleues dansent", "listed": "1qaz2wsx3edc", "longest": strings.Repeat("mot à part ", 23)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Check(password, paule)
			}
		})
	}
}
