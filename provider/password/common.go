package password

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// compressed is the block-list; common.LICENSE tells where it comes from.
//
//go:embed common.txt.gz
var compressed []byte

// common returns the block-list: lower-case passwords of 12 characters or more.
// It is unpacked on first use, about 1 MB.
var common = sync.OnceValue(func() map[string]struct{} {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		panic(fmt.Sprintf("password: embedded block-list: %v", err))
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Sprintf("password: embedded block-list: %v", err))
	}
	list := make(map[string]struct{}, 10_000)
	for line := range strings.Lines(string(text)) {
		list[strings.TrimSuffix(line, "\n")] = struct{}{}
	}
	return list
})

// weak are the words French people's passwords are known to begin with. They
// are too short to be chosen alone; what people do is to fill them up with
// digits and signs, or to repeat them: motdepasse123, soleil2024!!.
var weak = wordSet(`
	motdepasse password passe mdp secret azerty azertyuiop qwerty qwertyuiop qsdfghjklm wxcvbn
	bonjour bonsoir salut soleil doudou chouchou loulou coucou jetaime jtaime amour toujours
	marseille paris lyon france ronaldo psg om chocolat princesse coeur bisous cheval chaton
	admin administrateur utilisateur connexion compte bienvenue welcome monmotdepasse
	letmein iloveyou football nicolas camille thomas julien alexandre maman papa
	maison famille vacances printemps automne janvier fevrier decembre
`)

func wordSet(words string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, word := range strings.Fields(words) {
		set[word] = struct{}{}
	}
	return set
}

// walks are sequences under the fingers or in the head: key rows of French and
// other keyboards, the alphabet, the digits.
var walks = []string{
	"azertyuiop", "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop",
	"abcdefghijklmnopqrstuvwxyz", "01234567890",
}

// unleet undoes the substitutions that every cracking tool tries first.
var unleet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "€", "e")

// isCommon tells whether many people use s, or would come to it by themselves.
// s is folded: lower case, without accents.
func isCommon(s string) bool {
	return listed(s) || listed(unleet.Replace(s)) || few(s) || repeated(s) || walked(s)
}

func listed(s string) bool {
	if _, found := common()[s]; found {
		return true
	}
	_, found := weak[letters(s)]
	return found
}

// letters returns the letters of s, once if they are a repetition.
func letters(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
	return s[:period(s)]
}

// few tells passwords of three different signs or fewer.
func few(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) <= 3
}

// repeated tells short blocks typed several times: abc1abc1abc1.
func repeated(s string) bool { return period(s) <= min(8, len(s)/2) }

// period returns the length in bytes of the shortest block whose repetition is
// s; len(s) when s repeats nothing.
func period(s string) int {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return n
		}
	}
	return len(s)
}

// walked tells whether four steps of five stay on a sign or go to its neighbour
// in a sequence: 123456789012, azertyuiopqs, abcdefgh4321.
func walked(s string) bool {
	runes := []rune(s)
	steps, kept := len(runes)-1, 0
	for i := range steps {
		if runes[i] == runes[i+1] || neighbours(runes[i], runes[i+1]) {
			kept++
		}
	}
	return steps > 0 && kept*5 >= steps*4
}

func neighbours(a, b rune) bool {
	forth, back := string([]rune{a, b}), string([]rune{b, a})
	for _, walk := range walks {
		if strings.Contains(walk, forth) || strings.Contains(walk, back) {
			return true
		}
	}
	return false
}
