package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// openid-provider.md §5: client and redirect URI are settled before anything is
// sent anywhere; security-classes.md 4.
func TestRequestWithoutASettledAddresseeGetsAPage(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "off", func(c *storage.Client) { c.DisabledAt = 5 })
	for _, more := range []string{"", "none", "login"} {
		for name, query := range map[string]url.Values{
			"no client":             asks("loyers", "client_id", "-"),
			"unknown client":        asks("nobody"),
			"disabled client":       asks("off"),
			"endless client":        asks(strings.Repeat("x", 4000)),
			"NUL in client":         asks("loyers\x00"),
			"broken UTF-8":          asks("\xff"),
			"no redirect_uri":       asks("loyers", "redirect_uri", "-"),
			"other redirect_uri":    asks("loyers", "redirect_uri", "https://evil.example/"),
			"inner redirect_uri":    asks("loyers", "redirect_uri", "https://evil.example/", "request", "eyJhbGciOiJub25lIn0.e30."),
			"client twice":          {"client_id": {"loyers", "loyers"}, "redirect_uri": {callback}},
			"redirect_uri twice":    {"client_id": {"loyers"}, "redirect_uri": {callback, "https://evil.example/"}},
			"redirect_uri and more": asks("loyers", "redirect_uri", callback+"?x=1"),
		} {
			if more != "" {
				query.Set("prompt", more)
			}
			w := b.get("/oauth2/authorize?" + query.Encode())
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%s, prompt %q: %d %s", name, more, w.Code, w.Header().Get("Location"))
			}
			if ref := w.Header().Get("X-Request-Id"); !strings.Contains(w.Body.String(), ref) || !strings.Contains(b.log.String(), ref) {
				t.Errorf("%s: reference %q is not on the page and in the log", name, ref)
			}
		}
	}
	for _, raw := range []string{"client_id=%zz", strings.Repeat("a=b&", 200), "a;b", strings.Repeat("x", 70<<10)} {
		if w := b.get("/oauth2/authorize?" + raw); w.Code != http.StatusBadRequest {
			t.Errorf("query %.20q: %d", raw, w.Code)
		}
	}
}

