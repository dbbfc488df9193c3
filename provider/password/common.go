package password

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// isCommon tells whether many people use a password, or would come to it by
// themselves. folded is typed in lower case and without accents.
func isCommon(typed, folded string, list *List) bool {
	plain := unleet.Replace(folded)
	return list.lists(typed, folded) || filled(folded) || filled(plain) || few(folded) || repeated(folded) || walked(folded)
}

// maxFill is how many digits and signs may stand around a word without making a
// password of it: a date with its separators.
const maxFill = 10

// filled tells whether the letters of s are one word, or one word repeated, that
// people are known to fill up: a French word, a given name, a family name.
func filled(s string) bool {
	word := letters(s)
	if _, found := weak[word]; found {
		return true
	}
	return utf8.RuneCountInString(s)-utf8.RuneCountInString(word) <= maxFill && utf8.RuneCountInString(word) >= shortest && words().has(word)
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
