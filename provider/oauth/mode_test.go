package oauth_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"loge/storage"
	"loge/storage/storagetest"
)

// posted returns what the page in the answer posts to the address, by script or
// by its button, and checks all that such a page must be.
func posted(t testing.TB, w *httptest.ResponseRecorder, address string) url.Values {
	t.Helper()
	h := w.Header()
	if w.Code != http.StatusOK || h.Get("Location") != "" || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("answer %d %v, want a page", w.Code, h)
	}
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action "+to.Scheme+"://"+to.Host+";") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy %q", policy)
	}
	d, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	form := d.Find("form")
	if form.Length() != 1 || form.AttrOr("action", "") != address || form.AttrOr("method", "") != "post" || form.Find("button:not([type])").Length() != 1 ||
		d.Find("form[data-send]").Length() != 1 || d.Find("script").Length() != 1 {
		t.Errorf("%d forms, the last to %q, want one to %q with a button", form.Length(), form.AttrOr("action", ""), address)
	}
	got := url.Values{}
	form.Find("input").Each(func(_ int, field *goquery.Selection) {
		if field.AttrOr("type", "") != "hidden" {
			t.Errorf("a field of type %q", field.AttrOr("type", ""))
		}
		got.Add(field.AttrOr("name", ""), field.AttrOr("value", ""))
	})
	return got
}

func (b *browser) posts(t testing.TB, clientID string, pairs ...string) url.Values {
	t.Helper()
	return posted(t, b.get("/oauth2/authorize?"+asks(clientID, append([]string{"response_mode", "form_post"}, pairs...)...).Encode()), callback)
}

// openid-provider.md §6: the code comes by POST and is as good as any.
func TestFormPostBringsTheCode(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	got := b.posts(t, "loyers")
	code := got.Get("code")
	if want := (url.Values{"code": {code}, "state": {"state-1"}, "iss": {issuer}}); got.Encode() != want.Encode() || code == "" {
		t.Fatalf("the page posts %v", got)
	}
	if claims := idToken(t, b.token(t, exchange(code), "loyers").ID); claims.Subject == "" {
		t.Errorf("claims %+v", claims)
	}
	// A reload is a new request with a new code; the page is never kept.
	if again := b.posts(t, "loyers"); again.Get("code") == "" || again.Get("code") == code {
		t.Errorf("after a reload: %v", again)
	}
	if got := b.posts(t, "loyers", "prompt", "none"); got.Get("code") == "" {
		t.Errorf("prompt=none: %v", got)
	}
	if got := b.posts(t, "loyers", "state", "-"); got.Get("code") == "" || got.Has("state") {
		t.Errorf("without state: %v", got)
	}
}

// openid-provider.md §6: errors too, and nothing in an address.
func TestFormPostBringsErrors(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, c := range []struct {
		code  string
		pairs []string
	}{
		{"invalid_request", []string{"response_type", "-"}},
		{"unsupported_response_type", []string{"response_type", "token"}},
		{"invalid_request_object", []string{"request", "x"}},
		{"request_uri_not_supported", []string{"request_uri", "https://loyers.example/r"}},
		{"registration_not_supported", []string{"registration", "{}"}},
		{"invalid_scope", []string{"scope", "email"}},
		{"invalid_request", []string{"code_challenge", "-", "code_challenge_method", "-"}},
		{"invalid_request", []string{"prompt", "none login"}},
		{"invalid_request", []string{"max_age", "x"}},
		{"invalid_request", []string{"id_token_hint", "x.y.z"}},
		{"login_required", []string{"prompt", "none", "max_age", "0"}},
	} {
		got := b.posts(t, "loyers", c.pairs...)
		wantError(t, strings.Join(c.pairs, " "), got, c.code)
		if got.Get("error_description") == "" || len(got) != 4 {
			t.Errorf("%v: posts %v", c.pairs, got)
		}
	}
	for what, state := range map[string]string{"state too long": strings.Repeat("s", 2049), "state with a line break": "a\nb", "state with CR": "a\rb"} {
		if got := b.posts(t, "loyers", "state", state); got.Get("error") != "invalid_request" || got.Has("state") || got.Has("code") {
			t.Errorf("%s: %v", what, got)
		}
	}
	stranger := b.person(t, nil)
	wantError(t, "nobody signed in", stranger.posts(t, "loyers", "prompt", "none"), "login_required")
	stranger.signIn(t)
	wantError(t, "no consent", stranger.posts(t, "loyers", "prompt", "none"), "consent_required")
	b.Pending = func(context.Context, *storage.Visitor, storage.Flow) (string, error) { return "/connexion/suite", nil }
	wantError(t, "terms to accept", b.posts(t, "loyers", "prompt", "none"), "interaction_required")
}

