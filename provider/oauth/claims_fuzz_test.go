package oauth_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"loge/storage/storagetest"
)

// Whatever claims are asked, the request is answered, and what comes is what the
// person lets the client have.
func FuzzClaimsParameter(f *testing.F) {
	b := ready(f, storagetest.Open(f))
	for _, claims := range []string{`{"userinfo":{"name":{"essential":true}}}`, `{"id_token":{"email":{"value":"x"},"acr":{"values":["urn:loge:acr:password"]}}}`,
		`{"userinfo":{"address":null,"siret":{"values":[1,"a",{},[null]]}},"id_token":{"sub":null}}`, `{"id_token":{"name":7}}`, "null", `{"userinfo":[]}`, `{"\u0000":{}}`} {
		f.Add(claims)
	}
	known := []string{"", "login_required", "invalid_request", "unmet_authentication_requirements", "consent_required"}
	f.Fuzz(func(t *testing.T, claims string) {
		r := httptest.NewRequest("GET", "/oauth2/authorize?"+asks("loyers", "scope", "openid", "prompt", "none", "claims", claims).Encode(), nil)
		w := b.do(r)
		got := answered(t, w)
		if w.Code == 400 {
			return // not UTF-8 text
		}
		if got.Has("code") == got.Has("error") || !slices.Contains(known, got.Get("error")) {
			t.Fatalf("%q: %d %v", claims, w.Code, got)
		}
		if !got.Has("code") {
			return
		}
		tokens := b.token(t, exchange(got.Get("code")), "loyers")
		answers, _ := b.userinfo(t, tokens.Access)
		token := idToken(t, tokens.ID)
		if token.Subject == "" || answers["sub"] != token.Subject || answers["address"] != nil || token.all["address"] != nil || token.all["aud"] != "loyers" {
			t.Errorf("%q: ID token %v, userinfo %v", claims, token.all, answers)
		}
	})
}
