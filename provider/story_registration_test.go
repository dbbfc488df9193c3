package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// message sends JSON, as registration does; body nil is none.
func message(t *testing.T, method, address, token string, body any) providertest.Answer {
	t.Helper()
	text, isText := body.(string)
	if !isText && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(encoded)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, address, bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return providertest.Call(t, r)
}

func invite(t *testing.T, p *providertest.Provider, n operator.NewInvitation) string {
	t.Helper()
	_, token, err := p.Operator.Invite(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

type object = map[string]any

// An application registers itself with an invitation, signs a person in, reads
// and changes what it registered, and leaves; then all it had is dead.
func TestApplicationRegistersItself(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		if d := message(t, "GET", p.URL+"/.well-known/openid-configuration", "", nil); d.JSON["registration_endpoint"] != nil {
			t.Errorf("registration_endpoint %v without an invitation", d.JSON["registration_endpoint"])
		}
		token := invite(t, p, operator.NewInvitation{Publisher: "la société Loyers"})
		p.Clock.Advance(time.Second)
		endpoint, _ := message(t, "GET", p.URL+"/.well-known/openid-configuration", "", nil).JSON["registration_endpoint"].(string)
		if endpoint != p.URL+"/oauth2/register" {
			t.Fatalf("registration_endpoint %q", endpoint)
		}
		partner := p.Partner(func(n *operator.NewClient) { n.ID = "helper" }) // lends its addresses
		sent := object{"client_name": "Loyers", "redirect_uris": []string{partner.URL + "/callback"}, "grant_types": []string{"authorization_code"}, "response_types": []string{"code"},
			"token_endpoint_auth_method": "client_secret_basic", "contacts": []string{"dev@loyers.example"}, "initiate_login_uri": "https://loyers.example/start",
			"consent": "inform", "require_pkce": false, "access_token_lifetime": 86400, "publisher": "l’État", "unknown": object{"a": 1}}
		answer := message(t, "POST", endpoint, token, sent)
		if answer.Status != 201 || answer.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("registration: %+v", answer)
		}
		for _, name := range []string{"client_name", "token_endpoint_auth_method", "initiate_login_uri"} {
			if answer.JSON[name] != sent[name] {
				t.Errorf("%s came back as %v", name, answer.JSON[name])
			}
		}
		for name, want := range map[string]any{"client_secret_expires_at": 0.0, "consent": "ask", "require_pkce": true, "publisher": "la société Loyers",
			"scope": "openid profile email bailleur", "access_token_lifetime": nil, "unknown": nil} {
			if answer.JSON[name] != want {
				t.Errorf("%s is %v, want %v", name, answer.JSON[name], want)
			}
		}
		id, _ := answer.JSON["client_id"].(string)
		secret, _ := answer.JSON["client_secret"].(string)
		own, _ := answer.JSON["registration_access_token"].(string)
		uri, _ := answer.JSON["registration_client_uri"].(string)
		if len(secret) < 43 || len(own) < 43 || uri != endpoint+"/"+id {
			t.Fatalf("registration: %+v", answer.JSON)
		}
		if again := message(t, "POST", endpoint, token, sent); again.Status != 401 {
			t.Errorf("the same invitation again: %+v", again)
		}

		partner.OAuth.ClientID, partner.OAuth.ClientSecret, partner.Hold = id, secret, true
		partner.OAuth.Scopes = []string{"openid", "profile"}
		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		page := w.walk(b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onConsent)
		expect(t, page.Press("Autoriser"), onPartner)
		partner.Client.ID, partner.Secret = id, secret
		tokens := partner.Redeem(t, p.URL, partner.Last())
		access, _ := tokens.JSON["access_token"].(string)
		if info := partner.UserInfo(t, p.URL, access); info.Status != 200 || info.JSON["given_name"] != "Odile" {
			t.Fatalf("userinfo: %+v", info)
		}

		read := message(t, "GET", uri, own, nil)
		if read.Status != 200 || read.JSON["initiate_login_uri"] != "https://loyers.example/start" || read.JSON["registration_access_token"] != own || read.JSON["client_secret"] != nil {
			t.Errorf("read: %+v", read)
		}
		change := object{"client_id": id, "client_name": "Loyers 2", "redirect_uris": []string{partner.URL + "/callback"}, "client_secret": secret}
		if changed := message(t, "PUT", uri, own, change); changed.Status != 200 || changed.JSON["client_name"] != "Loyers 2" || changed.JSON["contacts"] != nil || changed.JSON["client_secret"] != nil {
			t.Errorf("change: %+v", changed)
		}
		for name, bad := range map[string]object{"another id": {"client_id": "helper"}, "no id": {"client_id": ""}, "its token": {"registration_access_token": own},
			"another secret": {"client_secret": "x"}, "more scopes": {"scope": "openid phone"}, "the secret's end": {"client_secret_expires_at": 0}} {
			body := object{"client_id": id, "client_name": "Loyers", "redirect_uris": []string{partner.URL + "/callback"}}
			for name, value := range bad {
				body[name] = value
			}
			if a := message(t, "PUT", uri, own, body); a.Status != 400 || a.JSON["error"] != "invalid_client_metadata" {
				t.Errorf("change with %s: %+v", name, a)
			}
		}

		if gone := message(t, "DELETE", uri, own, nil); gone.Status != 204 {
			t.Errorf("deletion: %+v", gone)
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if a := message(t, method, uri, own, change); a.Status != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s afterwards: %+v", method, a)
			}
		}
		if info := partner.UserInfo(t, p.URL, access); info.Status != 401 {
			t.Errorf("userinfo afterwards: %+v", info)
		}
	})
}

