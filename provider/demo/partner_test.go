package demo

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// browser keeps cookies and follows no redirect.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask is one request; it returns the answer's status and Location.
func ask(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}

func TestPartnerAsksWithPKCEStateAndNonce(t *testing.T) {
	d := start(t, Options{})
	defer d.Stop()
	_, location := ask(t, browser(t), d.Partner+"/connexion")
	at, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(location, d.Issuer+"/oauth2/authorize?") {
		t.Errorf("sent to %s, want the provider's authorization endpoint", location)
	}
	query := at.Query()
	for _, name := range []string{"state", "nonce", "code_challenge", "client_id"} {
		if query.Get(name) == "" {
			t.Errorf("authorization request has no %s: %s", name, location)
		}
	}
	if got := query.Get("code_challenge_method"); got != "S256" {
		t.Errorf("code_challenge_method is %q, want S256", got)
	}
}

func TestPartnerRefusesForeignAndUsedState(t *testing.T) {
	d := start(t, Options{})
	defer d.Stop()
	mine, stranger := browser(t), browser(t)
	_, location := ask(t, mine, d.Partner+"/connexion")
	at, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	denied := d.Partner + "/retour?error=access_denied&state=" + url.QueryEscape(at.Query().Get("state"))
	if status, _ := ask(t, stranger, denied); status != http.StatusBadRequest {
		t.Errorf("state of another browser: status %d, want 400", status)
	}
	if status, _ := ask(t, mine, denied); status != http.StatusForbidden {
		t.Errorf("refusal to share: status %d, want 403", status)
	}
	if status, _ := ask(t, mine, denied); status != http.StatusBadRequest {
		t.Errorf("state used a second time: status %d, want 400", status)
	}
	if status, _ := ask(t, mine, d.Partner+"/retour"); status != http.StatusBadRequest {
		t.Errorf("no state at all: status %d, want 400", status)
	}
}

func TestMailboxKeepsToItsFolders(t *testing.T) {
	d := start(t, Options{})
	defer d.Stop()
	for _, path := range []string{"/message/..%2Floge", "/courrier/..%2Floge.db", "/courrier/secret", "/courrier/..%2F..%2Fetc%2Fpasswd", "/personne", "/adresse?a=x"} {
		if status, _ := ask(t, browser(t), d.Mailbox+path); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, status)
		}
	}
}
