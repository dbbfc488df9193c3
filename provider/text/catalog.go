package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Catalog holds every text of one language and the variables that have the
// same value everywhere. It never changes after Load and With, so it may be
// used from several goroutines.
type Catalog struct {
	texts map[string]string
	bound map[string]string
}

// Span is a piece of a text. Strong pieces stood between ** marks: they are
// shown in bold, or become the link of the sentence.
type Span struct {
	Text   string
	Strong bool
}

// Load reads locales/fr*.json and merges the files. A key that stands twice,
// in one file or in two, is an error: which of them wins would be an accident.
func Load(files fs.FS) (*Catalog, error) {
	names, err := fs.Glob(files, "locales/fr*.json")
	if err != nil {
		return nil, fmt.Errorf("list texts: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("list texts: no file locales/fr*.json")
	}
	c := &Catalog{texts: map[string]string{}, bound: map[string]string{}}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		if err := c.add(data); err != nil {
			return nil, fmt.Errorf("read texts: %s: %w", name, err)
		}
	}
	return c, nil
}

// add reads one flat JSON object token by token, because decoding into a map
// would let the second of two equal keys win in silence.
func (c *Catalog) add(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return fmt.Errorf("want an object, got %v", t)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string) // the decoder has checked that a key is a string
		value, err := d.Token()
		if err != nil {
			return err
		}
		sentence, ok := value.(string)
		if !ok {
			return fmt.Errorf("%q: want a string, got %v", name, value)
		}
		if _, twice := c.texts[name]; twice {
			return fmt.Errorf("%q stands twice", name)
		}
		c.texts[name] = sentence
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

// With returns a catalog in which vars are already filled in, for the names
// the operator chose: nom_service, organisme, support_mail and the like. At
// the start of a sentence such a value gets a capital, so that « l’Agence »
// reads well everywhere.
func (c *Catalog) With(vars map[string]string) *Catalog {
	bound := maps.Clone(c.bound)
	maps.Copy(bound, vars)
	return &Catalog{texts: c.texts, bound: bound}
}

// Has says whether key exists.
func (c *Catalog) Has(key string) bool {
	_, ok := c.texts[key]
	return ok
}

// Keys returns all keys, sorted.
func (c *Catalog) Keys() []string { return slices.Sorted(maps.Keys(c.texts)) }

// Raw returns the text as it stands in the file, with its variables and marks.
func (c *Catalog) Raw(key string) string { return c.texts[key] }

// Get returns the text of key with its variables filled in, without ** marks.
// vars are pairs of name and value. An unknown key and a variable without a
// value are bugs: the answer is then "⟦key⟧", which no test lets through.
func (c *Catalog) Get(key string, vars ...string) string {
	var b strings.Builder
	for _, s := range c.Spans(key, vars...) {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Spans is Get in pieces, cut at the ** marks. The marks are those of the
// text alone: a value that holds ** keeps it as it is.
func (c *Catalog) Spans(key string, vars ...string) []Span {
	raw, ok := c.texts[key]
	if !ok || len(vars)%2 != 0 {
		return missing(key)
	}
	var spans []Span
	for i, piece := range strings.Split(raw, "**") {
		atStart := i == 0
		if n := len(spans); n > 0 {
			atStart = endsSentence(spans[n-1].Text)
		}
		filled, ok := c.fill(piece, atStart, vars)
		if !ok {
			return missing(key)
		}
		if filled != "" {
			spans = append(spans, Span{Text: filled, Strong: i%2 == 1})
		}
	}
	return spans
}

func missing(key string) []Span { return []Span{{Text: "⟦" + key + "⟧"}} }

// fill replaces every {name} of piece; false when one has no value.
func (c *Catalog) fill(piece string, atStart bool, vars []string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(piece, "{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", false
		}
		value, ok := lookup(vars, name)
		if !ok {
			if value, ok = c.bound[name]; !ok {
				return "", false
			}
			if (b.Len() == 0 && atStart) || endsSentence(b.String()) {
				value = capital(value)
			}
		}
		b.WriteString(value)
		piece = after
	}
}

func lookup(vars []string, name string) (string, bool) {
	for i := 0; i < len(vars); i += 2 {
		if vars[i] == name {
			return vars[i+1], true
		}
	}
	return "", false
}

func endsSentence(s string) bool {
	return strings.HasSuffix(s, ". ") || strings.HasSuffix(s, "? ") || strings.HasSuffix(s, "! ")
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if strings.ContainsRune(s, '@') || r == utf8.RuneError {
		return s // an address is written as it is
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