// class 10 and openid-provider.md §15: what may not be registered, and whose it is.
func TestRegistrationIsRefused(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	endpoint := p.URL + "/oauth2/register"
	good := object{"client_name": "Loyers", "redirect_uris": []string{"https://loyers.example/cb"}}
	for _, token := range []string{"", "wrong"} {
		if a := message(t, "POST", endpoint, token, good); a.Status != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("token %q: %+v", token, a)
		}
	}
	token := invite(t, p, operator.NewInvitation{Uses: 2, Life: time.Hour, Scopes: []string{"email"}})
	with := func(pairs ...any) object {
		body := object{"client_name": "Loyers", "redirect_uris": []string{"https://loyers.example/cb"}}
		for i := 0; i < len(pairs); i += 2 {
			body[pairs[i].(string)] = pairs[i+1]
		}
		return body
	}
	for _, test := range []struct {
		code string
		body any
	}{
		{"invalid_redirect_uri", with("redirect_uris", []string{"https://loyers.example/cb#x"})},
		{"invalid_redirect_uri", with("redirect_uris", []string{})},
		{"invalid_redirect_uri", with("redirect_uris", []string{"http://loyers.example/"})},
		{"invalid_client_metadata", with("initiate_login_uri", "http://loyers.example/start")},
		{"invalid_client_metadata", with("scope", "openid phone")},
		{"invalid_client_metadata", with("grant_types", []string{"client_credentials"})},
		{"invalid_client_metadata", with("response_types", []string{"token"})},
		{"invalid_client_metadata", with("token_endpoint_auth_method", "private_key_jwt")},
		{"invalid_client_metadata", with("jwks", object{"keys": []object{{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}})},
		{"invalid_client_metadata", with("logo_uri", "http://169.254.169.254/latest")},
		{"invalid_client_metadata", with("logo_uri", "https://10.0.0.1/logo.png")},
		{"invalid_client_metadata", with("sector_identifier_uri", "https://127.0.0.2.nip.example/x")},
		{"invalid_client_metadata", with("client_name", 7)},
		{"invalid_client_metadata", with("client_name", "a\x00b")},
		{"invalid_client_metadata", `{`},
		{"invalid_client_metadata", `[]`},
		{"invalid_client_metadata", `{"client_name":"` + strings.Repeat("a", 70<<10) + `"}`},
	} {
		if a := message(t, "POST", endpoint, token, test.body); a.Status != 400 || a.JSON["error"] != test.code {
			t.Errorf("%.120v: %+v, want %s", test.body, a, test.code)
		}
	}
	form, err := http.NewRequestWithContext(t.Context(), "POST", endpoint, strings.NewReader(url.Values{"client_name": {"x"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	form.Header.Set("Authorization", "Bearer "+token)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := providertest.Call(t, form); a.Status != 400 {
		t.Errorf("a form: %+v", a)
	}

	// No refusal took a use. Client B never sees A.
	a, b := message(t, "POST", endpoint, token, good), message(t, "POST", endpoint, token, good)
	if a.Status != 201 || b.Status != 201 || a.JSON["client_id"] == b.JSON["client_id"] {
		t.Fatalf("registrations: %+v, %+v", a, b)
	}
	mine := p.Partner(func(n *operator.NewClient) { n.ID = "mine" })
	tokenOfB, _ := b.JSON["registration_access_token"].(string)
	for _, address := range []string{a.JSON["registration_client_uri"].(string), endpoint + "/" + mine.Client.ID, endpoint + "/nobody"} {
		for _, token := range []string{tokenOfB, token, mine.Secret, ""} {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				if answer := message(t, method, address, token, with("client_id", a.JSON["client_id"])); answer.Status != 401 || answer.JSON["client_id"] != nil {
					t.Errorf("%s %s: %+v", method, address, answer)
				}
			}
		}
	}

	late := invite(t, p, operator.NewInvitation{Life: time.Hour})
	p.Clock.Advance(time.Hour)
	if a := message(t, "POST", endpoint, late, good); a.Status != 401 {
		t.Errorf("at the end of the invitation: %+v", a)
	}
}

// class 2: a single-use invitation that fifty use at once registers one.
func TestInvitationIsUsedOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		token := invite(t, p, operator.NewInvitation{})
		statuses := make(chan int)
		for range 50 {
			go func() {
				statuses <- message(t, "POST", p.URL+"/oauth2/register", token, object{"client_name": "Loyers", "redirect_uris": []string{"https://loyers.example/cb"}}).Status
			}()
		}
		count := map[int]int{}
		for range 50 {
			count[<-statuses]++
		}
		if count[201] != 1 || count[401] != 49 {
			t.Errorf("answers %v, want one 201", count)
		}
		clients, err := p.DB.Clients(t.Context())
		if err != nil || len(clients) != 1 {
			t.Errorf("%d clients, %v", len(clients), err)
		}
		if len(clients) == 1 && clients[0].Consent != storage.ConsentAsk {
			t.Errorf("consent %s", clients[0].Consent)
		}
	})
}