func TestFormPostBringsOurOwnTrouble(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		execute(t, address, "ALTER TABLE codes RENAME TO broken")
		if got := b.posts(t, "loyers"); got.Get("error") != "server_error" || len(got) != 3 {
			t.Errorf("posts %v", got)
		}
	})
}

// A mistake in the addressee stays a page of ours that posts nothing.
func TestFormPostNeedsASettledAddressee(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	for _, query := range []url.Values{asks("nobody"), asks("loyers", "redirect_uri", "https://evil.example/"), asks("loyers", "redirect_uri", callback+"?x=1")} {
		query.Set("response_mode", "form_post")
		if w := b.get("/oauth2/authorize?" + query.Encode()); w.Code != 400 || strings.Contains(w.Body.String(), "<form") {
			t.Errorf("%v: %d %s", query, w.Code, w.Body)
		}
	}
}

// The mode lasts through the sign-in pages and through a posted request.
func TestModeLastsUntilTheAnswer(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		ask := func(mode string) string {
			return flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", "prompt", "consent", "response_mode", mode).Encode()))
		}
		suite := func(flow string) *httptest.ResponseRecorder { return b.get("/oauth2/authorize/suite?demande=" + flow) }
		flow := ask("form_post")
		b.consentsIn(t)(flow)
		if got := posted(t, suite(flow), callback); got.Get("code") == "" || got.Get("state") != "state-1" {
			t.Errorf("after consent: %v", got)
		}
		// A reload of that page: the request is finished, and the sign-in pages say so.
		if w := suite(flow); w.Code != 303 || w.Header().Get("Location") != "/connexion/suite?demande="+flow {
			t.Errorf("after a reload: %d %s", w.Code, w.Header().Get("Location"))
		}
		flow = ask("form_post")
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowDenied(ctx, flow, b.at()) })
		wantError(t, "the person refuses", posted(t, suite(flow), callback), "access_denied")
		flow = ask("query")
		b.consentsIn(t)(flow)
		if got := answered(t, suite(flow)); got.Get("code") == "" {
			t.Errorf("query: %v", got)
		}
	})
	b := ready(t, storagetest.Open(t))
	for pair, code := range map[string]string{"": "", "token": "unsupported_response_type"} {
		form := asks("loyers", "response_mode", "form_post")
		if pair != "" {
			form.Set("response_type", pair)
		}
		r := httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := b.do(r)
		if code == "" {
			w = b.get(w.Header().Get("Location"))
		}
		if got := posted(t, w, callback); got.Get("error") != code || got.Has("code") == (code != "") {
			t.Errorf("posted request: %v", got)
		}
	}
}

