package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/web"
)

// payloads are tried in every place where a page echoes something.
var payloads = []string{
	`"><script>alert(1)</script>`,
	`'><img src=x onerror=alert(1)>`,
	`</title></textarea></style></script><svg/onload=alert(1)>`,
	`" onfocus="alert(1)" autofocus="`,
	`' onmouseover='alert(1)`,
	"`onmouseover=alert(1)",
	`javascript:alert(1)`,
	`data:text/html,<script>alert(1)</script>`,
	`{{.Service}} {organisme} **gras** <!-- x --> ]]>`,
	"\u202e\u0000\r\nSet-Cookie: x=y",
	`&lt;script&gt;alert(1)&lt;/script&gt;`,
}

// skeleton is the tags and attribute names of a page: what a value must never
// change.
func skeleton(d *goquery.Document) string {
	var b strings.Builder
	d.Find("*").Each(func(_ int, e *goquery.Selection) {
		b.WriteString(goquery.NodeName(e))
		for _, a := range e.Nodes[0].Attr {
			b.WriteString(" " + a.Key)
		}
		b.WriteByte('\n')
	})
	return b.String()
}

func TestNoValueBecomesMarkup(t *testing.T) {
	p := newPages(t)
	benign := everyPage(t, p, "inoffensif")
	for _, evil := range payloads {
		for name, html := range everyPage(t, p, evil) {
			d := parse(t, html)
			if got, want := skeleton(d), skeleton(parse(t, benign[name])); got != want {
				t.Errorf("%s: %q changed the page's elements", name, evil)
			}
			d.Find("[href], [src], [action]").Each(func(_ int, e *goquery.Selection) {
				for _, a := range []string{"href", "src", "action"} {
					if u, err := url.Parse(e.AttrOr(a, "")); err != nil || u.Scheme == "javascript" || u.Scheme == "data" {
						t.Errorf("%s: %q made %s=%q", name, evil, a, e.AttrOr(a, ""))
					}
				}
			})
		}
	}
}

func TestAnApplicationsPolicyCannotBeAScript(t *testing.T) {
	p := newPages(t)
	for _, s := range samples("") {
		if s.name != "consent" {
			continue
		}
		for _, uri := range []string{"javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:alert(1)"} {
			html := render(t, p, web.View{Template: "consent", TitleVars: []string{"application", "A"}, Data: struct {
				Flow, Application, Publisher, Purpose, PolicyURI string
				Items                                            []string
				Inform, Ready                                    bool
				Identifier, Offline, UserCode                    string
				TOSURI, Logo                                     string
			}{PolicyURI: uri, TOSURI: uri}}).Body.String()
			if strings.Contains(strings.ToLower(html), "alert(1)") || strings.Contains(html, "data:text") {
				t.Errorf("policy %q reached the page", uri)
			}
		}
	}
}
