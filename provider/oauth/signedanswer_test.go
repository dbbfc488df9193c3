package oauth_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

// Core §5.3.2 and RFC 9701, with each algorithm.
func TestSignedAnswers(t *testing.T) {
	for _, alg := range oauth.Algorithms() {
		b := away(t, storagetest.Open(t))
		b.client(t, "signe", func(c *storage.Client) {
			offline(c)
			c.Metadata.UserinfoSignedResponseAlg, c.Metadata.IntrospectionSignedResponseAlg = alg, alg
		})
		b.consents(t, "signe", everything+" offline_access")
		got := b.family(t, "signe")
		r := httptest.NewRequest("GET", "/oauth2/userinfo", nil)
		r.Header.Set("Authorization", "Bearer "+got.Access)
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/jwt" || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: userinfo: %d %v %s", alg, w.Code, w.Header(), w.Body)
		}
		b.verified(t, w.Body.String())
		claims := idToken(t, w.Body.String())
		if claims.header["alg"] != alg || claims.header["typ"] != nil || claims.all["iss"] != issuer || claims.all["aud"] != "signe" ||
			claims.all["email"] != b.user.Email || claims.Subject != idToken(t, got.ID).Subject {
			t.Errorf("%s: userinfo %v %v", alg, claims.header, claims.all)
		}
		for token, active := range map[string]bool{got.Access: true, "rubbish": false} {
			w = b.postForm("/oauth2/introspect", url.Values{"token": {token}}, "signe")
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/token-introspection+jwt" || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: introspection: %d %v %s", alg, w.Code, w.Header(), w.Body)
			}
			b.verified(t, w.Body.String())
			answer := idToken(t, w.Body.String())
			found, _ := answer.all["token_introspection"].(map[string]any)
			if answer.header["typ"] != "token-introspection+jwt" || answer.header["alg"] != alg || answer.all["iss"] != issuer || answer.all["aud"] != "signe" ||
				answer.Issued != b.clock.Load() || len(answer.all) != 4 || found["active"] != active || !active && len(found) != 1 {
				t.Errorf("%s: %v %v", alg, answer.header, answer.all)
			}
		}
	}
	b := away(t, storagetest.Open(t))
	got := b.family(t, "loyers")
	for accept, want := range map[string]string{"": "application/json", "application/json": "application/json", "*/*": "application/json",
		"application/token-introspection+jwt": "application/token-introspection+jwt", "text/html, Application/Token-Introspection+JWT;q=0.5": "application/token-introspection+jwt",
		"application/token-introspection+jwt;q=0": "application/json"} {
		r := httptest.NewRequest("POST", "/oauth2/introspect", strings.NewReader(url.Values{"token": {got.Access}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", accept)
		r.SetBasicAuth("loyers", url.QueryEscape(secretOf))
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		if w.Header().Get("Content-Type") != want || want != "application/json" && idToken(t, w.Body.String()).header["alg"] != "RS256" {
			t.Errorf("Accept %q: %d %v %s", accept, w.Code, w.Header(), w.Body)
		}
	}
}