// security-classes.md 12: whatever the state, the error or the application's
// name hold, the page is the same and the value comes back as it was.
func TestFormPostEscapes(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	tags := func(name, state string) (shape string) {
		w := b.get("/oauth2/authorize?" + asks(name, "response_mode", "form_post", "state", state).Encode())
		body := w.Body.String()
		if got := posted(t, w, callback); got.Get("state") != state || got.Get("code") == "" {
			t.Errorf("state %q comes back as %q", state, got.Get("state"))
		}
		d, err := goquery.NewDocumentFromReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		d.Find("*").Each(func(_ int, e *goquery.Selection) {
			shape += goquery.NodeName(e)
			for _, a := range e.Nodes[0].Attr {
				shape += " " + a.Key
			}
			shape += "\n"
		})
		return shape
	}
	benign := tags("loyers", "state-1")
	for i, evil := range []string{
		`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `" onfocus="alert(1)" autofocus="`, "`onmouseover=alert(1)",
		`</form></title></textarea></style></script><svg/onload=alert(1)>`, `javascript:alert(1)`, `{{.Data}} **x** <!-- ]]>`, `&lt;b&gt;&quot;&#34;`,
		`é ß 汉 🦔 ` + "\u202e\u00a0", ` a  b + %20 ; & = `, "\t", strings.Repeat("aZ9-._~", 40), `"><input name=code value=x>`,
	} {
		if got := tags("loyers", evil); got != benign {
			t.Errorf("state %q changed the page", evil)
		}
		if name := strings.TrimSpace(evil); name != "" {
			id := "evil" + string(rune('a'+i))
			b.client(t, id, func(c *storage.Client) { c.Name = name })
			b.consents(t, id, "openid email")
			if got := tags(id, evil); got != benign {
				t.Errorf("name %q changed the page", name)
			}
		}
	}
}

// The query of a registered URI is kept in every mode.
func TestModesKeepTheQueryOfTheRegisteredURI(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	const uri = "https://loyers.example/cb?app=a%20b&app=c+d"
	b.client(t, "query", func(c *storage.Client) { public(c); c.RedirectURIs = []string{uri} })
	b.consents(t, "query", "openid email")
	if got := posted(t, b.get("/oauth2/authorize?"+asks("query", "redirect_uri", uri, "response_mode", "form_post").Encode()), uri); got.Get("code") == "" || got.Has("app") {
		t.Errorf("posts %v", got)
	}
	if to := b.get("/oauth2/authorize?" + asks("query", "redirect_uri", uri, "response_mode", "fragment").Encode()).Header().Get("Location"); !strings.HasPrefix(to, uri+"#code=loge_ac_") {
		t.Errorf("Location %s", to)
	}
}

// The fragment is for applications in the browser; nothing of the answer is
// in the query then, and the other clients are refused in it.
func TestFragmentIsForPublicClients(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "page", public)
	b.consents(t, "page", "openid email")
	fragment := func(pairs ...string) url.Values {
		t.Helper()
		w := b.get("/oauth2/authorize?" + asks("page", append(pairs, "response_mode", "fragment")...).Encode())
		path, text, found := strings.Cut(w.Header().Get("Location"), "#")
		got, err := url.ParseQuery(text)
		if w.Code != http.StatusSeeOther || path != callback || !found || err != nil || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		return got
	}
	got := fragment("state", "é &#+")
	if got.Get("state") != "é &#+" || got.Get("iss") != issuer || len(got) != 3 {
		t.Errorf("fragment %v", got)
	}
	if again := b.token(t, exchange(got.Get("code"), "client_id", "page"), ""); again.status != 200 {
		t.Errorf("redemption: %+v", again)
	}
	wantError(t, "prompt=none", fragment("prompt", "none", "max_age", "0"), "login_required")
	wantError(t, "no challenge", fragment("code_challenge", "-", "code_challenge_method", "-"), "invalid_request")
	refused, _ := b.authorize(t, asks("loyers", "response_mode", "fragment"))
	wantError(t, "a confidential client", refused, "invalid_request")
}

// openid-provider.md §1: each published mode brings a code.
func TestDiscoveryNamesTheModes(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "page", public)
	b.consents(t, "page", "openid email")
	for mode, ways := range map[string]func(*httptest.ResponseRecorder) bool{
		"query":     func(w *httptest.ResponseRecorder) bool { return strings.Contains(w.Header().Get("Location"), "?code=") },
		"fragment":  func(w *httptest.ResponseRecorder) bool { return strings.Contains(w.Header().Get("Location"), "#code=") },
		"form_post": func(w *httptest.ResponseRecorder) bool { return posted(t, w, callback).Has("code") },
	} {
		if w := b.get("/oauth2/authorize?" + asks("page", "response_mode", mode).Encode()); !ways(w) {
			t.Errorf("%s: %d %v", mode, w.Code, maps.Collect(maps.All(w.Header())))
		}
	}
}
