//go:build browser

package browsertest

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"loge/provider/demo"
)

const problem = "/probleme-de-connexion"

// answer gives the answer with that value to a question of « Problème de connexion ».
func (v *visitor) answer(value string) {
	v.t.Helper()
	v.do("choose "+value, chromedp.Click(chromedp.CSS(`main input[name="choix"][value="`+value+`"]`)))
	v.press("Continuer")
}

// path is where the tab is, without the host.
func (v *visitor) path() string {
	v.t.Helper()
	at, err := url.Parse(v.address())
	if err != nil {
		v.t.Fatal(err)
	}
	return at.Path
}

// list evaluates an expression that is a list of texts.
func (v *visitor) list(expression string) []string {
	v.t.Helper()
	return get(v, "read the page", chromedp.Evaluate[[]string](expression))
}

// TestEveryProblem walks « Problème de connexion » like somebody who tries
// everything: each answer of each question, each form, each link. Every page is
// looked at, has one heading, and leads on or says whom to call.
func TestEveryProblem(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range []screen{{320, 640, false}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			d, clock := demonstration(t)
			w := walk{v: visit(t, browser, s, "problem"), d: d, clock: clock, seen: map[string]bool{}}
			w.from(problem)
			if w.pages < 31 || w.ends < 5 {
				t.Errorf("%d pages, %d of them with somebody to call: %v", w.pages, w.ends, w.seen)
			}
		})
	}
}

// walk is a walk through all pages from the first one.
type walk struct {
	v     *visitor
	d     *demo.Demo
	clock *clock
	seen  map[string]bool // addresses
	pages int             // of « Problème de connexion »
	ends  int             // pages with somebody to call and a reference
}

func (w *walk) from(path string) {
	v := w.v
	v.t.Helper()
	if w.seen[path] {
		return
	}
	w.seen[path] = true
	v.open(w.d.Issuer + path)
	if n := len(v.list(`[...document.querySelectorAll("h1")].map(e => e.textContent)`)); n != 1 {
		v.t.Errorf("%s has %d headings", path, n)
	}
	if !strings.HasPrefix(path, problem) {
		return // other tests look at it
	}
	w.pages++
	v.look(strings.TrimPrefix(strings.TrimPrefix(path, problem), "/"))
	if strings.Contains(v.read("main"), "Référence") {
		w.ends++
	}
	answers := v.list(`[...document.querySelectorAll("main input[type=radio]")].map(e => e.value)`)
	links := v.list(`[...document.querySelectorAll("main a[href^='/']")].map(e => e.getAttribute("href"))`)
	form := len(v.list(`[...document.querySelectorAll("main input[name=numero]")].map(e => e.name)`)) > 0
	onward := v.list(`[...document.querySelectorAll("main a[href^='/']")].filter(e => e.textContent !== "Question précédente").map(e => e.getAttribute("href"))`)
	if len(answers)+len(onward) == 0 && !form && !strings.Contains(v.read("main"), "03 53 01 12 34") {
		v.t.Errorf("%s is a dead end", path)
	}
	for _, value := range answers {
		v.open(w.d.Issuer + path)
		v.answer(value)
		w.from(v.path())
	}
	if form {
		w.clock.forward(time.Hour) // each address may ask five times an hour
		v.open(w.d.Issuer + path)
		v.fill("numero", "99039 00001 0001")
		for _, field := range v.list(`[...document.querySelectorAll("main input[name=email], main input[name=code_postal]")].map(e => e.name)`) {
			v.fill(field, map[string]string{"email": "odile.perrin@courriel.example", "code_postal": "39990"}[field])
		}
		v.press(v.read("main form button"))
		w.from(v.path())
	}
	for _, link := range links {
		w.from(link)
	}
}
