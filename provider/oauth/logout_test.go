package oauth_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"loge/storage"
	"loge/storage/storagetest"
)

const afterLogout = "https://loyers.example/fin?from=loge"

// leaver is a person signed in who came from an application that holds an ID
// token of the session.
func leaver(t *testing.T, db *storage.DB) (*browser, string) {
	t.Helper()
	o := newOP(t, db)
	o.client(t, "loyers", func(c *storage.Client) { c.PostLogoutRedirectURIs = []string{afterLogout} })
	o.client(t, "autre", func(c *storage.Client) { c.PostLogoutRedirectURIs = []string{"https://autre.example/fin"} })
	b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email").consents(t, "autre", "openid email")
	return b, b.idToken(t, "loyers")
}

// idToken is one that the client gets in the browser's session.
func (b *browser) idToken(t *testing.T, clientID string) string {
	t.Helper()
	got := b.token(t, exchange(b.code(t, clientID)), clientID)
	if got.status != http.StatusOK {
		t.Fatalf("no tokens: %+v", got)
	}
	return got.ID
}

// logout sends a logout request, GET.
func (b *browser) logout(pairs ...string) *httptest.ResponseRecorder {
	return b.get("/oauth2/logout?" + with(url.Values{}, pairs...).Encode())
}

// press posts the form of the page that asks.
func (b *browser) press(t *testing.T, page *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	t.Helper()
	document, err := goquery.NewDocumentFromReader(bytes.NewReader(page.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	form, values := document.Find("main form").First(), url.Values{}
	form.Find("input").Each(func(_ int, s *goquery.Selection) { values.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	r := httptest.NewRequest("POST", form.AttrOr("action", "/none"), strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// ended tells whether the session is over.
func (b *browser) ended(t *testing.T) bool {
	t.Helper()
	s, err := b.db.Session(t.Context(), b.session.ID)
	if err != nil {
		t.Fatal(err)
	}
	return !s.EndedAt.IsZero()
}

const (
	asksPage  = "Voulez-vous vous déconnecter"
	donePage  = "Vous êtes déconnecté"
	wrongPage = "demande" // of badrequest
)

func wantPage(t *testing.T, what string, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), "<h1>") || !strings.Contains(w.Body.String(), text) {
		t.Errorf("%s: %d, Location %q, want %d and a page of ours with %q:\n%s", what, w.Code, w.Header().Get("Location"), status, text, w.Body)
	}
}

func wantReturn(t *testing.T, what string, w *httptest.ResponseRecorder, address string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != address {
		t.Errorf("%s: %d to %q, want 303 to %q", what, w.Code, w.Header().Get("Location"), address)
	}
}

// openid-provider.md §14.1: hint, registered address, state exactly as sent.
func TestLogoutWithAHintOfTheSessionReturnsAtOnce(t *testing.T) {
	const state = `é"&=+%2F ~._-<script>` + "\u00a0"
	b, hint := leaver(t, storagetest.Open(t))
	token := b.token(t, exchange(b.code(t, "loyers")), "loyers").Access
	w := b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout, "state", state)
	wantReturn(t, "logout", w, afterLogout+"&state="+url.QueryEscape(state))
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || to.Query().Get("state") != state || len(to.Query()) != 2 {
		t.Errorf("the application gets %v, %v; want its own query and the state only", to.Query(), err)
	}
	if !b.ended(t) || b.cookies["__Host-session"] != "" {
		t.Errorf("session ended %v, cookie %q", b.ended(t), b.cookies["__Host-session"])
	}
	// It is really over: nobody is answered from it, its tokens included.
	if got, _ := b.authorize(t, asks("loyers", "prompt", "none")); got.Get("error") != "login_required" {
		t.Errorf("prompt=none afterwards: %v", got)
	}
	if _, w := b.userinfo(t, token); w.Code != http.StatusUnauthorized {
		t.Errorf("userinfo afterwards: %d", w.Code)
	}
	if n := len(b.events(t, "session.ended")); n != 1 {
		t.Errorf("%d events session.ended, want 1", n)
	}
}

func TestLogoutWithoutStateReturnsNone(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	wantReturn(t, "logout", b.logout("id_token_hint", hint, "client_id", "loyers", "post_logout_redirect_uri", afterLogout), afterLogout)
	if !b.ended(t) {
		t.Error("the session goes on")
	}
}

// A POST from the application's site brings no cookies; the GET after it does.
func TestLogoutByPOST(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	post := func(browser *browser, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/oauth2/logout?client_id=autre", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return browser.do(r)
	}
	stranger := &browser{op: b.op, cookies: map[string]string{}}
	form := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout}, "state": {"s 1"}, "logout_hint": {"LOG"}, "ui_locales": {"fr en"}, "x": {"y"}}
	w := post(stranger, form.Encode())
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/oauth2/logout?") {
		t.Fatalf("POST: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if b.ended(t) {
		t.Fatal("the POST ended the session")
	}
	wantReturn(t, "the GET after it", b.get(w.Header().Get("Location")), afterLogout+"&state=s+1")
	wantPage(t, "body of another type", b.do(httptest.NewRequest("POST", "/oauth2/logout", strings.NewReader("{}"))), 400, wrongPage)
	if w := post(b, ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/oauth2/logout" {
		t.Errorf("POST without parameters: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// An address that is not registered to the byte leads nowhere, but who may sign
// out is signed out.
func TestUnregisteredAddressIsNoRedirect(t *testing.T) {
	for _, uri := range []string{"https://loyers.example/fin", afterLogout + "&foo=bar", afterLogout + "?foo=bar", afterLogout + "#x", "https://loyers.example/fin/?from=loge",
		"https://LOYERS.example/fin?from=loge", "https://loyers.example:443/fin?from=loge", "https://loyers.example/x/../fin?from=loge", "https://evil.example/",
		"//loyers.example/fin?from=loge", "https://loyers.example@evil.example/", callback, "https://autre.example/fin", "javascript:alert(1)", " " + afterLogout, "/"} {
		b, hint := leaver(t, storagetest.Open(t))
		w := b.logout("id_token_hint", hint, "post_logout_redirect_uri", uri, "state", "s")
		wantPage(t, uri, w, 200, donePage)
		if !b.ended(t) {
			t.Errorf("%s: the session goes on", uri)
		}
	}
}

// Whatever is registered, the browser is sent to https and loopback only.
func TestRegisteredAddressOfAnotherSchemeIsNoRedirect(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	b.write(t, func(ctx context.Context, q *storage.Queries) error {
		c, err := q.Client(ctx, "loyers")
		if err != nil {
			return err
		}
		c.PostLogoutRedirectURIs = []string{"javascript:alert(1)", "http://loyers.example/"}
		return q.SaveClient(ctx, c)
	})
	wantPage(t, "javascript", b.logout("id_token_hint", hint, "post_logout_redirect_uri", "javascript:alert(1)"), 200, donePage)
	wantPage(t, "http", b.logout("id_token_hint", hint, "post_logout_redirect_uri", "http://loyers.example/"), 200, donePage)
}

func TestLogoutWithoutHintAsksFirst(t *testing.T) {
	b, _ := leaver(t, storagetest.Open(t))
	w := b.logout("client_id", "loyers", "post_logout_redirect_uri", afterLogout, "state", `"><script>`)
	wantPage(t, "asked", w, 200, asksPage)
	if text := w.Body.String(); !strings.Contains(text, "Loyers peut vous garder connecté") || strings.Contains(text, "<script>") {
		t.Errorf("page:\n%s", text)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https:;") {
		t.Errorf("the redirect after the button is refused by %q", policy)
	}
	if b.ended(t) {
		t.Fatal("a GET ended the session")
	}
	wantReturn(t, "after the button", b.press(t, w), afterLogout+"&state=%22%3E%3Cscript%3E")
	if !b.ended(t) {
		t.Error("the button did not end the session")
	}
	wantReturn(t, "pressed twice", b.press(t, w), afterLogout+"&state=%22%3E%3Cscript%3E")
}

func TestNoAddressAtAllStaysHere(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	for name, pairs := range map[string][]string{
		"no parameters": {}, "only state": {"state", "s"}, "address and state, no hint, no client": {"post_logout_redirect_uri", afterLogout, "state", "s"},
		"unknown client": {"client_id", "nobody", "post_logout_redirect_uri", afterLogout}, "client id with NUL": {"client_id", "a\x01", "post_logout_redirect_uri", afterLogout},
		"another client's address": {"client_id", "autre", "post_logout_redirect_uri", afterLogout},
	} {
		w := b.logout(pairs...)
		wantPage(t, name, w, 200, asksPage)
		stranger := &browser{op: b.op, cookies: map[string]string{}}
		wantPage(t, name+", not signed in", stranger.logout(pairs...), 200, donePage)
		if b.ended(t) {
			t.Fatalf("%s ended the session", name)
		}
	}
	wantPage(t, "hint without address", b.logout("id_token_hint", hint), 200, donePage)
	if !b.ended(t) {
		t.Error("the session goes on")
	}
}

// Who is signed out already goes back without a question.
func TestLogoutOfNobodyReturns(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	stranger := &browser{op: b.op, cookies: map[string]string{}}
	wantReturn(t, "hint", stranger.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout, "state", "s"), afterLogout+"&state=s")
	wantReturn(t, "client_id", stranger.logout("client_id", "loyers", "post_logout_redirect_uri", afterLogout), afterLogout)
	if b.ended(t) {
		t.Error("the session of another browser has ended")
	}
}

// A session that only rests is the browser's still: the applications count on it.
func TestLogoutOfAnIdleSession(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	b.advance(2 * time.Hour)
	wantReturn(t, "logout", b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), afterLogout)
	if !b.ended(t) {
		t.Error("the session goes on")
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	for name, query := range map[string]string{
		"client and hint disagree": url.Values{"id_token_hint": {hint}, "client_id": {"autre"}, "post_logout_redirect_uri": {"https://autre.example/fin"}}.Encode(),
		"hint twice":               "id_token_hint=" + hint + "&id_token_hint=" + hint,
		"address twice":            url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {afterLogout, afterLogout}}.Encode(),
		"long state":               url.Values{"id_token_hint": {hint}, "state": {strings.Repeat("s", 3000)}}.Encode(),
		"long hint":                "id_token_hint=" + strings.Repeat("a", 5000),
		"not UTF-8":                "state=%ff", "NUL": "state=%00", "not urlencoded": "state=%zz",
	} {
		wantPage(t, name, b.get("/oauth2/logout?"+query), 400, wrongPage)
		if b.ended(t) {
			t.Fatalf("%s ended the session", name)
		}
	}
}

// A disabled client gets nobody back.
func TestLogoutForADisabledClient(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "loyers", b.at()) })
	wantPage(t, "logout", b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), 200, donePage)
	if !b.ended(t) {
		t.Error("the session goes on")
	}
}

