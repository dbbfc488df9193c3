package oauth_test

import (
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// openid-provider.md §12; fosite.md item 8.
func TestEachClientAuthenticatesItsOneWay(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "post", func(c *storage.Client) { c.AuthMethod = storage.AuthPost })
	b.client(t, "pub", public)
	b.client(t, "éditeur & cie:a", nil) // RFC 6749 §2.3.1: urlencoded before base64
	b.client(t, "off", func(c *storage.Client) { c.DisabledAt = 9 })
	for _, id := range []string{"post", "pub", "éditeur & cie:a"} {
		b.consents(t, id, "openid email")
	}
	basic := func(id, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(password)))
	}
	for _, c := range []struct {
		name   string
		client string // whose code
		header string
		form   []string
		status int
		code   string
	}{
		{"basic", "loyers", basic("loyers", secretOf), nil, 200, ""},
		{"basic, scheme in small letters", "loyers", "basic" + basic("loyers", secretOf)[5:], nil, 200, ""},
		{"basic, id repeated in the body", "loyers", basic("loyers", secretOf), []string{"client_id", "loyers"}, 200, ""},
		{"basic, id with special characters", "éditeur & cie:a", basic("éditeur & cie:a", secretOf), nil, 200, ""},
		{"post", "post", "", []string{"client_id", "post", "client_secret", secretOf}, 200, ""},
		{"none", "pub", "", []string{"client_id", "pub"}, 200, ""},
		{"basic and post", "loyers", basic("loyers", secretOf), []string{"client_id", "loyers", "client_secret", secretOf}, 400, "invalid_request"},
		{"basic and another id", "loyers", basic("loyers", secretOf), []string{"client_id", "post"}, 400, "invalid_request"},
		{"basic client by post", "loyers", "", []string{"client_id", "loyers", "client_secret", secretOf}, 401, "invalid_client"},
		{"post client by basic", "post", basic("post", secretOf), nil, 401, "invalid_client"},
		{"confidential client without secret", "loyers", "", []string{"client_id", "loyers"}, 401, "invalid_client"},
		{"public client with a secret", "pub", "", []string{"client_id", "pub", "client_secret", secretOf}, 401, "invalid_client"},
		{"public client by basic, empty secret", "pub", basic("pub", ""), nil, 401, "invalid_client"},
		{"wrong secret", "loyers", basic("loyers", secretOf[1:]), nil, 401, "invalid_client"},
		{"empty secret", "loyers", basic("loyers", ""), nil, 401, "invalid_client"},
		{"unknown client", "loyers", basic("nobody", secretOf), nil, 401, "invalid_client"},
		{"disabled client", "loyers", basic("off", secretOf), nil, 401, "invalid_client"},
		{"NUL in the id", "loyers", basic("loyers\x00", secretOf), nil, 401, "invalid_client"},
		{"broken UTF-8 in the id", "loyers", basic("\xff", secretOf), nil, 401, "invalid_client"},
		{"endless id", "loyers", basic(strings.Repeat("x", 5000), secretOf), nil, 401, "invalid_client"},
		{"nothing at all", "loyers", "", nil, 401, "invalid_client"},
		{"not base64", "loyers", "Basic !!!", nil, 401, "invalid_client"},
		{"no colon", "loyers", "Basic " + base64.StdEncoding.EncodeToString([]byte("loyers")), nil, 401, "invalid_client"},
		{"not urlencoded", "loyers", "Basic " + base64.StdEncoding.EncodeToString([]byte("loyers:%zz")), nil, 401, "invalid_client"},
		{"bearer", "loyers", "Bearer x", nil, 401, "invalid_client"},
		{"assertion", "loyers", "", []string{"client_assertion", "x", "client_assertion_type", "y"}, 401, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := with(exchange(b.code(t, c.client)), c.form...)
			r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			got := b.send(t, r)
			if got.status != c.status || got.Error != c.code {
				t.Fatalf("%d %q (%s), want %d %q", got.status, got.Error, got.Description, c.status, c.code)
			}
			// fosite.md item 16; RFC 6749 §5.2.
			if www := got.header.Get("WWW-Authenticate"); (got.status == 401) != strings.HasPrefix(www, `Basic realm="`) {
				t.Errorf("%d with WWW-Authenticate %q", got.status, www)
			}
			if got.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
		})
	}
}

// fosite.md items 8 and 9: no slow hash, and the same work whoever asks.
func TestUnknownClientCostsWhatAWrongSecretCosts(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	fastest := func(id string) time.Duration {
		best := time.Hour
		for range 200 {
			r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(exchange("loge_ac_x").Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(id, "wrong")
			start := time.Now()
			got := b.send(t, r)
			best = min(best, time.Since(start))
			wantRefused(t, id, got, 401, "invalid_client")
		}
		return best
	}
	known, unknown := fastest("loyers"), fastest("nobody")
	if known > 5*time.Millisecond || unknown > 5*time.Millisecond {
		t.Errorf("a refusal costs %v for a known client and %v for an unknown one: a slow hash is at work", known, unknown)
	}
}
