package provider_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const onApplications = "Applications autorisées"

// Whoever withdraws an access has everything of that application dead at once,
// and nothing of another one; next time the person is asked again.
func TestWithdrawnApplicationSeesNothingAtOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) { n.Scopes = append(n.Scopes, "offline_access") })
		other := p.Partner(func(n *operator.NewClient) { n.ID, n.Consent = "autre", storage.ConsentInform })
		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		page := w.walk(b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onConsent)
		expect(t, page.Press("Autoriser"), onPartner)
		expect(t, b.Get(other.URL+"/login").Press("Continuer"), onPartner)
		token, kept := partner.Last().Token, other.Last().Token
		partner.Hold = true
		b.Get(partner.URL + "/login")
		held := partner.Last()
		partner.Hold = false

		page = b.Get(p.URL + "/compte/applications")
		expect(t, page, onApplications)
		for _, text := range []string{"C’est un service de la société Loyers.", "votre nom et votre prénom", "Dernière connexion :"} {
			if !page.Says(text) {
				t.Errorf("the page does not say « %s »:\n%s", text, page.Find("main").Text())
			}
		}
		page = b.Get(p.URL + page.Find("main a.button").FilterFunction(endsIn("application="+partner.Client.ID)).AttrOr("href", ""))
		expect(t, page, "Retirer l’accès de Loyers")
		if answer := partner.UserInfo(t, p.URL, token.AccessToken); answer.Status != 200 {
			t.Errorf("asking has withdrawn it already: %+v", answer)
		}
		if page = page.Press("Retirer"); !page.Says("Loyers ne peut plus lire vos renseignements.") {
			t.Errorf("afterwards the page says:\n%s", page.Find("main").Text())
		}

		if answer := partner.UserInfo(t, p.URL, token.AccessToken); answer.Status != 401 {
			t.Errorf("userinfo: %+v", answer)
		}
		if _, err := partner.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("refresh: %v", err)
		}
		for name, text := range map[string]string{"access": token.AccessToken, "refresh": token.RefreshToken} {
			if answer := introspect(t, p, partner, text); answer.Status != 200 || answer.JSON["active"] != false {
				t.Errorf("introspection of the %s token: %+v", name, answer)
			}
		}
		if answer := partner.Redeem(t, p.URL, held); answer.Status != 400 || answer.JSON["error"] != "invalid_grant" {
			t.Errorf("a code from before: %+v", answer)
		}
		if answer := other.UserInfo(t, p.URL, kept.AccessToken); answer.Status != 200 {
			t.Errorf("the other application: %+v", answer)
		}
		user, err := p.DB.UserByIdentifier(t.Context(), "LOG1A2B3C4D")
		if err != nil {
			t.Fatal(err)
		}
		events, err := p.DB.AuditOf(t.Context(), user.ID, 50)
		if err != nil || !slices.ContainsFunc(events, func(e storage.AuditEvent) bool {
			return e.Action == "consent.withdrawn" && e.Details["client"] == partner.Client.ID && e.Actor == user.ID
		}) {
			t.Errorf("no event in the journal: %v", err)
		}

		// A second time, and an application that was never authorised, change nothing.
		for _, id := range []string{partner.Client.ID, "nobody", ""} {
			expect(t, b.Post(p.URL+"/compte/applications/retrait", url.Values{"application": {id}}), onApplications)
		}
		expect(t, b.Get(partner.URL+"/login"), onConsent)
	})
}

func endsIn(part string) func(int, *goquery.Selection) bool {
	return func(_ int, s *goquery.Selection) bool { return strings.HasSuffix(s.AttrOr("href", ""), part) }
}

func introspect(t *testing.T, p *providertest.Provider, partner *providertest.Partner, token string) providertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+"/oauth2/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(partner.Client.ID), url.QueryEscape(partner.Secret))
	return providertest.Call(t, r)
}

