package web

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// Field is what the partial "field" shows: label, hint, error and the input
// tied to them by aria-describedby.
type Field struct {
	Name         string
	Label        template.HTML
	Hint         template.HTML
	Type         string // text by default
	Autocomplete string
	Inputmode    string
	Required     bool
	Narrow       bool // a short value: a code
	Exact        bool // no spelling help, no automatic capitals
	Value        string
	Errors       []string
}

// Password says whether the value is never shown again and can be revealed.
func (f Field) Password() bool { return f.Type == "password" }

// DescribedBy is the value of aria-describedby: the ids of hint and error.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-aide")
	}
	if len(f.Errors) > 0 {
		ids = append(ids, f.Name+"-erreur")
	}
	return strings.Join(ids, " ")
}

// newField collects what the page knows of one field. options are pairs;
// the name of an option is that of a member of Field in small letters.
func newField(p *page, name string, options ...any) (Field, error) {
	f := Field{Name: name, Type: "text"}
	if len(options)%2 != 0 {
		return f, fmt.Errorf("field %q: options come in pairs", name)
	}
	for i := 0; i < len(options); i += 2 {
		switch v := options[i+1]; options[i] {
		case "label":
			f.Label, _ = v.(template.HTML)
		case "hint":
			f.Hint, _ = v.(template.HTML)
		case "type":
			f.Type = fmt.Sprint(v)
		case "autocomplete":
			f.Autocomplete = fmt.Sprint(v)
		case "inputmode":
			f.Inputmode = fmt.Sprint(v)
		case "required":
			f.Required, _ = v.(bool)
		case "narrow":
			f.Narrow, _ = v.(bool)
		case "exact":
			f.Exact, _ = v.(bool)
		default:
			return f, fmt.Errorf("field %q: unknown option %v", name, options[i])
		}
	}
	if f.Label == "" {
		return f, fmt.Errorf("field %q: no label", name)
	}
	if !f.Password() {
		f.Value = p.Values.Get(name)
	}
	for _, l := range p.Lines {
		if l.Field == name {
			f.Errors = append(f.Errors, l.Text)
		}
	}
	return f, nil
}

// touched says whether a field differs from what it is on a blank page.
func touched(p *page, name string) bool {
	return p.Values.Get(name) != "" ||
		slices.ContainsFunc(p.Lines, func(l errorLine) bool { return l.Field == name })
}
