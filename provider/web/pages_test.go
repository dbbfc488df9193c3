package web_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/web"
)

var write = flag.String("write", "", "directory to write every sample page to, with its style sheet, to look at them")

// render shows one view and returns the answer.
func render(t *testing.T, p *web.Pages, v web.View) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Render(w, httptest.NewRequest("GET", "/", nil), v); err != nil {
		t.Fatal(err)
	}
	return w
}

func parse(t *testing.T, html string) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// errorSamples are the error pages, made by their way in.
func errorSamples(p *web.Pages) map[string]http.Handler {
	fails := func(e *web.Error) http.Handler {
		return p.Handle(func(http.ResponseWriter, *http.Request) error { return e })
	}
	return map[string]http.Handler{
		"error-404":   p.NotFound(),
		"error-405":   p.MethodNotAllowed(func(*http.Request) string { return "GET, HEAD" }),
		"error-stale": p.Stale(),
		"error-400":   fails(&web.Error{Status: 400, Message: "error.form"}),
		"error-413":   fails(&web.Error{Status: 413, Message: "error.too_large"}),
		"error-500":   fails(&web.Error{Status: 500, Message: "error.internal"}),
	}
}

// everyPage renders all samples and all error pages.
func everyPage(t *testing.T, p *web.Pages, evil string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, s := range samples(evil) {
		pages[s.name] = render(t, p, s.view).Body.String()
	}
	for name, h := range errorSamples(p) {
		w := httptest.NewRecorder()
		web.WithRequest(h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		pages[name] = w.Body.String()
	}
	return pages
}

func TestEveryPageHasASample(t *testing.T) {
	p := newPages(t)
	shown := map[string]bool{"error": true}
	for _, s := range samples("") {
		shown[s.view.Template] = true
	}
	for _, name := range p.Templates.Names() {
		if !shown[name] {
			t.Errorf("no sample of page %q", name)
		}
	}
}

func TestEveryPage(t *testing.T) {
	p := newPages(t)
	for name, html := range everyPage(t, p, "") {
		t.Run(name, func(t *testing.T) { checkPage(t, html) })
	}
	if *write != "" {
		writePages(t, p)
	}
}

// What stands in a page is never left for whoever comes next.
func TestAPageIsTheSameWhateverWasShownBefore(t *testing.T) {
	used := newPages(t)
	everyPage(t, used, `typed "here"`)
	before, fresh := everyPage(t, used, ""), everyPage(t, newPages(t), "")
	for name, want := range fresh {
		if name == "error-500" {
			continue // names its request
		}
		if before[name] != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, before[name], want)
		}
	}
}

// Whoever is known finds the contact of his account's département; everybody
// else finds the general one and may choose.
func TestContactIsThatOfTheDepartment(t *testing.T) {
	pages := everyPage(t, newPages(t), "")
	for _, name := range []string{"verify", "closing-seul"} {
		if html := pages[name]; !strings.Contains(html, "04 99 00 12 69") || strings.Contains(html, service.Support.Phone) || strings.Contains(html, "Département ") {
			t.Errorf("%s does not name the contact of the département alone:\n%s", name, html)
		}
	}
	for _, name := range []string{"help", "problemtext-contact", "verify-erreur"} {
		if html := pages[name]; !strings.Contains(html, service.Support.Phone) || strings.Contains(html, "Département 69") != (name != "verify-erreur") {
			t.Errorf("%s does not name the general contact, or offers no choice:\n%s", name, html)
		}
	}
}

// TestFirstFormIsTheMainOne holds the promise to the Enter key and to robots:
// the first form's first button goes on.
func TestFirstFormIsTheMainOne(t *testing.T) {
	p := newPages(t)
	pages := everyPage(t, p, "")
	for name, want := range map[string]string{
		"login": "Connexion", "administrator": "Je continue", "details": "Continuer", "email": "Continuer",
		"password": "Enregistrer ce mot de passe", "rules": "Accepter et continuer", "terms": "Accepter et terminer",
		"consent": "Autoriser", "consent-information": "Continuer", "logout": "Me déconnecter", "formpost": "Continuer",
	} {
		got := parse(t, pages[name]).Find("form").First().Find("button:not([type=button])").First().Text()
		if got != want {
			t.Errorf("%s: first button %q, want %q", name, got, want)
		}
	}
}

// writePages writes the samples with working style and script.
func writePages(t *testing.T, p *web.Pages) {
	t.Helper()
	static := regexp.MustCompile(`/static/([a-z.]+)\?v=[0-9a-f]+`)
	for name, html := range everyPage(t, p, "") {
		for _, m := range static.FindAllStringSubmatch(html, -1) {
			w := httptest.NewRecorder()
			p.Static().ServeHTTP(w, httptest.NewRequest("GET", m[0], nil))
			if err := os.WriteFile(filepath.Join(*write, m[1]), w.Body.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		html = static.ReplaceAllString(html, "$1")
		if err := os.WriteFile(filepath.Join(*write, name+".html"), []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