// openid-provider.md §5, §3, §13; RFC 9207: every error carries state and iss,
// no code, and plain ASCII.
func TestOtherMistakesAreToldToTheClient(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "plain", func(c *storage.Client) { c.RequirePKCE = false })
	b.client(t, "closed", func(c *storage.Client) { c.Scopes = "email" })
	long := func(n int) string { return strings.Repeat("x", n) }
	plainASCII := regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`)
	for _, c := range []struct {
		name  string
		query url.Values
		code  string
	}{
		{"no response_type", asks("loyers", "response_type", "-"), "invalid_request"},
		{"empty response_type", asks("loyers", "response_type", ""), "invalid_request"},
		{"token", asks("loyers", "response_type", "token"), "unsupported_response_type"},
		{"hybrid", asks("loyers", "response_type", "code id_token"), "unsupported_response_type"},
		{"fragment", asks("loyers", "response_mode", "fragment"), "invalid_request"},
		{"mode twice", with(url.Values{"response_mode": {"form_post", "form_post"}}, "client_id", "loyers", "redirect_uri", callback, "state", "state-1"), "invalid_request"},
		{"mode in capitals", asks("loyers", "response_mode", "FORM_POST"), "invalid_request"},
		{"mode of another specification", asks("loyers", "response_mode", "form_post.jwt"), "invalid_request"},
		{"unknown mode", asks("loyers", "response_mode", "zz"), "invalid_request"},
		{"request", asks("loyers", "request", "x"), "invalid_request_object"},
		{"request without openid", asks("loyers", "request", "x", "scope", "email"), "invalid_request_object"},
		{"request_uri", asks("loyers", "request_uri", "https://loyers.example/r"), "request_uri_not_supported"},
		{"registration", asks("loyers", "registration", "{}"), "registration_not_supported"},
		{"no scope", asks("loyers", "scope", "-"), "invalid_scope"},
		{"scope without openid", asks("loyers", "scope", "email"), "invalid_scope"},
		{"client not allowed openid", asks("closed"), "invalid_scope"},
		{"endless scope", asks("loyers", "scope", "openid "+long(2000)), "invalid_scope"},
		{"no challenge", asks("loyers", "code_challenge", "-", "code_challenge_method", "-"), "invalid_request"},
		{"empty challenge", asks("loyers", "code_challenge", ""), "invalid_request"},
		{"plain", asks("loyers", "code_challenge_method", "plain"), "invalid_request"},
		{"no method, which is plain", asks("loyers", "code_challenge_method", "-"), "invalid_request"},
		{"method in small letters", asks("loyers", "code_challenge_method", "s256"), "invalid_request"},
		{"unknown method", asks("loyers", "code_challenge_method", "S512"), "invalid_request"},
		{"short challenge", asks("loyers", "code_challenge", "abc"), "invalid_request"},
		{"padded challenge", asks("loyers", "code_challenge", challenge("x")+"="), "invalid_request"},
		{"method without challenge", asks("plain", "code_challenge", "-"), "invalid_request"},
		{"unknown prompt", asks("loyers", "prompt", "create"), "invalid_request"},
		{"none and login", asks("loyers", "prompt", "none login"), "invalid_request"},
		{"max_age not a number", asks("loyers", "max_age", "abc"), "invalid_request"},
		{"max_age negative", asks("loyers", "max_age", "-1"), "invalid_request"},
		{"max_age huge", asks("loyers", "max_age", "99999999999999999999"), "invalid_request"},
		{"endless nonce", asks("loyers", "nonce", long(2000)), "invalid_request"},
		{"hint that is nothing", asks("loyers", "id_token_hint", "x.y.z"), "invalid_request"},
		{"endless hint", asks("loyers", "id_token_hint", long(9000)), "invalid_request"},
		{"scope twice", url.Values{"client_id": {"loyers"}, "redirect_uri": {callback}, "state": {"state-1"}, "scope": {"openid", "email"}, `"é\`: {"1", "2"}}, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, w := b.authorize(t, c.query)
			if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), callback+"?") {
				t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
			}
			if got.Get("error") != c.code || got.Get("state") != "state-1" || got.Get("iss") != issuer || got.Has("code") {
				t.Errorf("answer %v, want error %s", got, c.code)
			}
			if !plainASCII.MatchString(got.Get("error_description")) {
				t.Errorf("error_description %q", got.Get("error_description"))
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			got.Del("error_description")
			if len(got) != 3 {
				t.Errorf("more than error, description, state, iss: %v", got)
			}
		})
	}
}

// fosite.md item 19: state is the client's affair.
func TestStateComesBackExactlyOrNotAtAll(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, state := range []string{"-", "a", "xyz", strings.Repeat("aZ9-._~", 40), `é "\<>&+%20;` + "\n", strings.Repeat("s", 2048)} {
		got, w := b.authorize(t, asks("loyers", "state", state))
		if want := strings.TrimPrefix(state, "-"); got.Get("code") == "" || got.Get("state") != want || got.Has("state") != (want != "") {
			t.Errorf("state %.20q came back as %.20q: %d", state, got.Get("state"), w.Code)
		}
		got, _ = b.authorize(t, asks("loyers", "state", state, "response_type", "token"))
		if want := strings.TrimPrefix(state, "-"); got.Get("error") == "" || got.Get("state") != want || got.Has("state") != (want != "") {
			t.Errorf("state %.20q came back from an error as %.20q", state, got.Get("state"))
		}
	}
	if got, _ := b.authorize(t, asks("loyers", "state", strings.Repeat("s", 2049))); got.Get("error") != "invalid_request" {
		t.Errorf("a state longer than we keep: %v", got)
	}
	twice := asks("loyers")
	twice["state"] = []string{"a", "b"}
	if got, _ := b.authorize(t, twice); got.Get("error") != "invalid_request" || got.Has("state") {
		t.Errorf("two states: %v", got)
	}
}

