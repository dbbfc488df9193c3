package oauth_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage/storagetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// openid-provider.md §1: the document is what the code does, at both addresses.
func TestDiscoveryDocument(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	const golden = "testdata/discovery.json"
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		w := o.handlerGet(nil, path)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || !strings.Contains(w.Header().Get("Cache-Control"), "max-age=") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		var got bytes.Buffer // for people: the document itself has no spaces
		if err := json.Indent(&got, w.Body.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-golden +got):\n%s", path, diff)
		}
	}
}

// Every address in the document is answered, and what it says is refused is
// refused.
func TestDiscoveryAgreesWithTheHandlers(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	w := b.handlerGet(nil, "/.well-known/openid-configuration")
	var document map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	for name, value := range document {
		address, ok := value.(string)
		if !ok || name == "issuer" {
			continue
		}
		path, ok := strings.CutPrefix(address, issuer)
		if !ok {
			t.Errorf("%s is %s, not under the issuer", name, address)
			continue
		}
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code == 404 {
			t.Errorf("%s leads nowhere", name)
		}
	}
	for _, scope := range document["scopes_supported"].([]any) {
		if got, _ := b.authorize(t, asks("loyers", "scope", "openid "+scope.(string))); got.Get("code") == "" {
			t.Errorf("scope %s: %v", scope, got)
		}
	}
	for _, prompt := range document["prompt_values_supported"].([]any) {
		if got, _ := b.authorize(t, asks("loyers", "prompt", prompt.(string))); got.Get("error") == "invalid_request" {
			t.Errorf("prompt %s: %v", prompt, got)
		}
	}
	for _, absent := range []string{"request_uri_parameter_supported"} {
		if said, ok := document[absent].(bool); !ok || said {
			t.Errorf("%s is %v, want an explicit false", absent, document[absent])
		}
	}
}