// class 10: nobody sees or withdraws what somebody else authorised, and nobody
// does who is not signed in.
func TestApplicationsArePersonal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	token := w.partner.Last().Token.AccessToken
	form := url.Values{"application": {w.partner.Client.ID}}
	expect(t, w.Browser().Get(w.URL+"/compte/applications"), onLogin)
	expect(t, w.Browser().Post(w.URL+"/compte/applications/retrait", form), onLogin)

	w.Import(marcel)
	identifier, provisional := w.PrintedCredentials("45675320380002")
	b := w.Browser()
	other := visitor(t, w.Provider)
	other.email = "marcel@exemple.fr"
	other.walk(b.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	if page := b.Get(w.URL + "/compte/applications"); !page.Says("Vous n’avez autorisé aucune application.") {
		t.Errorf("another person's page says:\n%s", page.Find("main").Text())
	}
	expect(t, b.Get(w.URL+"/compte/applications/retrait?application="+w.partner.Client.ID), onApplications)
	expect(t, b.Post(w.URL+"/compte/applications/retrait", form), onApplications)
	if answer := w.partner.UserInfo(t, w.URL, token); answer.Status != 200 {
		t.Errorf("somebody else withdrew it: %+v", answer)
	}
}

// The consent page names all that an application says of itself, its logo from
// our own address; the page of the account starts a sign-in there.
func TestApplicationShowsItselfAndIsStartedFromTheAccount(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import(odile)
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 64, 64)))
	}))
	t.Cleanup(site.Close)
	p.Operator.Outbound = http.DefaultClient
	partner := p.Partner(func(n *operator.NewClient) {
		n.PolicyURI = "https://loyers.example/politique"
		n.Scopes = append(n.Scopes, "offline_access")
		n.Metadata = storage.ClientMetadata{TOSURI: "https://loyers.example/conditions", LogoURI: site.URL + "/logo.png",
			InitiateLoginURI: n.RedirectURIs[0][:strings.LastIndex(n.RedirectURIs[0], "/")] + "/login?from=loge", RefreshAbsoluteLifetime: 5 * 24 * 3600}
	})
	quiet := p.Partner(func(n *operator.NewClient) { n.ID, n.Name = "muet", "Muet" })
	w := visitor(t, p)
	identifier, provisional := p.Credentials("odile@exemple.fr")
	b := p.Browser()
	page := w.walk(b.Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	if page.Says(quiet.Client.Name) {
		t.Error("an application that cannot be started from here is shown")
	}
	start := page.Find("main a").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Text() == "Loyers" }).AttrOr("href", "")
	if want := partner.URL + "/login?from=loge&iss=" + url.QueryEscape(p.URL); start != want {
		t.Fatalf("the link is %q, want %q", start, want)
	}
	page = b.Get(start)
	expect(t, page, onConsent)
	for _, to := range []string{"https://loyers.example/politique", "https://loyers.example/conditions"} {
		if page.Find(`main a[rel=noopener][href="`+to+`"]`).Length() != 1 {
			t.Errorf("no link to %s", to)
		}
	}
	if !page.Says("et de garder cet accès 5 jours sans vous redemander") {
		t.Errorf("the page does not say the application's own lifetime:\n%s", page.Find("main").Text())
	}
	logo := b.Get(p.URL + page.Find("main img").AttrOr("src", "none"))
	if logo.Status != 200 || logo.Header.Get("Content-Type") != "image/png" || logo.Header.Get("X-Content-Type-Options") != "nosniff" || !bytes.HasPrefix(logo.Body, []byte("\x89PNG")) || asked != 1 {
		t.Errorf("logo: %d %v, fetched %d times", logo.Status, logo.Header, asked)
	}
	expect(t, page.Press("Autoriser"), onPartner)
	if result := partner.Last(); result.Err != nil {
		t.Error(result)
	}
	if _, err := p.DB.LogoOf(t.Context(), quiet.Client.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("logo of an application without one: %v", err)
	}
}
