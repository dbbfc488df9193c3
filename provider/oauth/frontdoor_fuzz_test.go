package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"loge/storage/storagetest"
)

// arrives checks that a request ends with a page of ours, the sign-in pages, or
// an answer at the registered address; never with a 5xx.
func arrives(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
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
			t.Errorf("%q: %v", what, got)
		}
	default:
		t.Errorf("%q: %d %s", what, w.Code, to)
	}
}

// A request object that nobody vouches for opens nothing, and one that its
// client has signed is read, whatever is in it.
func FuzzRequestObject(f *testing.F) {
	b := signing(f, storagetest.Open(f))
	good := b.object(f, "signe", nil)
	payload, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signObject(f, "ES256", "JWT", "ES256", good), payload)
	f.Add(unsignedObject(f, good), []byte(`{"client_id":"signe","iss":"signe","aud":["`+issuer+`"],"exp":1e9,"max_age":0,"claims":{"id_token":null}}`))
	f.Add("eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.e30.", append([]byte(`{"prompt":"login","resource":["a",5],"request_uri":null,`), payload[1:]...))
	f.Add("a.b.c.d.e", []byte(`{"a":[{"b":null}],"a":1}`))
	f.Add(`{"payload":""}`, []byte("{}{}"))
	f.Fuzz(func(t *testing.T, object string, payload []byte) {
		arrives(t, object, b.get("/oauth2/authorize?"+byObject("signe", object, "redirect_uri", callback).Encode()))
		signed := signObject(t, "EdDSA", "", "", payload)
		w := b.get("/oauth2/authorize?" + byObject("signe", signed).Encode())
		arrives(t, string(payload), w)
		// What was accepted said who, for whom and until when.
		if w.Code != http.StatusBadRequest {
			var said map[string]any
			if err := json.Unmarshal(payload, &said); err != nil || said["client_id"] != "signe" || said["iss"] != "signe" || said["exp"] == nil || said["redirect_uri"] != callback {
				t.Errorf("%q is accepted: %v", payload, err)
			}
		}
	})
}

// Whatever is pushed, the answer is a request_uri that works or an error of the
// protocol, never a 5xx.
func FuzzPushedBody(f *testing.F) {
	b := signing(f, storagetest.Open(f))
	f.Add(asks("loyers").Encode())
	f.Add(asks("loyers", "client_id", "-", "prompt", "login", "claims", `{"userinfo":{"name":null}}`, "max_age", "0", "response_mode", "form_post").Encode())
	f.Add(url.Values{"request": {signObject(f, "ES256", "", "", b.object(f, "loyers", nil))}}.Encode())
	f.Add(asks("loyers", "request_uri", "urn:ietf:params:oauth:request_uri:x").Encode())
	f.Add("client_id=loyers&client_id=x&%zz&;=")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/oauth2/par", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("loyers", secretOf)
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		var got pushed
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if w.Code != http.StatusCreated {
			if !slices.Contains([]int{400, 401, 403}, w.Code) || got.Error == "" || !utf8.ValidString(got.Description) || got.URI != "" {
				t.Errorf("%q: %d %s", body, w.Code, w.Body)
			}
			return
		}
		w = b.get("/oauth2/authorize?" + url.Values{"client_id": {"loyers"}, "request_uri": {got.URI}}.Encode())
		if arrives(t, body, w); w.Code == http.StatusBadRequest {
			t.Errorf("%q was accepted and is not known", body)
		}
	})
}
