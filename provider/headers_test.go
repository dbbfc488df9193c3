package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"loge/provider/config"
	"loge/provider/providertest"
)

// class 12: what keeps script and frames out stands on every answer, whatever
// the route, the method and the outcome.
func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"", "https://connexion.agence.example"} {
		p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) {
			if issuer != "" {
				c.Issuer = issuer
			}
		}})
		unknown := route{"", "/nulle-part", nil}
		for _, r := range append(routes(t, p), unknown) {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
				answer, _ := send(t, method, p.Address+r.path, nil)
				checkHeaders(t, method+" "+r.path, answer, r, issuer != "")
			}
		}
	}
}

func checkHeaders(t *testing.T, what string, answer *http.Response, r route, https bool) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Server":                     "",
		"X-Powered-By":               "",
		"Strict-Transport-Security":  "",
	}
	if https {
		want["Strict-Transport-Security"] = "max-age=31536000"
	}
	for name, value := range want {
		if got := answer.Header.Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
	policy := answer.Header.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'", "style-src 'self'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("%s: Content-Security-Policy %q lacks %s", what, policy, rule)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || len(answer.Header.Values("Content-Security-Policy")) != 1 {
		t.Errorf("%s: Content-Security-Policy %q", what, answer.Header.Values("Content-Security-Policy"))
	}
	// What may be kept: the style sheet and the public documents, when they are
	// the answer.
	keepable := r.template == "/static/{name}" || r.template == "/oauth2/jwks" || strings.HasPrefix(r.template, "/.well-known/")
	if cache := answer.Header.Get("Cache-Control"); cache != "no-store" && !(keepable && answer.StatusCode == http.StatusOK) {
		t.Errorf("%s answers %d with Cache-Control %q", what, answer.StatusCode, cache)
	}
	if len(answer.Header.Get("X-Request-Id")) != 11 {
		t.Errorf("%s: X-Request-Id %q", what, answer.Header.Get("X-Request-Id"))
	}
}

// class 9: both cookies are bound to the host and out of reach of scripts; on a
// loopback issuer over http they do without what browsers would refuse.
func TestCookiesAreBoundToTheHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		issuer, prefix string
		secure         bool
	}{{"", "loge-", false}, {"https://connexion.agence.example", "__Host-", true}} {
		p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) {
			if test.issuer != "" {
				c.Issuer = test.issuer
			}
		}})
		p.Import(odile)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		answer, _ := send(t, "GET", p.Address+"/connexion", nil)
		flow := onlyCookie(t, answer, test.prefix+"flow", test.secure)

		form := values("identifiant", identifier, "mot_de_passe", provisional)
		r, err := http.NewRequestWithContext(t.Context(), "POST", p.Address+"/connexion", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", flow.Name+"="+flow.Value)
		signedIn, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		signedIn.Body.Close()
		session := onlyCookie(t, signedIn, test.prefix+"session", test.secure)
		if session.Value == flow.Value {
			t.Error("one value for both cookies")
		}

		_, page := send(t, "GET", p.Address+"/cookies", nil)
		for _, name := range []string{session.Name, flow.Name} {
			if !strings.Contains(page, ">"+name+"<") {
				t.Errorf("the page about cookies does not name %s", name)
			}
		}

		// A value moved to the other cookie is no value there.
		moved, _ := send(t, "GET", p.Address+"/", http.Header{"Cookie": {session.Name + "=" + flow.Value}})
		if moved.Header.Get("Location") != "/connexion" {
			t.Errorf("the flow cookie's value as a session leads to %q", moved.Header.Get("Location"))
		}
		gone, _ := send(t, "POST", p.Address+"/deconnexion", http.Header{"Cookie": {session.Name + "=" + session.Value}})
		deleted := onlyCookie(t, gone, session.Name, test.secure)
		if deleted.MaxAge >= 0 || deleted.Value != "" {
			t.Errorf("signing out sets %s", deleted)
		}
	}
}

// onlyCookie returns the one cookie that an answer sets and checks what is the
// same for all of them.
func onlyCookie(t *testing.T, answer *http.Response, name string, secure bool) *http.Cookie {
	t.Helper()
	cookies := answer.Cookies()
	if len(cookies) != 1 || cookies[0].Name != name {
		t.Fatalf("the answer (%d) sets %v, want %s", answer.StatusCode, cookies, name)
	}
	c := cookies[0]
	if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge > 0 || !c.Expires.IsZero() {
		t.Errorf("%s has other attributes than a cookie of the host until the browser closes: %s", name, c.Raw)
	}
	return c
}
