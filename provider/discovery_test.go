package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/operator"
	"loge/provider/providertest"
)

// What discovery promises is what the server's own routes do: each address
// takes the methods of its specification and no others, each grant is known,
// and no grant that is not listed.
func TestDiscoveryIsWhatTheServerDoes(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	invite(t, p, operator.NewInvitation{Life: time.Hour})
	var documents [2]map[string]any
	for i, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		_, text := send(t, "GET", p.URL+path, nil)
		if err := json.Unmarshal([]byte(text), &documents[i]); err != nil {
			t.Fatal(err)
		}
	}
	document := documents[0]
	methods := map[string][]string{
		"authorization_endpoint": {"GET", "POST"}, "token_endpoint": {"POST"}, "userinfo_endpoint": {"GET", "POST"}, "revocation_endpoint": {"POST"},
		"introspection_endpoint": {"POST"}, "device_authorization_endpoint": {"POST"}, "jwks_uri": {"GET"}, "end_session_endpoint": {"GET", "POST"},
		"registration_endpoint": {"POST"}, "pushed_authorization_request_endpoint": {"POST"},
	}
	for name, value := range document {
		address, ok := value.(string)
		if !ok || name == "issuer" {
			continue
		}
		if documents[1][name] != value {
			t.Errorf("%s is %v in one document, %v in the other", name, value, documents[1][name])
		}
		want, known := methods[name]
		if !known || !strings.HasPrefix(address, p.URL+"/") {
			t.Errorf("%s is %s", name, address)
			continue
		}
		delete(methods, name)
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			answer, _ := send(t, method, address, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
			if answer.StatusCode == 404 || (answer.StatusCode == 405) == slices.Contains(want, method) {
				t.Errorf("%s: %s %s answers %d, want methods %v", name, method, address, answer.StatusCode, want)
			}
		}
	}
	for name := range methods {
		t.Errorf("discovery names no %s", name)
	}
	grants := document["grant_types_supported"].([]any)
	for _, grant := range append(slices.Clone(grants), "password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange") {
		r, err := http.NewRequestWithContext(t.Context(), "POST", document["token_endpoint"].(string), strings.NewReader(url.Values{"grant_type": {grant.(string)}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := providertest.Call(t, r); (a.JSON["error"] == "unsupported_grant_type") == slices.Contains(grants, grant) {
			t.Errorf("grant %s: %+v", grant, a)
		}
	}
}
