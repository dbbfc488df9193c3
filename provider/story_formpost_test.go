package provider_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
)

const onReturn = "Retour vers Loyers"

// An application that wants its answers posted: from the first sign-in to the
// refusal, in a browser without JavaScript, where the person presses a button.
func TestApplicationIsAnsweredByPost(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	ask := func(more ...oauth2.AuthCodeOption) {
		w.partner.Options = append(more, oauth2.SetAuthURLParam("response_mode", "form_post"))
	}
	ask()
	b, page := w.at(onReturn)
	if page.URL.Path != "/oauth2/authorize/suite" || !page.Says("Si Loyers ne s’ouvre pas, appuyez sur Continuer.") || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v says:\n%s", page.URL, page.Header, page.Text())
	}
	if title := providertest.Squeeze(page.Find("title").Text()); title != "Retour vers Loyers – Espace bailleur" {
		t.Errorf("title %q", title)
	}
	expect(t, page.Press("Continuer"), onPartner)
	first := w.partner.Last()
	if first.Err != nil || !first.Posted || first.Issuer != w.URL || first.UserInfo["given_name"] != "Odile" {
		t.Fatalf("the application got %s, posted %v", first, first.Posted)
	}
	// Back to the page and on again: the application knows the code is spent,
	// and a replayed code ends its tokens.
	expect(t, page.Press("Continuer"), onPartner)
	if again := w.partner.Last(); again.Err == nil || !strings.Contains(again.Err.Error(), "invalid_grant") {
		t.Errorf("the same answer twice: %s", again)
	}
	// The page is not kept: loaded again, it says that the request is over.
	expect(t, b.Get(page.URL.String()), onFlowExpired)

	// With a live session, and silently.
	for _, more := range [][]oauth2.AuthCodeOption{nil, {oauth2.SetAuthURLParam("prompt", "none")}} {
		ask(more...)
		page = b.Get(w.partner.URL + "/login")
		expect(t, page, onReturn)
		expect(t, page.Submit(), onPartner)
		if got := w.partner.Last(); got.Err != nil || !got.Posted || got.Claims["sub"] != first.Claims["sub"] {
			t.Errorf("live session: %s", got)
		}
	}
}

// Every error comes by POST as well, with state, iss and nothing more.
func TestErrorsArePosted(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	signedIn := w.activate()
	set := oauth2.SetAuthURLParam
	for _, c := range []struct {
		what, code string
		browser    *providertest.Browser
		options    []oauth2.AuthCodeOption
		refuse     bool
	}{
		{"nobody is signed in", "login_required", w.Browser(), []oauth2.AuthCodeOption{set("prompt", "none")}, false},
		{"too long ago", "login_required", signedIn, []oauth2.AuthCodeOption{set("prompt", "none"), set("max_age", "0")}, false},
		{"no response_type", "invalid_request", signedIn, []oauth2.AuthCodeOption{set("response_type", "")}, false},
		{"request object", "invalid_request_object", signedIn, []oauth2.AuthCodeOption{set("request", "x")}, false},
		{"the person refuses", "access_denied", signedIn, []oauth2.AuthCodeOption{set("prompt", "consent")}, true},
	} {
		w.partner.Options = append(c.options, set("response_mode", "form_post"))
		page := c.browser.Get(w.partner.URL + "/login")
		if c.refuse {
			expect(t, page, onConsent)
			page = page.Press("Refuser")
		}
		expect(t, page, onReturn)
		expect(t, page.Press("Continuer"), onPartner)
		got := w.partner.Last()
		if got.Err != nil || !got.Posted || got.Error != c.code || got.Issuer != w.URL || got.Answer.Has("code") || len(got.Answer) != 4 {
			t.Errorf("%s: %s, answer %v", c.what, got, got.Answer)
		}
	}
}

// The registered address may have a query of its own; the answer does not join it.
func TestPostGoesToTheRegisteredQuery(t *testing.T) {
	p := providertest.New(t)
	p.Import(odile)
	partner := p.Partner(func(n *operator.NewClient) { n.RedirectURIs[0] += "?agence=Val%20d%27or&x=1" })
	partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_mode", "form_post")}
	w := walker{Provider: p, t: t, password: own}
	identifier, provisional := p.Credentials("odile@exemple.fr")
	page := w.walk(p.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onReturn)
	if action := page.Find("form").AttrOr("action", ""); action != partner.OAuth.RedirectURL {
		t.Errorf("the page posts to %q, registered is %q", action, partner.OAuth.RedirectURL)
	}
	page = page.Press("Continuer")
	expect(t, page, onPartner)
	if got := partner.Last(); got.Err != nil || page.URL.Query().Encode() != (url.Values{"agence": {"Val d'or"}, "x": {"1"}}).Encode() {
		t.Errorf("%s, at %s", got, page.URL)
	}
}
