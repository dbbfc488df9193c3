package web_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"loge/templates"
)

// sources returns the templates and the Go code of the binary, tests apart.
func sources(t *testing.T) (pages, code string) {
	t.Helper()
	var html, goCode bytes.Buffer
	err := fs.WalkDir(templates.Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		data, err := fs.ReadFile(templates.Files(), name)
		html.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := os.ReadFile(name)
		goCode.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return html.String(), goCode.String()
}

func pageTexts(t *testing.T) map[string]string {
	t.Helper()
	data, err := fs.ReadFile(templates.Files(), "locales/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestEveryTextIsUsed: a key counts as used when it, or its beginning up to
// one of its dots, stands as a string in a template or in Go code
// (« "document." .Data.Kind », Message: "error.not_found"), or when it is the
// title of a page.
func TestEveryTextIsUsed(t *testing.T) {
	pages, code := sources(t)
	all := pages + code
	p := newPages(t)
	for key := range pageTexts(t) {
		if name, ok := strings.CutPrefix(key, "title."); ok && p.Templates.Has(name) {
			continue
		}
		if !used(all, key) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

func used(all, key string) bool {
	if strings.Contains(all, `"`+key+`"`) {
		return true
	}
	parts := strings.Split(key, ".")
	for n := len(parts) - 1; n > 0; n-- {
		prefix := strings.Join(parts[:n], ".")
		if n > 1 && strings.Contains(all, `"`+prefix+`"`) || strings.Contains(all, `"`+prefix+`."`) {
			return true
		}
	}
	return false
}

var keyInCode = regexp.MustCompile(`(?:Key|Title|Message):\s*"([a-z_]+\.[a-z0-9_.]+)"|FieldError\{"[a-z_]*", "([a-z0-9_.]+)"`)

func TestEveryKeyInTheCodeExists(t *testing.T) {
	_, code := sources(t)
	texts := newPages(t).Texts
	found := 0
	for _, m := range keyInCode.FindAllStringSubmatch(code, -1) {
		found++
		key := m[1] + m[2]
		if strings.HasSuffix(key, ".") {
			continue // the beginning of a key that the code completes
		}
		if !texts.Has(key) && !(texts.Has(key+".h1") && texts.Has(key+".text")) {
			t.Errorf("text %q does not exist", key)
		}
	}
	if found == 0 {
		t.Error("no key found in the code: the pattern no longer fits it")
	}
}

var keyInTemplate = regexp.MustCompile(`(?:\bt|plain|links) "([^"]+)"`)

func TestEveryKeyInATemplateExists(t *testing.T) {
	pages, _ := sources(t)
	texts := newPages(t).Texts
	for _, m := range keyInTemplate.FindAllStringSubmatch(pages, -1) {
		if !texts.Has(m[1]) {
			t.Errorf("text %q does not exist", m[1])
		}
	}
}
