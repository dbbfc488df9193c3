//go:build browser

package browsertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/chromedp/chromedp"
)

// open goes to an address typed in the address bar.
func (v *visitor) open(address string) {
	v.t.Helper()
	v.leave("open "+address, chromedp.Navigate(address))
}

// reload loads the page again.
func (v *visitor) reload() {
	v.t.Helper()
	v.do("reload", chromedp.Reload())
}

// back presses the browser's back button.
func (v *visitor) back() {
	v.t.Helper()
	v.do("go back", chromedp.NavigateBack())
}

// fill types into the form field of that name, in place of what it holds.
func (v *visitor) fill(field, value string) {
	v.t.Helper()
	selector := input(field)
	v.do("fill "+field,
		chromedp.WaitVisible(selector),
		chromedp.Clear(selector),
		chromedp.SendKeys(selector, value),
	)
}

// input is the field of that name that people see.
func input(field string) chromedp.CSS {
	return chromedp.CSS(`main [name="` + field + `"]:not([type=hidden])`)
}

// tick clicks on a checkbox.
func (v *visitor) tick(field string) {
	v.t.Helper()
	v.do("tick "+field, chromedp.Click(input(field)))
}

// follow clicks on the link with that text and waits for its page.
func (v *visitor) follow(text string) {
	v.t.Helper()
	v.leave("follow "+text, chromedp.Click(chromedp.Search(`//a[normalize-space()=`+quoted(text)+`]`)))
}

// press clicks on the button with that text and waits for the next page.
func (v *visitor) press(text string) {
	v.t.Helper()
	v.leave("press "+text, chromedp.Click(chromedp.Search(`//main//button[normalize-space()=`+quoted(text)+`]`)))
}

// quoted writes an XPath string; the texts hold no double quotation marks.
func quoted(text string) string { return `"` + text + `"` }

// title is the page's title.
func (v *visitor) title() string {
	v.t.Helper()
	return get(v, "read title", chromedp.Title())
}

// heading is the text of the page's h1.
func (v *visitor) heading() string {
	v.t.Helper()
	return strings.TrimSpace(v.read("h1"))
}

// read is the text of what the selector finds first, hidden text too.
func (v *visitor) read(selector string) string {
	v.t.Helper()
	return get(v, "read "+selector, chromedp.TextContent(chromedp.CSS(selector)))
}

// value is what a form field holds.
func (v *visitor) value(field string) string {
	v.t.Helper()
	return get(v, "read field "+field, chromedp.Value(input(field)))
}

// on checks that the page is the one with that heading.
func (v *visitor) on(heading string) {
	v.t.Helper()
	if got := v.heading(); got != heading {
		v.t.Fatalf("at %s: the heading is %q, want %q%s", v.address(), got, heading, v.lastSight())
	}
}

// mails looks at the HTML of every e-mail on the page. The mailbox walls it in
// so well that no check could run there: it is served again without the walls.
func (v *visitor) mails() {
	v.t.Helper()
	sources := get(v, "list e-mails", chromedp.Evaluate[[]string](`[...document.querySelectorAll("iframe.html")].map(f => f.src)`))
	if len(sources) == 0 {
		v.t.Errorf("at %s: no e-mail", v.address())
	}
	here := v.address()
	for _, source := range sources {
		response, err := http.Get(source)
		if err != nil {
			v.t.Fatal(err)
		}
		html, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			v.t.Fatalf("read e-mail %s: %s, %v", source, response.Status, err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(html) // the browser tells
		}))
		v.open(server.URL)
		v.look("mail")
		server.Close()
	}
	v.open(here)
}
