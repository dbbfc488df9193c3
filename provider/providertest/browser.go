package providertest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Browser is a person's browser without JavaScript: it keeps cookies, follows
// redirects and fills in forms.
type Browser struct {
	t      testing.TB
	client *http.Client
	Jar    http.CookieJar
	// Header is sent with every request, to forge what a browser cannot.
	Header http.Header
	// Stay has the browser show a redirect instead of following it.
	Stay bool
	// Visited are the addresses of the last navigation, redirects included.
	Visited []*url.URL
}

// NewBrowser returns a browser without any cookie.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, Jar: jar, Header: http.Header{}}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if b.Stay {
			return http.ErrUseLastResponse
		}
		b.Visited = append(b.Visited, r.URL)
		if len(via) > 15 {
			t.Errorf("redirected in a circle: %v", b.Visited)
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

// Page is what the browser shows.
type Page struct {
	*goquery.Document
	browser *Browser
	URL     *url.URL
	Status  int
	Header  http.Header
	Body    []byte
}

// Get opens an address.
func (b *Browser) Get(address string) *Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Do(r)
}

// Post sends a form, as a page of the same site would.
func (b *Browser) Post(address string, form url.Values) *Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// Do sends any request and reads the answer after the last redirect.
func (b *Browser) Do(r *http.Request) *Page {
	b.t.Helper()
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8") // servers tell browsers from programs by it
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	b.Visited = []*url.URL{r.URL}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if bytes.Contains(body, []byte("⟦")) {
		b.t.Errorf("%s shows a text that does not exist:\n%s", r.URL, body)
	}
	document, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return &Page{Document: document, browser: b, URL: answer.Request.URL, Status: answer.StatusCode, Header: answer.Header, Body: body}
}

// Cookie returns the value of the provider's cookie of that kind (session, flow,
// device) that address would be sent, "" for none.
func (b *Browser) Cookie(address, name string) string {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == OverHTTP+name {
			return c.Value
		}
	}
	return ""
}

// OverHTTP begins the names of the provider's cookies where it is not https.
const OverHTTP = "loge-"

// SetCookie gives the browser a cookie of the provider's for address.
func (b *Browser) SetCookie(address, name, value string) {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: OverHTTP + name, Value: value, Path: "/"}})
}

// Submit fills in the page's first form with pairs of name and value and
// presses its first button.
func (p *Page) Submit(pairs ...string) *Page {
	p.browser.t.Helper()
	return p.SubmitForm(p.Find("form").First(), pairs...)
}

// Press submits the form of the button in main whose text is label.
func (p *Page) Press(label string, pairs ...string) *Page {
	p.browser.t.Helper()
	button := p.Find("main button").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.TrimSpace(s.Text()) == label })
	if button.Length() != 1 {
		p.browser.t.Fatalf("%d buttons « %s » on %s:\n%s", button.Length(), label, p.URL, p.Text())
	}
	if name, ok := button.Attr("name"); ok {
		pairs = append(pairs, name, button.AttrOr("value", ""))
	}
	return p.SubmitForm(button.Closest("form"), pairs...)
}

// SubmitForm sends one form with what stands in it and the pairs.
func (p *Page) SubmitForm(form *goquery.Selection, pairs ...string) *Page {
	p.browser.t.Helper()
	if form.Length() != 1 {
		p.browser.t.Fatalf("no form on %s (%d):\n%s", p.URL, p.Status, p.Text())
	}
	values := url.Values{}
	form.Find("input[name]").Each(func(_ int, s *goquery.Selection) {
		kind := s.AttrOr("type", "text")
		if kind == "checkbox" || kind == "radio" {
			if _, checked := s.Attr("checked"); !checked {
				return
			}
		}
		values.Set(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	first := form.Find("button").First()
	if name, ok := first.Attr("name"); ok {
		values.Set(name, first.AttrOr("value", ""))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	target, err := p.URL.Parse(form.AttrOr("action", ""))
	if err != nil {
		p.browser.t.Fatal(err)
	}
	return p.browser.Post(target.String(), values)
}

// H1 is the page's heading, spaces squeezed.
func (p *Page) H1() string { return Squeeze(p.Find("h1").Text()) }

// Says tells whether the page shows the text, spaces squeezed on both sides.
func (p *Page) Says(text string) bool {
	return strings.Contains(Squeeze(p.Find("body").Text()), Squeeze(text))
}

// Squeeze makes one ordinary space of every run of white space, no-break
// spaces included.
func Squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
