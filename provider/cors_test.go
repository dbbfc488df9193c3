package provider_test

import (
	"net/http"
	"slices"
	"testing"

	"loge/provider/providertest"
)

// An application that runs in a browser may redeem its code and read userinfo;
// no page, and no endpoint that looks at a cookie, says so.
func TestBrowserApplicationsReachTheEndpointsTheyCall(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	origin := http.Header{"Origin": {"https://loyers.example"}, "Access-Control-Request-Method": {"POST"}}
	for _, r := range routes(t, p) {
		open := slices.Contains([]string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
			"/oauth2/jwks", "/oauth2/par", "/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"}, r.template)
		if slices.Contains(r.methods, "OPTIONS") != open {
			t.Errorf("%s takes %v", r.template, r.methods)
		}
		for _, method := range r.methods {
			answer, _ := send(t, method, p.URL+r.path, origin)
			if got := answer.Header.Get("Access-Control-Allow-Origin"); (got == "*") != open || !open && got != "" {
				t.Errorf("%s %s allows the origin %q", method, r.path, got)
			}
			if answer.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s allows credentials", method, r.path)
			}
			if method == "OPTIONS" && (answer.StatusCode != 204 || answer.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, DPoP") {
				t.Errorf("preflight of %s: %d %v", r.path, answer.StatusCode, answer.Header)
			}
		}
	}
}
