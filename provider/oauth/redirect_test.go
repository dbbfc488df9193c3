package oauth_test

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

// corpus are addresses on which parsers disagree, beside the registered one.
var corpus = []string{
	"", " " + callback, callback + " ", callback + "/", callback + "?", callback + "#", callback + "#x", callback + "?x=1", callback + "%20",
	"HTTPS://loyers.example/retour", "https://LOYERS.example/retour", "https://loyers.example:443/retour", "https://loyers.example./retour",
	"https://loyers.example/./retour", "https://loyers.example/x/../retour", "https://loyers.example//retour", "https://loyers.example/Retour",
	"https://loyers.example/%72etour", "https://loyers.example/retour%00", "https://loyers.example/retour;x", "https://loyers.example\\retour",
	"https://loyers.example\\@evil.example/retour", "https://loyers.example@evil.example/retour", "https://evil.example@loyers.example/retour",
	"https://a@b@loyers.example/retour", "https://loyers.example%2fretour", "https://loyers.example%2eevil.example/retour", "https:/loyers.example/retour",
	"https:loyers.example/retour", "//loyers.example/retour", "/retour", "https:///loyers.example/retour", "http://loyers.example/retour",
	"https://loyersXexample/retour", "https://loyers.example.evil.example/retour", "https://xn--loyers.example/retour", "https://ｌoyers.example/retour",
	"https://loyers.example/retour\thttps://evil.example", "https://loyers.example/retour\nhttps://evil.example", "ht\ttps://loyers.example/retour",
	"javascript:alert(1)//" + callback, "data:text/html,x", "vbscript:x", "file:///etc/passwd", "com.example.app:/retour",
	"http://127.0.0.1:4000/retour", "http://127.0.0.1/retour", "http://[::1]/retour", "http://[::1]:4000/retour", "http://u:p@127.0.0.1:4000/retour",
	"http://localhost:4000/retour", "http://0.0.0.0/retour", "http://2130706433/retour", "http://127.1/retour", "https://127.0.0.1/retour",
}

// security-classes.md 4, fosite.md item 22: the very bytes that were
// registered, on every way in.
func TestRedirectURIIsComparedByteForByte(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "machine", func(c *storage.Client) {
		c.RedirectURIs = []string{"http://127.0.0.1:3000/retour", "https://127.0.0.1/cb"}
	})
	uris := append([]string{"http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"}, corpus...)
	for _, client := range []string{"loyers", "machine"} {
		for _, uri := range uris {
			for _, prompt := range []string{"", "none", "login"} {
				form := asks(client, "redirect_uri", uri, "prompt", prompt)
				posted := httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader(form.Encode()))
				posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for name, w := range map[string]*httptest.ResponseRecorder{"GET": b.get("/oauth2/authorize?" + form.Encode()), "POST": b.do(posted)} {
					if w.Code != 400 || w.Header().Get("Location") != "" {
						t.Errorf("%s %s %q prompt %q: %d %s", client, name, uri, prompt, w.Code, w.Header().Get("Location"))
					}
				}
			}
			code := b.code(t, "loyers")
			if uri != "" {
				wantRefused(t, "redemption with "+uri, b.token(t, exchange(code, "redirect_uri", uri), "loyers"), 400, "invalid_grant")
			}
		}
	}
}

// What was registered by mistake is not used either.
func TestDangerousRegisteredURIsAreNotUsed(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "wild", func(c *storage.Client) { c.RedirectURIs = append([]string{"https://*.example/cb"}, corpus[1:]...) })
	b.consents(t, "wild", "openid email")
	used := map[string]bool{}
	for _, uri := range append([]string{"https://*.example/cb"}, corpus[1:]...) {
		if got, _ := b.authorize(t, asks("wild", "redirect_uri", uri)); got.Has("code") {
			used[uri] = true
		}
	}
	for uri := range used {
		u, err := url.Parse(uri)
		if err != nil || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" && u.Hostname() != "localhost") {
			t.Errorf("a code went to %q", uri)
		}
	}
	if !used["http://localhost:4000/retour"] || !used["http://[::1]:4000/retour"] || used["javascript:alert(1)//"+callback] {
		t.Errorf("used: %v", used)
	}
}

