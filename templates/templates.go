package templates

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed layout.html partials pages locales static
var files embed.FS

// Files are the embedded files: locales/ and static/ are read from here.
func Files() fs.FS { return files }

// Set is the parsed pages. Each page is its own set of layout, partials and
// page, so that two pages may both define "main".
type Set struct {
	pages map[string]*template.Template
}

// Parse parses every page with funcs. A fault in any of them is an error at
// start rather than on the day somebody opens the page.
func Parse(funcs template.FuncMap) (*Set, error) {
	base, err := template.New("layout.html").Option("missingkey=error").Funcs(funcs).
		ParseFS(files, "layout.html", "partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse layout: %w", err)
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	set := &Set{pages: make(map[string]*template.Template, len(names))}
	for _, name := range names {
		page, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		if page, err = page.ParseFS(files, name); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		set.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return set, nil
}

// Names returns the pages' names, sorted: "login" for pages/login.html.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.pages)) }

// Has says whether there is a page of that name.
func (s *Set) Has(name string) bool { return s.pages[name] != nil }

// Execute writes one page. After an error w holds part of a page: give it a
// buffer.
func (s *Set) Execute(w io.Writer, name string, data any) error {
	page := s.pages[name]
	if page == nil {
		return fmt.Errorf("no page %q", name)
	}
	if err := page.ExecuteTemplate(w, "layout.html", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return nil
}
