package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"loge/provider/web"
)

const basePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func TestSecurityHeaders(t *testing.T) {
	for _, from := range []struct{ issuer, hsts string }{{issuer, "max-age=31536000"}, {"http://127.0.0.1:8080", ""}} {
		w := httptest.NewRecorder()
		web.SecurityHeaders(from.issuer)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		for name, want := range map[string]string{
			"Content-Security-Policy":    basePolicy,
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Permissions-Policy":         "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
			"Strict-Transport-Security":  from.hsts,
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", from.issuer, name, got, want)
			}
		}
	}
}

func TestAPageIsNeverStored(t *testing.T) {
	w := render(t, newPages(t), web.View{Template: "help"})
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" ||
		w.Header().Get("Content-Encoding") != "" {
		t.Errorf("headers %v", w.Header())
	}
}

// TestFormActionFollowsTheFlow: Chromium stops a redirect after a POST that
// form-action does not name.
func TestFormActionFollowsTheFlow(t *testing.T) {
	p := newPages(t)
	for redirects, want := range map[string]string{
		"":                                  "form-action 'self';",
		"https://loyers.example/retour?x=1": "form-action 'self' https:;",
		"http://127.0.0.1:9000/retour":      "form-action 'self' http:;",
		"com.example.app:/retour":           "form-action 'self' com.example.app:;",
		"/relative":                         "form-action 'self';",
		"x y:evil; script-src *":            "form-action 'self';",
		"https://a.example/; script-src *":  "form-action 'self' https:;",
		"HTTPS://a.example/":                "form-action 'self' https:;",
		"ex;script-src:/":                   "form-action 'self';",
	} {
		csp := render(t, p, web.View{Template: "help", Redirects: redirects}).Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, want) || strings.Contains(csp, "*") {
			t.Errorf("%q: policy %q, want %q", redirects, csp, want)
		}
	}
}

// TestAPageThatPostsElsewherePostsOnlyThere: to that origin, not to us, and the
// other site learns who posts.
func TestAPageThatPostsElsewherePostsOnlyThere(t *testing.T) {
	p := newPages(t)
	for to, want := range map[string]string{
		"https://loyers.example/retour?x=1":     "https://loyers.example",
		"https://loyers.example:8443/retour":    "https://loyers.example:8443",
		"http://127.0.0.1:9000/retour":          "http://127.0.0.1:9000",
		"http://[::1]:9000/retour":              "http:", // policies have no word for it
		"https://*.example/retour":              "https:",
		"https://a.example;script-src/retour":   "https:",
		"https://a.example,script-src/retour":   "https:",
		"https://u:p@a.example/retour":          "https://a.example",
		"https://a.example/x; script-src *":     "https://a.example",
		"https://a.example:80;script-src *:/xy": "'none'",
		"/relative":                             "'none'",
	} {
		w := render(t, p, web.View{Template: "help", PostsTo: to, Redirects: "https://elsewhere.example/"})
		if got := w.Header().Get("Content-Security-Policy"); got != strings.Replace(basePolicy, "form-action 'self'", "form-action "+want, 1) {
			t.Errorf("%q: policy %q, want form-action %s", to, got, want)
		}
		if got := w.Header().Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("%q: Referrer-Policy %q", to, got)
		}
	}
}

// TestAPageWithATimeLimitMayAskTheServer: its script asks how long is left, and
// no other page's script asks anything.
func TestAPageWithATimeLimitMayAskTheServer(t *testing.T) {
	p := newPages(t)
	if got := render(t, p, web.View{Template: "help"}).Header().Get("Content-Security-Policy"); got != basePolicy {
		t.Errorf("without a limit: policy %q", got)
	}
	w := render(t, p, web.View{Template: "help", TimeLimit: &web.TimeLimit{Left: 1799 * time.Second, Ahead: 2 * time.Minute, Over: "/connexion/expiration?demande=1"}})
	if got := w.Header().Get("Content-Security-Policy"); got != basePolicy+"; connect-src 'self'" {
		t.Errorf("with a limit: policy %q", got)
	}
	dialog := parse(t, w.Body.String()).Find("body > dialog[hidden]")
	for name, want := range map[string]string{"data-left": "1799", "data-ahead": "120", "data-over": "/connexion/expiration?demande=1"} {
		if got := dialog.AttrOr(name, ""); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := dialog.Find("strong").Text(); got != "2\u00a0minutes" {
		t.Errorf("the dialog counts from %q", got)
	}
}

func TestStatusOfAPage(t *testing.T) {
	p := newPages(t)
	for _, tt := range []struct {
		view web.View
		want int
	}{
		{web.View{Template: "help"}, 200},
		{web.View{Template: "help", Status: 403}, 403},
		{web.View{Template: "help", Errors: web.FieldErrors{{Key: "login.error.wrong"}}}, 422},
		{web.View{Template: "help", Errors: web.FieldErrors{{Key: "login.error.wrong"}}, Status: 429}, 429},
	} {
		if got := render(t, p, tt.view).Code; got != tt.want {
			t.Errorf("%+v: got %d, want %d", tt.view, got, tt.want)
		}
	}
}

func TestHeadHasTheHeadersAndNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	if err := newPages(t).Render(w, httptest.NewRequest("HEAD", "/cookies", nil), web.View{Template: "help"}); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("got %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}

func TestAFailingTemplateWritesNothing(t *testing.T) {
	p := newPages(t)
	for _, v := range []web.View{{Template: "absent"}, {Template: "login"}} {
		w := httptest.NewRecorder()
		if err := p.Render(w, httptest.NewRequest("GET", "/", nil), v); err == nil || w.Body.Len() != 0 || len(w.Header()) != 0 {
			t.Errorf("%s: error %v, wrote %q %v", v.Template, err, w.Body, w.Header())
		}
	}
	w := httptest.NewRecorder()
	p.Show("login").ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "Désolé") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestCrossOrigin(t *testing.T) {
	p := newPages(t)
	protect, err := web.CrossOrigin(issuer, p.Stale())
	if err != nil {
		t.Fatal(err)
	}
	h := protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	tests := []struct {
		name, method, host, site, origin string
		want                             int
	}{
		{"same origin", "POST", "connexion.valmont.example", "same-origin", issuer, 204},
		{"behind a proxy that rewrites Host", "POST", "localhost:8080", "", issuer, 204},
		{"no browser", "POST", "connexion.valmont.example", "", "", 204},
		{"sub-domain", "POST", "connexion.valmont.example", "same-site", "https://autre.valmont.example", 403},
		{"other site", "POST", "connexion.valmont.example", "cross-site", "https://evil.example", 403},
		{"other site, old browser", "POST", "connexion.valmont.example", "", "https://evil.example", 403},
		{"null", "POST", "connexion.valmont.example", "", "null", 403},
		{"link from elsewhere", "GET", "connexion.valmont.example", "cross-site", "https://evil.example", 204},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/connexion", nil)
		r.Host = tt.host
		for name, v := range map[string]string{"Sec-Fetch-Site": tt.site, "Origin": tt.origin} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.want)
		}
		if w.Code == 403 {
			d := parse(t, w.Body.String())
			if d.Find("h1").Text() != "Cette page est restée ouverte trop longtemps" || d.Find(`main a[href="/connexion"]`).Length() != 1 {
				t.Errorf("%s: page %q", tt.name, d.Find("main").Text())
			}
		}
	}
	if _, err := web.CrossOrigin("::", nil); err == nil {
		t.Error("an issuer that is no address is accepted")
	}
}
