package templates_test

import (
	"bytes"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"testing"

	"loge/templates"
)

// funcs has the names the pages call and does nothing; package web has the
// real ones.
var funcs = func() template.FuncMap {
	m := template.FuncMap{}
	for _, name := range []string{"t", "plain", "links", "told", "tel", "unstop", "duration", "service", "asset", "touched"} {
		m[name] = func(...any) string { return "" }
	}
	m["field"] = func(...any) any {
		return struct {
			Name, Label, Hint, Type, Value, Autocomplete, Inputmode, DescribedBy string
			Required, Narrow, Exact, Password                                    bool
			Errors                                                               []string
		}{}
	}
	return m
}()

func TestEveryFileBecomesAPage(t *testing.T) {
	set, err := templates.Parse(funcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Error(err)
	}
	names, err := fs.Glob(templates.Files(), "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 || len(names) != len(set.Names()) {
		t.Errorf("%d files, %d pages", len(names), len(set.Names()))
	}
	for _, name := range names {
		if !set.Has(strings.TrimSuffix(path.Base(name), ".html")) {
			t.Errorf("%s is no page", name)
		}
	}
}

func TestAFaultIsFound(t *testing.T) {
	fewer := template.FuncMap{}
	for name, f := range funcs {
		if name != "unstop" { // called by pages, not by the layout
			fewer[name] = f
		}
	}
	set, err := templates.Parse(fewer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err == nil || !strings.Contains(err.Error(), "unstop") {
		t.Errorf("a page that calls an unknown function: %v", err)
	}
	if _, err := templates.Parse(nil, nil); err == nil {
		t.Error("a layout without its functions is accepted")
	}
}

func TestAnUnknownPageIsAnError(t *testing.T) {
	set, err := templates.Parse(funcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := set.Execute(&b, "absent", nil); err == nil || set.Has("absent") {
		t.Errorf("error %v", err)
	}
}
