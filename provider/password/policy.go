package password

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// Minimum and Maximum length in characters, counted after NFC.
	Minimum = 12
	Maximum = 256
	// MinimumDigits is the length of a password of digits alone: 16 digits are
	// 53 bits, more than the 50 that the CNIL asks (deliberation 2022-100).
	MinimumDigits = 16
)

// Keys of the texts for what is wrong with a password.
const (
	Missing         = "password.error.missing"
	TooShort        = "password.error.short" // minimum, n
	TooLong         = "password.error.long"
	DigitsOnly      = "password.error.digits"
	Common          = "password.error.common"
	Personal        = "password.error.personal"
	Guessable       = "password.error.guessable"
	SameProvisional = "password.error.provisional"
	SameOld         = "password.error.old"
)

// Fault is one thing that is wrong with a password: the key of a text and the
// pairs of name and value that the text needs.
type Fault struct {
	Key  string
	Vars []string
}

// About is what a password must not be taken from. Empty fields are not looked at.
type About struct {
	Names      []string // given name, family name, company
	Email      string
	Identifier string   // LOG and 8 characters
	Number     string   // numéro utilisateur
	Services   []string // names of the service and of the agency
	// Provisional tells whether a normalised provisional password is the one in
	// force; nil where there is none. It is a function because loge itself only
	// knows the hash.
	Provisional func(code string) bool
	// Minimum length for this person; 0, or less than 12, is 12. Never above 64
	// (the settings see to that), so that a phrase always fits.
	Minimum int
	// List is what nobody may choose; nil is the embedded one.
	List *List
	// Strict asks for 80 bits on the scale of the CNIL, which it recommends where
	// nothing slows guessing down (deliberation 2022-100, case 1).
	Strict bool
}

// Length counts a password's characters, as [Check] does.
func Length(password string) int { return utf8.RuneCountInString(norm.NFC.String(password)) }

// Check returns what is wrong with a new password, nothing when it is good. A
// password of the wrong length has that one fault; of the others all are
// named. It never trims or changes what was typed; only for counting and
// comparing is it brought to NFC, as [Hasher] does.
func Check(password string, about About) []Fault {
	password = norm.NFC.String(password)
	minimum, length := max(Minimum, about.Minimum), Length(password)
	switch {
	case length == 0:
		return []Fault{{Key: Missing}}
	case length < minimum:
		return []Fault{{Key: TooShort, Vars: []string{"minimum", strconv.Itoa(minimum), "n", strconv.Itoa(length)}}}
	case length > Maximum:
		return []Fault{{Key: TooLong}}
	}
	var faults []Fault
	if length < MinimumDigits && digitsOnly(password) {
		faults = append(faults, Fault{Key: DigitsOnly})
	}
	folded := fold(password)
	// Before the block-list: the reason is nearer to what the person did.
	switch {
	case isProvisional(password, about):
		faults = append(faults, Fault{Key: SameProvisional})
	case personal(folded, about):
		faults = append(faults, Fault{Key: Personal})
	case isCommon(password, folded, cmp.Or(about.List, common())):
		faults = append(faults, Fault{Key: Common})
	}
	if about.Strict && entropy(password) < strictBits {
		faults = append(faults, Fault{Key: Guessable})
	}
	return faults
}

// digitsOnly counts spaces among the digits: they add nothing to guess.
func digitsOnly(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsSpace(r) }) < 0
}

// strictBits less the half bit by which the CNIL itself rounds: its example of
// 12 characters of four classes has 79.6.
const strictBits = 79.5

// entropy of a password on the CNIL's scale, in bits: its length times that of
// the alphabet of the classes present, 26 lower, 26 upper, 10 digits, 37 others.
func entropy(s string) float64 {
	var lower, upper, digit, other int
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z':
			lower = 26
		case r >= 'A' && r <= 'Z':
			upper = 26
		case r >= '0' && r <= '9':
			digit = 10
		default:
			other = 37
		}
	}
	return float64(utf8.RuneCountInString(s)) * math.Log2(float64(lower+upper+digit+other))
}

func isProvisional(password string, about About) bool {
	code, ok := Normalize(password)
	return ok && about.Provisional != nil && about.Provisional(code)
}

// Words of the service (domain: block-list). The short one counts only where it
// stands alone, so that a phrase with « café » remains possible.
var (
	serviceWords  = []string{"bailleur", "partenaire", "locataire", "allocation"}
	shortServices = map[string]bool{"caf": true}
)

// shortest is the length from which a piece of a name or address counts
// wherever it stands. Shorter ones occur by chance in other words.
const shortest = 4

// personal tells whether a folded password holds what is known of the person.
func personal(folded string, about About) bool {
	joined := join(folded)
	plain := join(unleet.Replace(folded))
	holds := func(word string) bool {
		word = join(word)
		return utf8.RuneCountInString(word) >= shortest && (strings.Contains(joined, word) || strings.Contains(plain, word))
	}
	for _, word := range serviceWords {
		if holds(word) {
			return true
		}
	}
	for _, word := range split(folded) {
		if shortServices[strings.TrimRightFunc(word, unicode.IsDigit)] {
			return true
		}
	}
	for _, name := range about.Services {
		if holds(fold(name)) {
			return true
		}
	}
	for _, name := range about.Names {
		name = fold(name)
		if holds(name) || anyOf(split(name), holds) {
			return true
		}
	}
	local, _, _ := strings.Cut(fold(about.Email), "@")
	if holds(local) || anyOf(split(local), holds) {
		return true
	}
	identifier := fold(about.Identifier)
	return holds(identifier) || holds(strings.TrimPrefix(identifier, "log")) || holds(fold(about.Number))
}

func anyOf(words []string, test func(string) bool) bool {
	for _, word := range words {
		if test(word) {
			return true
		}
	}
	return false
}

// fold brings a text to lower case without accents, for comparing only.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// split cuts at everything that is neither letter nor digit.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// join drops everything that is neither letter nor digit.
func join(s string) string { return strings.Join(split(s), "") }
