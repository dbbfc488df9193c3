package registry

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing to correct in a client.
type Fault struct {
	Field string // of Document, as in its JSON
	Text  string // what is wrong, and what to do
}

func (f Fault) Error() string { return f.Text }

// Faults are all that is to be corrected, in the order of the fields.
type Faults []Fault

// Err is all of them as one error, a line each; nil when there is none.
func (f Faults) Err() error {
	all := make([]error, len(f))
	for i, fault := range f {
		all[i] = fault
	}
	return errors.Join(all...)
}

func (f *Faults) add(field, format string, args ...any) {
	*f = append(*f, Fault{field, fmt.Sprintf(format, args...)})
}

// line wants one line of text of that length.
func (f *Faults) line(field, name, value string, most int) {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		f.add(field, "%s: not one line of text", name)
	case utf8.RuneCountInString(value) > most:
		f.add(field, "%s: more than %d characters", name, most)
	}
}

// shorten makes a value fit into a message.
func shorten(s string) string {
	const most = 60
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
