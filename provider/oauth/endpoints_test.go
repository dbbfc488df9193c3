package oauth_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// post sends a token to an endpoint, as clientID by Basic unless it is empty.
// An empty answer is an empty answer.
func (o *op) post(t testing.TB, path, token, clientID string, pairs ...string) tokens {
	t.Helper()
	w := o.postForm(path, with(url.Values{"token": {token}}, pairs...), clientID)
	got := tokens{status: w.Code, header: w.Header()}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Errorf("%s answers no JSON: %v\n%s", path, err, w.Body)
		}
	}
	return got
}

func (o *op) postForm(path string, form url.Values, clientID string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if clientID != "" {
		r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secretOf))
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

// introspect asks about a token.
func (o *op) introspect(t testing.TB, token, clientID string) map[string]any {
	t.Helper()
	w := o.postForm("/oauth2/introspect", url.Values{"token": {token}}, clientID)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("introspection by %s: %d %s", clientID, w.Code, w.Body)
	}
	return got
}

// inactive checks that an answer says nothing but that.
func inactive(t testing.TB, what string, got map[string]any) {
	t.Helper()
	if len(got) != 1 || got["active"] != false {
		t.Errorf("%s: %v, want {active:false} alone", what, got)
	}
}
