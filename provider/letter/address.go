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
	maxLines  = 6
	maxAbroad = 7  // the last one is the country
	maxWidth  = 38 // characters of a line, spaces included
)

// plainLines is how many lines, counted from the last, hold capitals, digits
// and spaces only: lines 4 to 6 of the standard.
const plainLines = 3

var town = regexp.MustCompile(`^[0-9]{5} [0-9 ]*[A-Z][A-Z0-9 ]*$`)

// Lines returns the block to print in the window of the envelope (NF Z 10-011):
// at most 6 lines of at most 38 characters, the last one postcode and town.
// Abroad a seventh may be the country, by its French name, and what stands above
// it is as that country writes it. name may be empty when the address starts
// with it, and stands once when both give it.
//
// All lines come in capitals without accents, which is what sorting machines
// read best and what keeps the glyphs of the first line inside the window. The
// last three lines lose their punctuation. A line that is too long is
// abbreviated by the usual words; when that is not enough the address is
// refused with an error that names the line, in French because it stands in the
// agency's reports. Nothing is ever cut.
func Lines(name string, address ...string) ([]string, error) {
	var lines []string
	for i, raw := range slices.Concat([]string{name}, address) {
		line, err := fold(raw)
		if err != nil {
			return nil, fmt.Errorf("ligne « %s » : %w", raw, err)
		}
		twice := i == 1 && len(lines) == 1 && samePerson(line, lines[0])
		if line != "" && !twice {
			lines = append(lines, line)
		}
	}
	if n := len(lines); n > 0 && lines[n-1] == "FRANCE" {
		lines = lines[:n-1] // nobody writes it on a letter from France
	}
	if len(lines) < 2 {
		return nil, errors.New("il faut au moins un nom et une ville")
	}
	last := len(lines) - 1
	abroad, most, plainFrom := isCountry(lines[last]), maxLines, last-plainLines
	if abroad {
		most, plainFrom = maxAbroad, plainFrom-1
	}
	if len(lines) > most {
		return nil, fmt.Errorf("%d lignes avec le nom, %d au plus", len(lines), most)
	}
	for i := range lines {
		if i > 0 && i > plainFrom {
			lines[i] = plain(lines[i])
		}
		if i == last && !abroad && !town.MatchString(lines[i]) {
			return nil, fmt.Errorf("ligne %d « %s » : il faut un code postal de 5 chiffres et une ville", i+1, lines[i])
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
			return nil, fmt.Errorf("ligne %d « %s » : %d caractères après abréviation, %d au plus", i+1, lines[i], len(short), maxWidth)
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
			return "", fmt.Errorf("caractère de contrôle %U", r)
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return "", fmt.Errorf("%q n’est ni une lettre latine ni un chiffre", r)
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
