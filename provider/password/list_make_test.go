//go:build lists

package password

import (
	"bufio"
	"crypto/sha1"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The embedded lists are made anew with
//
//	go test -tags lists ./provider/password -run TestMakeLists -frequent FILE -french FOLDER
//
// from the sources that common.LICENSE names: FILE is SecLists' million, FOLDER
// is src of @zxcvbn-ts/language-fr.
var (
	frequent = flag.String("frequent", "", "file of the most frequent passwords, one a line")
	french   = flag.String("french", "", "folder of French words and names, as JSON lists")
)

func TestMakeLists(t *testing.T) {
	f, err := os.Open(*frequent)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	passwords, bare := map[string]bool{}, map[string]bool{}
	rank := 0
	for lines := bufio.NewScanner(f); lines.Scan(); rank++ {
		folded := fold(lines.Text())
		if utf8.RuneCountInString(folded) >= Minimum {
			passwords[folded] = true
		}
		if rank < 20_000 { // of those, the words alone: people fill them up
			word(bare, folded)
		}
	}
	for _, name := range []string{"firstnames", "lastnames", "commonWords"} {
		b, err := os.ReadFile(filepath.Join(*french, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatal(err)
		}
		for _, w := range list {
			word(bare, fold(w))
		}
	}
	for file, set := range map[string]map[string]bool{"common.bloom": passwords, "words.bloom": bare} {
		l := newList(uint64(len(set)))
		for s := range set {
			l.add(sha1.Sum([]byte(s)))
		}
		if err := os.WriteFile(file, l.marshal(), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d entries, %d bytes, false positives %.2g", file, l.Len(), l.Bytes(), l.FalsePositives())
	}
}

func word(set map[string]bool, s string) {
	if utf8.RuneCountInString(s) >= shortest && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) < 0 {
		set[s] = true
	}
}