// openid-provider.md §3.
func TestUnknownAndUnsupportedParametersAreIgnored(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	got, w := b.authorize(t, asks("loyers", "display", "popup", "ui_locales", "en xx", "claims_locales", "zz", "acr_values", "urn:x", "claims", `{"userinfo":{"name":{"essential":true}}}`,
		"login_hint", strings.Repeat("x", 5000), "response_mode", "query", "zz", "1", "audience", "b", "prompt", ""))
	if got.Get("code") == "" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
}

// Core §3.1.2.1: what is not known or not allowed is left out, and said.
func TestScopesAreBoundedByTheClientsRegistration(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	code := b.code(t, "loyers", "scope", "email zz address offline_access openid email")
	if got := b.token(t, exchange(code), "loyers"); got.Scope != "email openid" {
		t.Errorf("scope %q, want email and openid", got.Scope)
	}
}

func TestQueryOfTheRegisteredURIIsKept(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	const uri = "https://loyers.example/cb?app=a%20b&app=c+d"
	b.client(t, "query", func(c *storage.Client) { c.RedirectURIs = []string{uri} })
	b.consents(t, "query", "openid email")
	_, w := b.authorize(t, asks("query", "redirect_uri", uri))
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, uri+"&") || !strings.Contains(to, "code=loge_ac_") {
		t.Errorf("Location %s", to)
	}
}

// openid-provider.md §3: POST with a form, whose browser leaves the session
// cookie at home.
func TestPostedRequestIsAskedAgainByGet(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	r := httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader(asks("loyers", "zz", "1").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/oauth2/authorize?") || len(w.Result().Cookies()) != 0 {
		t.Fatalf("%d %s %v", w.Code, to, w.Result().Cookies())
	}
	if got := answered(t, b.get(to)); got.Get("code") == "" || got.Get("state") != "state-1" {
		t.Errorf("answer %v", got)
	}
	r = httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader(asks("loyers", "response_type", "token").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w = httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if got := answered(t, w); got.Get("error") != "unsupported_response_type" {
		t.Errorf("error of a posted request: %d %v", w.Code, got)
	}
	r = httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	w = httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("posted JSON: %d", w.Code)
	}
}

// security-classes.md 3: no answer holds what the request says about our name.
func TestHostHeadersChangeNothing(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, path := range []string{"/.well-known/openid-configuration", "/oauth2/jwks", "/oauth2/authorize?" + asks("loyers").Encode(),
		"/oauth2/authorize?" + asks("loyers", "prompt", "login").Encode(), "/oauth2/authorize?client_id=x", "/oauth2/authorize/suite?demande=x", "/oauth2/userinfo"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "evil.example"
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "Forwarded", "X-Original-Host"} {
			r.Header.Set(name, "evil.example")
		}
		w := b.do(r)
		for name, values := range w.Header() {
			if strings.Contains(strings.Join(values, " "), "evil.example") {
				t.Errorf("%s: header %s: %v", path, name, values)
			}
		}
		if strings.Contains(w.Body.String(), "evil.example") {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

// fosite.md items 25 and 34: nothing is written lazily, nothing is shared. Run
// with -race this is the proof.
func TestManyRequestsAtOnce(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	var wg sync.WaitGroup
	for range 8 {
		tab := &browser{op: b.op, cookies: b.cookies, user: b.user}
		wg.Go(func() {
			for range 5 {
				w := tab.op.handlerGet(tab.cookies, "/oauth2/authorize?"+asks("loyers").Encode())
				got := b.token(t, exchange(answered(t, w).Get("code")), "loyers")
				if claims, w := b.userinfo(t, got.Access); w.Code != 200 || claims["sub"] == "" {
					t.Errorf("userinfo: %d %v", w.Code, claims)
				}
			}
		})
	}
	wg.Wait()
}

// handlerGet asks without keeping cookies, so that many may at once.
func (o *op) handlerGet(cookies map[string]string, address string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", address, nil)
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}
