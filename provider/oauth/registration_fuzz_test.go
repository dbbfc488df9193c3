package oauth_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

// Whatever is registered, the answer is 201 with a client that is within its
// limits, or 400 with an error of RFC 7591; never a 5xx.
func FuzzRegistration(f *testing.F) {
	db := storagetest.Open(f)
	o := newOP(f, db)
	token, hash := secret.NewClientSecret()
	err := db.InTx(f.Context(), func(q *storage.Queries) error {
		return q.CreateInvitation(f.Context(), storage.Invitation{ID: "i", Hash: hash, Scopes: "openid email", UsesLeft: 1 << 60, CreatedBy: "agent:a", CreatedAt: 1, ExpiresAt: 1 << 40})
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{`{"redirect_uris":["https://a.example/"]}`, `{"redirect_uris":["https://a.example/"],"client_name":"A","jwks":{"keys":[{"kty":"EC"}]},"token_endpoint_auth_method":"private_key_jwt"}`,
		`{"redirect_uris":null,"jwks":null,"default_max_age":1,"scope":"openid phone"}`, `{"redirect_uris":["http://[::1]/"],"token_endpoint_auth_method":"none","contacts":["a@b"]}`, `[]`, `{"client_id":"x","ClientMetadata":{}}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "logo_uri") || strings.Contains(body, "sector_identifier_uri") || strings.Contains(body, `\u`) {
			return // nobody is asked here
		}
		r := httptest.NewRequest("POST", "/oauth2/register", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		var answer struct {
			Error   string `json:"error"`
			ID      string `json:"client_id"`
			Scope   string `json:"scope"`
			Consent string `json:"consent"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		switch w.Code {
		case 201:
			if answer.ID == "" || answer.Consent != "ask" || strings.Trim(strings.NewReplacer("openid", "", "email", "").Replace(answer.Scope), " ") != "" {
				t.Errorf("registered %s", w.Body)
			}
			if _, err := db.Client(t.Context(), answer.ID); err != nil {
				t.Errorf("stored: %v", err)
			}
		case 400:
			if answer.Error != "invalid_client_metadata" && answer.Error != "invalid_redirect_uri" {
				t.Errorf("refused with %s", w.Body)
			}
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