// RFC 8252 §7.3: an installed application listens at the port it gets, and so it
// asks, is answered, redeems and signs out there. A client with a secret is on a
// server and has one address.
func TestInstalledApplicationsChooseTheirLoopbackPort(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	addresses := []string{"http://127.0.0.1/retour", "http://[::1]:8000/retour?a=1", "https://127.0.0.1/retour", "http://localhost/retour", "https://loyers.example/retour"}
	native := func(c *storage.Client) { c.RedirectURIs, c.PostLogoutRedirectURIs = addresses, addresses }
	b.client(t, "poste", func(c *storage.Client) { native(c); public(c) })
	b.client(t, "serveur", native)
	b.consents(t, "poste", "openid email").consents(t, "serveur", "openid email")
	good := []string{"http://127.0.0.1:51004/retour", "http://127.0.0.1:1/retour", "http://127.0.0.1:65535/retour", "http://127.0.0.1/retour",
		"http://[::1]:49152/retour?a=1", "http://[::1]/retour?a=1"}
	for _, uri := range good {
		got, w := b.authorize(t, asks("poste", "redirect_uri", uri))
		if got.Get("code") == "" || !strings.HasPrefix(w.Header().Get("Location"), uri) {
			t.Errorf("%s: %d %s", uri, w.Code, w.Header().Get("Location"))
			continue
		}
		form := exchange(got.Get("code"), "client_id", "poste", "redirect_uri", uri)
		wantRefused(t, "redemption with the registered port", b.token(t, with(url.Values{}, "grant_type", "authorization_code", "code", got.Get("code"),
			"code_verifier", verifier, "client_id", "poste", "redirect_uri", "http://127.0.0.1:2/retour"), ""), 400, "invalid_grant")
		tokens := b.token(t, form, "")
		if tokens.status != 200 {
			t.Errorf("%s: redemption %+v", uri, tokens)
		}
		denied, w := b.authorize(t, asks("poste", "redirect_uri", uri, "response_type", "token"))
		if denied.Get("error") != "unsupported_response_type" || !strings.HasPrefix(w.Header().Get("Location"), uri) {
			t.Errorf("%s: error %d %s", uri, w.Code, w.Header().Get("Location"))
		}
		left := b.get("/oauth2/logout?" + url.Values{"id_token_hint": {tokens.ID}, "post_logout_redirect_uri": {uri}}.Encode())
		if left.Header().Get("Location") != uri {
			t.Errorf("%s: after the sign-out %d %s", uri, left.Code, left.Header().Get("Location"))
		}
		b.signIn(t)
	}
	for _, uri := range []string{
		"http://127.0.0.1:0/retour", "http://127.0.0.1:65536/retour", "http://127.0.0.1:080/retour", "http://127.0.0.1:/retour", "http://127.0.0.1:+5/retour",
		"http://127.0.0.1:51004/autre", "http://127.0.0.1:51004/retour/", "http://127.0.0.1:51004/retour?a=1", "http://127.0.0.1:51004", "http://127.0.0.1:51004@evil.example/retour",
		"http://127.0.0.1.evil.example/retour", "http://127.0.0.1evil.example/retour", "http://127.0.0.2:51004/retour", "http://[::2]:5/retour?a=1", "http://[0:0:0:0:0:0:0:1]:5/retour?a=1",
		"https://127.0.0.1:51004/retour", "http://localhost:51004/retour", "https://loyers.example:51004/retour", "HTTP://127.0.0.1:51004/retour", "http://127.0.0.1:51004/retour#x",
	} {
		wantRefusal(t, uri, b.get("/oauth2/authorize?"+asks("poste", "redirect_uri", uri).Encode()))
		wantRefusal(t, "silent "+uri, b.get("/oauth2/authorize?"+asks("poste", "redirect_uri", uri, "prompt", "none").Encode()))
	}
	for _, uri := range good {
		if !slices.Contains(addresses, uri) {
			wantRefusal(t, "a client with a secret: "+uri, b.get("/oauth2/authorize?"+asks("serveur", "redirect_uri", uri).Encode()))
		}
	}
}

func FuzzRedirectURI(f *testing.F) {
	for _, uri := range append(corpus, callback) {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !oauth.Redirectable(uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(uri, "\\\t\r\n \x00#") || u.Scheme != "https" && u.Scheme != "http" {
			t.Errorf("%q is taken for an address to redirect to", uri)
		}
	})
}

// Whatever is asked, a public client is answered at the address that it
// registered, but for the port.
func FuzzLoopbackPort(f *testing.F) {
	for _, uri := range append(corpus, "http://127.0.0.1:51004/retour?a=1", "http://127.0.0.1:51004@evil.example/retour?a=1", "http://[::1]:5/r", "http://127.0.0.1:99999/retour?a=1") {
		f.Add(uri)
	}
	c := storage.Client{AuthMethod: storage.AuthNone, RedirectURIs: []string{"http://127.0.0.1/retour?a=1", "http://[::1]:8000/r"}}
	f.Fuzz(func(t *testing.T, uri string) {
		if !oauth.Registered(c, uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || strings.ContainsRune(uri, '#') {
			t.Fatalf("%q is taken for a registered address: %v", uri, err)
		}
		port := u.Port()
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
		if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port) {
			t.Errorf("%q: port %q", uri, port)
		}
		if got := u.String(); got != "http://127.0.0.1/retour?a=1" && got != "http://[::1]/r" {
			t.Errorf("%q is taken for a registered address", uri)
		}
	})
}
