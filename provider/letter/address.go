package letter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Limits of an address block, NF Z 10-011.
const (
	maxLines = 6
	maxWidth = 38 // characters of a line, spaces included
)

// plainLines is how many lines, counted from the last, hold capitals, digits
// and spaces only: lines 4 to 6 of the standard.
const plainLines = 3

var town = regexp.MustCompile(`^[0-9]{5} [0-9 ]*[A-Z][A-Z0-9 ]*$`)

// Lines returns the block to print in the window of the envelope, for an
// address in France (NF Z 10-011): at most 6 lines of at most 38 characters,
// the last one postcode and town. name may be empty when the address starts
// with it, and stands once when both give it.
//
// All lines come in capitals without accents, which is what sorting machines
// read best and what keeps the glyphs of the first line inside the window. The
// last three lines lose their punctuation. A line that is too long is
// abbreviated by the usual words; when that is not enough the address is
// refused with an error that names the line. Nothing is ever cut.
func Lines(name string, address ...string) ([]string, error) {
	var lines []string
	for i, raw := range slices.Concat([]string{name}, address) {
		line, err := fold(raw)
		if err != nil {
			return nil, fmt.Errorf("address line %q: %w", raw, err)
		}
		twice := i == 1 && len(lines) == 1 && samePerson(line, lines[0])
		if line != "" && !twice {
			lines = append(lines, line)
		}
	}
	if len(lines) < 2 {
		return nil, errors.New("address: a name and a town at least")
	}
	if len(lines) > maxLines {
		return nil, fmt.Errorf("address: %d lines, at most %d with the name", len(lines), maxLines)
	}
	last := len(lines) - 1
	for i := range lines {
		if i > 0 && i > last-plainLines {
			lines[i] = plain(lines[i])
		}
		if i == last && !town.MatchString(lines[i]) {
			return nil, fmt.Errorf("address line %d %q: not a postcode of 5 digits and a town", i+1, lines[i])
		}
		words := roadWords
		switch i {
		case 0:
			words = nameWords
		case last:
			words = townWords
		}
		short := abbreviate(lines[i], words)
		if len(short) > maxWidth {
			return nil, fmt.Errorf("address line %d %q: %d characters after abbreviation, at most %d", i+1, lines[i], len(short), maxWidth)
		}
		lines[i] = short
	}
	return lines, nil
}

// samePerson says whether two lines hold the same words in any order, titles
// aside: « Madame Jeanne Martin » and « MARTIN Jeanne ».
func samePerson(a, b string) bool {
	words := func(line string) []string {
		return slices.Sorted(func(yield func(string) bool) {
			for word := range strings.FieldsSeq(line) {
				if !slices.Contains(titles, strings.TrimSuffix(word, ".")) && !yield(word) {
					return
				}
			}
		})
	}
	return slices.Equal(words(a), words(b))
}

var titles = []string{"M", "MR", "MME", "MLLE", "MONSIEUR", "MADAME", "MADEMOISELLE"}

// unaccented are the letters that do not decompose into a base letter and an
// accent, and the typographic signs that have a plain form.
var unaccented = strings.NewReplacer(
	"Œ", "OE", "Æ", "AE", "ß", "SS", "ẞ", "SS", "Ø", "O", "Đ", "D", "Ð", "D", "Ł", "L", "Þ", "TH", "ı", "I",
	"’", "'", "‘", "'", "ʼ", "'", "´", "'", "`", "'",
	"‐", "-", "‑", "-", "–", "-", "—", "-", "−", "-",
)

// fold returns the line in ASCII capitals, with single spaces. Letters of
// another script are an error; a sign the block has no use for (« ° ») becomes
// a space.
func fold(line string) (string, error) {
	var b strings.Builder
	for _, r := range norm.NFKD.String(unaccented.Replace(strings.ToUpper(norm.NFC.String(line)))) {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("&'()*+,-./:", r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the accent of the letter before
		case unicode.IsControl(r) && r != '\t', r == unicode.ReplacementChar:
			return "", fmt.Errorf("holds the control character %U", r)
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return "", fmt.Errorf("%q is not a Latin letter or a digit", r)
		default:
			b.WriteByte(' ')
		}
	}
	return squeeze(b.String()), nil
}

func plain(line string) string {
	return squeeze(strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, line))
}

// squeeze leaves single spaces, and none before a comma or full stop.
func squeeze(s string) string { return tight.Replace(strings.Join(strings.Fields(s), " ")) }

var tight = strings.NewReplacer(" ,", ",", " .", ".")
