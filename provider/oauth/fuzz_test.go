package oauth_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"loge/provider/oauth"
	"loge/storage/storagetest"
)

// Whatever is asked, the answer is a page of ours, the sign-in pages, or the
// registered address; never a 5xx.
func FuzzAuthorizeParameters(f *testing.F) {
	b := ready(f, storagetest.Open(f))
	f.Add(asks("loyers").Encode())
	for _, pairs := range [][]string{{"prompt", "none login"}, {"max_age", "0"}, {"scope", "openid zz"}, {"request", "x"}, {"id_token_hint", "eyJhbGciOiJSUzI1NiJ9.e30.x"},
		{"state", "\x00"}, {"code_challenge", "x"}, {"response_mode", "form_post"}, {"redirect_uri", "https://evil.example"}} {
		f.Add(asks("loyers", pairs...).Encode())
	}
	f.Add("client_id=loyers&client_id=x")
	f.Add("%zz&;=")
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := http.NewRequest("GET", "/oauth2/authorize?"+query, nil); err != nil {
			return // no server would read it
		}
		r := httptest.NewRequest("GET", "/oauth2/authorize", nil)
		r.URL.RawQuery = query
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		switch {
		case w.Code == http.StatusBadRequest && to == "":
		case w.Code == http.StatusSeeOther && strings.HasPrefix(to, "/connexion/suite?demande="):
		case w.Code == http.StatusOK || strings.HasPrefix(to, callback+"?"):
			got := answered(t, w)
			if w.Code == http.StatusOK {
				got = posted(t, w, callback)
			}
			if got.Get("iss") != issuer || got.Has("code") == got.Has("error") || got.Get("error") == "server_error" {
				t.Errorf("%q: %v", query, got)
			}
		default:
			t.Errorf("%q: %d %s", query, w.Code, to)
		}
	})
}

func FuzzBasicHeader(f *testing.F) {
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("loyers:secret")))
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("a%20b:c%3Ad:e")))
	f.Add("basic   eA==")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		id, password, ok := oauth.ParseBasic(header)
		if !ok {
			return
		}
		again := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(password)))
		if id2, password2, ok := oauth.ParseBasic(again); id == "" || !ok || id2 != id || password2 != password {
			t.Errorf("%q gives %q and %q, which come back as %q and %q", header, id, password, id2, password2)
		}
	})
}

// Any body at the token endpoint gives a protocol error, never a 5xx.
func FuzzTokenBody(f *testing.F) {
	b := ready(f, storagetest.Open(f))
	f.Add(exchange(b.code(f, "loyers")).Encode())
	f.Add("grant_type=authorization_code&code=x&redirect_uri=y&client_id=%ff")
	f.Add("a&b;c%zz")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got := b.send(t, r)
		if got.status != 400 && got.status != 401 || got.Error == "" || !utf8.ValidString(got.Description) {
			t.Errorf("%q: %d %q", body, got.status, got.Error)
		}
	})
}
