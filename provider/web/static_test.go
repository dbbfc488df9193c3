package web_test

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"loge/provider/config"
	"loge/provider/web"
)

func fetch(t *testing.T, p *web.Pages, method, url string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.Static().ServeHTTP(w, r)
	return w
}

func TestStaticFilesAreKeptForEverByVersion(t *testing.T) {
	p := newPages(t)
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		w := fetch(t, p, "GET", p.Assets.URL(name))
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: got %d %v", name, w.Code, w.Header())
		}
		etag := w.Header().Get("ETag")
		if again := fetch(t, p, "GET", p.Assets.URL(name), "If-None-Match", `"x", W/`+etag); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s again: got %d", name, again.Code)
		}
		if head := fetch(t, p, "HEAD", p.Assets.URL(name)); head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("%s HEAD: got %d", name, head.Code)
		}
		for _, other := range []string{"/static/" + name, "/static/" + name + "?v=0123456789ab"} {
			if w := fetch(t, p, "GET", other); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: got %d %q", other, w.Code, w.Header().Get("Cache-Control"))
			}
		}
	}
	for _, url := range []string{"/static/", "/static/nope.css", "/static/..%2ftemplates.go", "/static/style.css%00"} {
		if w := fetch(t, p, "GET", url); w.Code != 404 {
			t.Errorf("%s: got %d", url, w.Code)
		}
	}
}

func TestStaticFilesAreCompressedOnlyWhenAskedFor(t *testing.T) {
	p := newPages(t)
	plain := fetch(t, p, "GET", p.Assets.URL("style.css"))
	for accept, want := range map[string]string{
		"gzip": "gzip", "br, GZIP;q=0.5": "gzip", "deflate, gzip": "gzip",
		"": "", "br": "", "gzip;q=0": "", "gzip; q=0.000": "", "gzipped": "", "gzip;q=x": "",
	} {
		w := fetch(t, p, "GET", p.Assets.URL("style.css"), "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: got %q, Vary %q", accept, got, w.Header().Get("Vary"))
		}
		if want == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(z)
			if err != nil || string(got) != plain.Body.String() {
				t.Errorf("%q: other content, error %v", accept, err)
			}
			if w.Header().Get("ETag") == plain.Header().Get("ETag") {
				t.Error("both forms have one ETag")
			}
		}
	}
}

func TestOperatorColoursHeadTheStyleSheet(t *testing.T) {
	a, err := web.NewAssets(config.Colours{Main: "#123456", Error: "#ABCDEF"})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := web.NewAssets(config.Colours{})
	if err != nil {
		t.Fatal(err)
	}
	if a.URL("style.css") == ours.URL("style.css") || a.URL("app.js") != ours.URL("app.js") {
		t.Error("the colours must change the version of the style sheet alone")
	}
	p := newPages(t)
	p.Assets = a
	if css := fetch(t, p, "GET", "/static/style.css").Body.String(); !strings.HasPrefix(css, ":root{--main:#123456;--error:#ABCDEF;}\n") {
		t.Errorf("style sheet begins with %q", css[:60])
	}
	for _, c := range []config.Colours{{Main: "red"}, {Error: "#12345"}, {Main: "#123456;}body{"}, {Main: "#12345g"}, {Error: "#123456\n"}} {
		if _, err := web.NewAssets(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
