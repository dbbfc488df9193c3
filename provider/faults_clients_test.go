package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

// class 15: a registration, its change and its end are whole or nothing. A
// failure takes no use of the invitation, and what it would have changed stays.
func TestFailedWriteFailsTheWholeRegistration(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	db := outside(t, p)
	endpoint := p.URL + "/oauth2/register"
	token := invite(t, p, operator.NewInvitation{})
	good := object{"client_name": "Loyers", "redirect_uris": []string{"https://loyers.example/cb"}}
	wantFailure := func(what string, a providertest.Answer) {
		t.Helper()
		if a.Status != 500 || a.JSON["error"] != "server_error" || a.JSON["client_id"] != nil || a.JSON["registration_access_token"] != nil {
			t.Errorf("%s: %+v", what, a)
		}
	}
	for _, table := range []string{"invitations", "clients", "registrations", "audit", "audit_head"} {
		repair := breakWrites(t, db, table, "ABORT")
		wantFailure("registration while "+table+" cannot be written", message(t, "POST", endpoint, token, good))
		repair()
	}
	a := message(t, "POST", endpoint, token, good)
	uri, _ := a.JSON["registration_client_uri"].(string)
	own, _ := a.JSON["registration_access_token"].(string)
	if a.Status != 201 || uri == "" || own == "" {
		t.Fatalf("registration afterwards: %+v", a)
	}
	for _, altered := range tampered(own) {
		if answer := message(t, "GET", uri, altered, nil); answer.Status != 401 || answer.JSON["client_id"] != nil {
			t.Fatalf("the token %q, which is %q, answers %+v", altered, own, answer)
		}
	}
	for _, table := range []string{"clients", "audit", "audit_head"} {
		repair := breakWrites(t, db, table, "ABORT")
		wantFailure("change while "+table+" cannot be written", message(t, "PUT", uri, own,
			object{"client_id": a.JSON["client_id"], "client_name": "Autre", "redirect_uris": []string{"https://loyers.example/cb"}}))
		wantFailure("end while "+table+" cannot be written", message(t, "DELETE", uri, own, nil))
		repair()
	}
	if read := message(t, "GET", uri, own, nil); read.Status != 200 || read.JSON["client_name"] != "Loyers" {
		t.Errorf("afterwards: %+v", read)
	}
}

// class 15: an access that could not be withdrawn is not told to be.
func TestFailedWriteFailsTheWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	db := outside(t, w.Provider)
	token := w.partner.Last().Token.AccessToken
	form := url.Values{"application": {w.partner.Client.ID}}
	for _, table := range []string{"consents", "grants", "audit", "audit_head"} {
		repair := breakWrites(t, db, table, "ABORT")
		failed(t, "withdrawal while "+table+" cannot be written", b.Post(w.URL+"/compte/applications/retrait", form))
		repair()
		if answer := w.partner.UserInfo(t, w.URL, token); answer.Status != 200 {
			t.Errorf("half withdrawn while %s cannot be written: %+v", table, answer)
		}
	}
	expect(t, b.Post(w.URL+"/compte/applications/retrait", form), onApplications)
	if answer := w.partner.UserInfo(t, w.URL, token); answer.Status != 401 {
		t.Errorf("userinfo after the withdrawal: %+v", answer)
	}
}

// class 3: the addresses that good answers hold are made of the issuer, whatever
// the request says of its host.
func TestForgedHostIsNotInTheAnswersOfTheProtocol(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	partner := p.Partner(func(n *operator.NewClient) { n.GrantTypes = []string{storage.GrantCode, storage.GrantDevice} })
	token := invite(t, p, operator.NewInvitation{})
	registration := `{"client_name":"Loyers","redirect_uris":["https://loyers.example/cb"]}`
	asked := parse(t, partner.OAuth.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))).RawQuery
	for _, c := range []struct {
		path, contentType, body, member, want string
		status                                int
	}{
		{"/oauth2/device", "application/x-www-form-urlencoded", "scope=openid", "verification_uri", p.URL + "/appareil", 200},
		{"/oauth2/par", "application/x-www-form-urlencoded", asked, "request_uri", "urn:ietf:params:oauth:request_uri:", 201},
		{"/oauth2/register", "application/json", registration, "registration_client_uri", p.URL + "/oauth2/register/", 201},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = forgery.Clone()
		r.Host = forged
		r.Header.Set("Content-Type", c.contentType)
		r.SetBasicAuth(url.QueryEscape(partner.Client.ID), url.QueryEscape(partner.Secret))
		if c.path == "/oauth2/register" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer := providertest.Call(t, r)
		if got, _ := answer.JSON[c.member].(string); answer.Status != c.status || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %+v", c.path, answer)
		}
		for name, value := range answer.JSON {
			if text, ok := value.(string); ok && forgedText.MatchString(text) {
				t.Errorf("%s: %s is %q", c.path, name, text)
			}
		}
	}
}
