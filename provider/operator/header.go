package operator

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// column is one of the columns an import file may have.
type column int

const (
	colNumber column = iota
	colKind
	colDepartment
	colCompany
	colSIRET
	colTitle
	colGivenName
	colFamilyName
	colEmail
	colAddress1
	colAddress2
	colAddress3
	colAddress4
	colAddress5
	colAddress6
	colIdentifier
	columnCount
)

var columnNames = [columnCount]string{
	"numero_utilisateur", "type", "departement", "raison_sociale", "siret", "civilite", "prenom", "nom", "email",
	"adresse_1", "adresse_2", "adresse_3", "adresse_4", "adresse_5", "adresse_6", "identifiant",
}

// header says in which cell of a row each column stands.
type header struct {
	position  [columnCount]int // -1: the file does not have it
	columns   int
	separator byte
}

// parseHeader reads the first row: names in any order, whatever their case,
// accents, spaces, hyphens and underscores. Of ; and , the separator is the one
// that occurs more often.
func parseHeader(text string) (header, error) {
	h := header{separator: ';'}
	if strings.Count(text, ",") > strings.Count(text, ";") {
		h.separator = ','
	}
	names, state := split(text, h.separator)
	if state != fine {
		return h, errors.New("header row has a quotation mark without its other end")
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	for i := range h.position {
		h.position[i] = -1
	}
	h.columns = len(names)
	var unknown, twice []string
	for i, name := range names {
		c, known := columnNamed(name)
		switch {
		case !known:
			unknown = append(unknown, fmt.Sprintf("%q", shorten(name)))
		case h.position[c] >= 0:
			twice = append(twice, columnNames[c])
		default:
			h.position[c] = i
		}
	}
	var faults []error
	if len(unknown) > 0 {
		faults = append(faults, fmt.Errorf("unknown column %s: the columns are %s", strings.Join(unknown, ", "), strings.Join(columnNames[:], ", ")))
	}
	if len(twice) > 0 {
		faults = append(faults, fmt.Errorf("column twice: %s", strings.Join(twice, ", ")))
	}
	if missing := h.missing(); len(missing) > 0 {
		faults = append(faults, fmt.Errorf("missing column: %s", strings.Join(missing, ", ")))
	}
	if len(faults) > 0 {
		return h, fmt.Errorf("header row: %w", errors.Join(faults...))
	}
	return h, nil
}

// missing names the columns without which no row could be good: what an
// account is, whom it is for, and one way to reach the person.
func (h header) missing() []string {
	var missing []string
	for _, c := range []column{colNumber, colKind, colDepartment} {
		if h.position[c] < 0 {
			missing = append(missing, columnNames[c])
		}
	}
	if h.position[colFamilyName] < 0 && h.position[colCompany] < 0 {
		missing = append(missing, "nom (or raison_sociale)")
	}
	if h.position[colEmail] < 0 && h.position[colAddress1] < 0 {
		missing = append(missing, "email (or adresse_1 …)")
	}
	return missing
}

// has tells whether the file has the column.
func (h header) has(c column) bool { return h.position[c] >= 0 }

// cell returns what a row has in a column, "" where it has nothing.
func (h header) cell(cells []string, c column) string {
	if i := h.position[c]; i >= 0 && i < len(cells) {
		return cells[i]
	}
	return ""
}

func columnNamed(name string) (column, bool) {
	name = letters(name)
	for c, known := range columnNames {
		if letters(known) == name {
			return column(c), true
		}
	}
	return 0, false
}

// letters keeps letters without accents, in lower case, and digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFD.String(s))
}

// shorten makes a value from the file fit into a message.
func shorten(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '·'
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
