package oauth_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// RFC 6749 §3.1, §3.2: whatever is sent twice is refused, on every way in, and
// even when both say the same; resource alone may repeat (RFC 8707 §2). Where
// the addressee is in doubt a page says so, else the application is told.
func TestNoParameterIsReadTwice(t *testing.T) {
	b := away(t, storagetest.Open(t))
	twice := func(form url.Values, name string) url.Values {
		value := "x"
		if form.Has(name) {
			value = form.Get(name)
		}
		form[name] = []string{value, value}
		return form
	}
	for _, name := range []string{"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "response_mode", "prompt", "max_age", "display",
		"ui_locales", "claims_locales", "id_token_hint", "login_hint", "acr_values", "claims", "code_challenge", "code_challenge_method", "dpop_jkt",
		"request", "request_uri", "registration", "unknown"} {
		query := twice(asks("loyers"), name).Encode()
		posted := httptest.NewRequest("POST", "/oauth2/authorize", strings.NewReader(query))
		posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for how, w := range map[string]*httptest.ResponseRecorder{"GET": b.get("/oauth2/authorize?" + query), "POST": b.do(posted)} {
			if name == "client_id" || name == "redirect_uri" {
				wantRefusal(t, how+" with two "+name, w)
				continue
			}
			got := answered(t, w)
			if got.Get("error") != "invalid_request" || got.Has("code") || got.Get("iss") != issuer || got.Has("state") != (name != "state") {
				t.Errorf("%s with two %s: %d %v", how, name, w.Code, got)
			}
		}
		wantRefused(t, "pushed with two "+name, b.push(t, twice(asks("loyers"), name), "loyers").tokens, 400, "invalid_request")
	}
	for grant, form := range map[string]url.Values{
		"code":    exchange(b.code(t, "loyers")),
		"refresh": refreshes(b.family(t, "loyers").Refresh),
		"device":  {"grant_type": {storage.GrantDevice}, "device_code": {"x"}},
		"own":     credentialsOf(),
	} {
		for _, name := range []string{"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "device_code", "scope", "client_id", "client_secret",
			"client_assertion", "client_assertion_type", "unknown"} {
			changed, err := url.ParseQuery(form.Encode())
			if err != nil {
				t.Fatal(err)
			}
			wantRefused(t, grant+" with two "+name, b.token(t, twice(changed, name), "loyers"), 400, "invalid_request")
		}
		if grant == "code" || grant == "refresh" {
			if got := b.token(t, form, "loyers"); got.status != 200 {
				t.Errorf("%s was used up by a refused request: %+v", grant, got)
			}
		}
	}
	for _, path := range []string{"/oauth2/introspect", "/oauth2/revoke"} {
		for _, name := range []string{"token", "token_type_hint", "client_id"} {
			w := b.postForm(path, twice(url.Values{"token": {"x"}}, name), "loyers")
			if w.Code != 400 || !strings.Contains(w.Body.String(), "invalid_request") {
				t.Errorf("%s with two %s: %d %s", path, name, w.Code, w.Body)
			}
		}
	}
}
