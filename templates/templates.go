package templates

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed layout.html partials pages locales static
var files embed.FS

// Files are the embedded files: locales/ and static/ are read from here.
func Files() fs.FS { return files }

// Set is the pages. Each page is its own set of layout, partials and page, so
// that two pages may both define "main"; it is made when it is first shown: most
// servers never show most of them.
type Set struct {
	base  *template.Template // layout and partials; never executed, so that it can be cloned
	pages map[string]*page
	blank any
}

type page struct {
	file   string
	once   sync.Once
	parsed *template.Template
	err    error
}

// Parse parses layout and partials with funcs, and finds the pages. The same
// arguments must get the same answer of each function each time. blank is the
// data of a page on which nothing is typed and nothing is wrong, and funcs must
// have touched, which says of the data and a field's name whether that is so.
func Parse(funcs template.FuncMap, blank any) (*Set, error) {
	base, err := template.New("layout.html").Option("missingkey=error").Funcs(funcs).
		ParseFS(files, "layout.html", "partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse layout: %w", err)
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	set := &Set{base: base, pages: make(map[string]*page, len(names)), blank: blank}
	for _, name := range names {
		set.pages[strings.TrimSuffix(path.Base(name), ".html")] = &page{file: name}
	}
	return set, nil
}

// Check parses every page. The files are those that the program was built with:
// it is for tests.
func (s *Set) Check() error {
	var errs []error
	for _, name := range s.Names() {
		_, err := s.page(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *Set) page(name string) (*template.Template, error) {
	p := s.pages[name]
	if p == nil {
		return nil, fmt.Errorf("no page %q", name)
	}
	p.once.Do(func() {
		if p.parsed, p.err = s.base.Clone(); p.err == nil {
			p.parsed, p.err = p.parsed.ParseFS(files, p.file)
		}
		if p.err == nil {
			p.err = fold(p.parsed, s.blank)
		}
	})
	if p.err != nil {
		return nil, fmt.Errorf("parse %s: %w", p.file, p.err)
	}
	return p.parsed, nil
}

// Names returns the pages' names, sorted: "login" for pages/login.html.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.pages)) }

// Has says whether there is a page of that name.
func (s *Set) Has(name string) bool { return s.pages[name] != nil }

// Execute writes one page. After an error w holds part of a page: give it a
// buffer.
func (s *Set) Execute(w io.Writer, name string, data any) error {
	page, err := s.page(name)
	if err != nil {
		return err
	}
	if err := page.ExecuteTemplate(w, "layout.html", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return nil
}