// security-classes.md 15: while storage fails nobody is told to be signed out.
func TestLogoutWhileStorageFails(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b, hint := leaver(t, storagetest.OpenURL(t, address))
		for _, table := range []string{"sessions", "logouts", "audit", "clients"} {
			execute(t, address, "ALTER TABLE "+table+" RENAME TO broken")
			w := b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout)
			execute(t, address, "ALTER TABLE broken RENAME TO "+table)
			if w.Code != http.StatusInternalServerError || b.ended(t) {
				t.Errorf("without %s: %d, ended %v", table, w.Code, b.ended(t))
			}
		}
		wantReturn(t, "afterwards", b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), afterLogout)
	})
}

// OpenID Connect Front-Channel Logout 1.0: the page after the sign-out loads
// what the applications of the session asked for, and nothing else.
func TestApplicationsAreToldInFrames(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b, hint := leaver(t, db)
		frame := func(id, uri string, required bool) {
			b.client(t, id, func(c *storage.Client) {
				c.Name = "Aides <" + id + ">"
				c.Metadata.FrontchannelLogoutURI, c.Metadata.FrontchannelLogoutSessionRequired = uri, required
			})
			b.consents(t, id, "openid email")
		}
		frame("aides", "https://aides.example/fin?a=%22%3E", true)
		frame("dossiers", "https://dossiers.example/fin", false)
		frame("ferme", "https://ferme.example/fin", true)
		frame("ailleurs", "https://ailleurs.example/fin", true) // not signed in to
		for _, id := range []string{"aides", "dossiers", "ferme"} {
			b.code(t, id)
		}
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "ferme", b.at()) })

		w := b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout, "state", "a;b c")
		if w.Code != http.StatusOK || w.Header().Get("Location") != "" {
			t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
		}
		if got, want := w.Header().Get("Refresh"), "3; url="+afterLogout+"&state=a%3Bb+c"; got != want {
			t.Errorf("goes on by %q, want %q", got, want)
		}
		if got, want := w.Header().Get("Content-Security-Policy"), "; frame-src https://aides.example https://dossiers.example"; !strings.HasSuffix(got, want) {
			t.Errorf("policy %q, want it to end with %q", got, want)
		}
		document, err := goquery.NewDocumentFromReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		var frames []string
		document.Find("iframe").Each(func(_ int, s *goquery.Selection) {
			frames = append(frames, s.AttrOr("src", ""))
			if s.AttrOr("title", "") == "" || !s.Is("[hidden]") {
				t.Errorf("frame %s has no title or is seen", s.AttrOr("src", ""))
			}
		})
		want := []string{"https://aides.example/fin?a=%22%3E&iss=" + url.QueryEscape(issuer) + "&sid=" + b.session.ID, "https://dossiers.example/fin"}
		if strings.Join(frames, "\n") != strings.Join(want, "\n") {
			t.Errorf("frames:\n%s\nwant:\n%s", strings.Join(frames, "\n"), strings.Join(want, "\n"))
		}
		if back := document.Find("main a.button").AttrOr("href", ""); back != afterLogout+"&state=a%3Bb+c" {
			t.Errorf("the button leads to %q", back)
		}
		if again := b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout); again.Code != http.StatusSeeOther {
			t.Errorf("a second time: %d", again.Code)
		}
	})
}
