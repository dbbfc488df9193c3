package oauth_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

func decode(t testing.TB, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
}

// RFC 9126 §2: clients authenticate as at the token endpoint, by keys too.
func TestPushingWithKeysAndCertificates(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	k, own, strange := newClientKey(t, "ES256", ""), b.issue(t, nil, nil), b.issue(t, nil, nil)
	people := func(method string) func(*storage.Client) {
		return func(c *storage.Client) {
			c.AuthMethod, c.Scopes, c.GrantTypes, c.RedirectURIs = method, "openid email", "", []string{callback}
		}
	}
	b.keyed(t, "cle", people(storage.AuthPrivateKeyJWT), k)
	b.keyed(t, "carte", people(storage.AuthSelfSignedTLS), own.key)
	b.consents(t, "cle", "openid email").consents(t, "carte", "openid email")
	signs := func(form url.Values, k clientKey, change map[string]any) url.Values {
		return with(form, "client_assertion_type", assertionType, "client_assertion", k.sign(t, b.asserts("cle", change), nil))
	}
	b.shows(strange)
	_, refused := b.pushWith(t, asks("carte"), "")
	wantRefused(t, "another certificate", refused, 401, "invalid_client")
	_, refused = b.pushWith(t, signs(asks("cle"), newClientKey(t, "ES256", ""), nil), "")
	wantRefused(t, "another key", refused, 401, "invalid_client")
	_, refused = b.pushWith(t, signs(asks("carte"), k, nil), "")
	wantRefused(t, "client_id of another client", refused, 400, "invalid_request")
	b.shows(own)
	_, refused = b.pushWith(t, asks("cle"), "")
	wantRefused(t, "a certificate for who has keys", refused, 401, "invalid_client")
	for id, c := range map[string]struct{ push, redeem func(url.Values) url.Values }{
		"cle": {func(f url.Values) url.Values { return signs(f, k, map[string]any{"aud": issuer + "/oauth2/par"}) },
			func(f url.Values) url.Values { return signs(f, k, nil) }},
		"carte": {func(f url.Values) url.Values { return f }, func(f url.Values) url.Values { return with(f, "client_id", "carte") }},
	} {
		uri, answer := b.pushWith(t, c.push(asks(id)), "")
		if answer.status != 201 {
			t.Errorf("%s: %+v", id, answer)
			continue
		}
		got, w := b.authorize(t, url.Values{"client_id": {id}, "request_uri": {uri}})
		if got.Get("code") == "" {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
			continue
		}
		if got := b.token(t, c.redeem(exchange(got.Get("code"))), ""); got.status != 200 {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

// The client is the one that has authenticated, in the signed request too.
func TestPushedObjectOfAnotherClientIsRefused(t *testing.T) {
	b := signing(t, storagetest.Open(t))
	b.client(t, "autre", signsObjects)
	for name, change := range map[string]map[string]any{
		"its own":          nil,
		"client_id inside": {"client_id": "autre"},
		"iss inside":       {"iss": "autre"},
		"both inside":      {"client_id": "autre", "iss": "autre"},
	} {
		object := signObject(t, "ES256", "", "ES256", b.object(t, "signe", change))
		switch uri, answer := b.pushWith(t, byObject("signe", object), "signe"); {
		case change == nil && uri == "":
			t.Errorf("%s: %+v", name, answer)
		case change != nil:
			wantRefused(t, name, answer, 400, "invalid_request_object")
		}
	}
	object := signObject(t, "ES256", "", "ES256", b.object(t, "autre", nil))
	_, answer := b.pushWith(t, byObject("autre", object), "signe")
	wantRefused(t, "client_id beside it", answer, 400, "invalid_request")
	_, answer = b.pushWith(t, byObject("signe", object), "signe")
	wantRefused(t, "all of another client's", answer, 400, "invalid_request_object")
}

// RFC 8707 §2.1 at the pushed request endpoint.
func TestPushedResources(t *testing.T) {
	b := resourceWorld(t, storagetest.Open(t), nil)
	form := asks("vers")
	form["resource"] = []string{"https://baux.example/api", "https://compta.example/"}
	uri, answer := b.pushWith(t, form, "vers")
	if uri == "" {
		t.Fatalf("%+v", answer)
	}
	got, _ := b.authorize(t, url.Values{"client_id": {"vers"}, "request_uri": {uri}, "resource": {"https://autre.example/"}})
	token := b.token(t, exchange(got.Get("code")), "vers")
	if diff := cmp.Diff(any([]any{"https://baux.example/api", "https://compta.example/"}), idToken(t, token.Access).all["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
	_, answer = b.pushWith(t, with(asks("vers"), "resource", "https://autre.example/"), "vers")
	wantRefused(t, "a resource that the client may not call", answer, 400, "invalid_target")
}

// A device's tokens have their client's lifetimes and form, and the resource
// that is asked for with them.
func TestDevicesGetJWTsOfTheirOwn(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := resourceWorld(t, db, nil)
		b.client(t, "borne", func(c *storage.Client) {
			device(c)
			c.IDTokenAlg, c.Audiences = "ES256", "baux compta"
			m := &c.Metadata
			m.AccessTokenFormat, m.AccessTokenLifetime, m.IDTokenLifetime, m.RefreshIdleLifetime = storage.FormatJWT, 120, 60, 600
		})
		b.consents(t, "borne", offlineScope)
		d := b.waits(t, "borne")
		flow, _ := b.types(t, d.UserCode)
		b.agrees(t, flow)
		form := url.Values{"grant_type": {storage.GrantDevice}, "device_code": {d.Code}}
		wantRefused(t, "a resource that the client may not call", b.token(t, with(form, "resource", "https://autre.example/"), "borne"), 400, "invalid_target")
		got := b.token(t, with(form, "resource", "https://compta.example/"), "borne")
		if got.status != 200 || got.ExpiresIn != 120.0 {
			t.Fatalf("%+v", got)
		}
		b.verified(t, got.Access)
		access, id := idToken(t, got.Access), idToken(t, got.ID)
		if access.all["aud"] != "https://compta.example/" || access.all["client_id"] != "borne" || access.all["exp"].(float64)-float64(access.Issued) != 120 {
			t.Errorf("access token: %v", access.all)
		}
		if id.all["exp"].(float64)-float64(id.Issued) != 60 {
			t.Errorf("ID token: %v", id.all)
		}
		if found := b.introspect(t, got.Refresh, "borne"); found["exp"].(float64)-found["iat"].(float64) != 600 {
			t.Errorf("refresh token: %v", found)
		}
		if seen, not := b.introspect(t, got.Access, "compta"), b.introspect(t, got.Access, "baux"); seen["active"] != true || not["active"] != false {
			t.Errorf("resource servers see %v, %v", seen, not)
		}

		// What the device asked for at first bounds its tokens (RFC 8707 §2.2).
		query := url.Values{"scope": {offlineScope}, "resource": {"https://autre.example/"}}
		if w := b.postForm("/oauth2/device", query, "borne"); w.Code != 400 || !strings.Contains(w.Body.String(), "invalid_target") {
			t.Errorf("a device asks for a resource that the client may not call: %d %s", w.Code, w.Body)
		}
		d = b.waits(t, "borne", "resource", "https://compta.example/")
		flow, _ = b.types(t, d.UserCode)
		b.agrees(t, flow)
		form = url.Values{"grant_type": {storage.GrantDevice}, "device_code": {d.Code}}
		wantRefused(t, "another resource than at first", b.token(t, with(form, "resource", "urn:loge:baux"), "borne"), 400, "invalid_target")
		got = b.token(t, with(form, "resource", "-"), "borne")
		if got.status != 200 || idToken(t, got.Access).all["aud"] != "https://compta.example/" {
			t.Errorf("the resource asked for at first: %+v", got)
		}
		wantRefused(t, "another one at refresh", b.token(t, refreshes(got.Refresh, "resource", "urn:loge:baux"), "borne"), 400, "invalid_target")
		if next := b.token(t, refreshes(got.Refresh), "borne"); idToken(t, next.Access).all["aud"] != "https://compta.example/" {
			t.Errorf("refreshed: %+v", next)
		}
	})
}
