package provider_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/config"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

// An application that works while its person is away, on x/oauth2: the person
// is told for how long, signs out, comes back weeks later, and the application
// has had its tokens all the time, until it gives them up.
func TestApplicationWorksWhileThePersonIsAway(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) { n.Scopes = append(n.Scopes, "offline_access") })
		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		page := b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
		page = w.walk(page, onConsent)
		if !page.Says("et de garder cet accès 90 jours sans vous redemander") {
			t.Errorf("the consent page says:\n%s", page.Text())
		}
		expect(t, page.Press("Autoriser"), onPartner)
		first := partner.Last()
		if first.Err != nil || first.Token.RefreshToken == "" {
			t.Fatalf("the application got %s", first)
		}
		expect(t, b.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)

		refresh := func(token string) (*oauth2.Token, error) {
			return partner.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token}).Token()
		}
		last := first.Token
		for range 3 { // sessions are purged meanwhile
			p.Clock.Advance(25 * 24 * time.Hour)
			if err := p.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			next, err := refresh(last.RefreshToken)
			if err != nil || next.RefreshToken == last.RefreshToken {
				t.Fatalf("refresh after 25 days: %v", err)
			}
			if info := partner.UserInfo(t, p.URL, next.AccessToken); info.Status != 200 || info.JSON["given_name"] != "Odile" {
				t.Errorf("userinfo: %+v", info)
			}
			last = next
		}
		if answer := revoke(t, p.URL, partner, last.RefreshToken); answer.Status != 200 {
			t.Errorf("revocation: %+v", answer)
		}
		if _, err := refresh(last.RefreshToken); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("refresh after revocation: %v", err)
		}
		if info := partner.UserInfo(t, p.URL, last.AccessToken); info.Status != 401 {
			t.Errorf("userinfo after revocation: %+v", info)
		}
	})
}

// Where the operator wants it so, signing out ends what applications were given
// for when the person is away, in that session and no other; that a session
// reaches its end does not.
func TestSignOutMayEndOfflineAccess(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: func(c *config.Config) { c.Sessions.SignOutEndsOffline = true }})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) { n.Scopes = append(n.Scopes, "offline_access") })
		identifier, provisional := p.Credentials("odile@exemple.fr")
		w := visitor(t, p)
		here, there := p.Browser(), p.Browser()
		page := w.walk(here.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onConsent)
		expect(t, page.Press("Autoriser"), onPartner)
		first := partner.Last().Token
		expect(t, w.walk(there.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", w.password), onPartner), onPartner)
		second := partner.Last().Token
		refresh := func(token *oauth2.Token) (*oauth2.Token, error) {
			return partner.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
		}
		if first, err := refresh(first); err != nil || first.RefreshToken == "" {
			t.Fatalf("before the sign-out: %v", err)
		}
		expect(t, here.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
		if _, err := refresh(first); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("refresh after the sign-out: %v", err)
		}
		if info := partner.UserInfo(t, p.URL, first.AccessToken); info.Status != 401 {
			t.Errorf("userinfo after the sign-out: %+v", info)
		}
		p.Clock.Advance(20 * 24 * time.Hour)
		if err := p.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := refresh(second); err != nil {
			t.Errorf("the other browser's session came to its end: %v", err)
		}
	})
}

// revoke has an application end a token at the provider at address.
func revoke(t *testing.T, address string, partner *providertest.Partner, token string) providertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/oauth2/revoke", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(partner.Client.ID), url.QueryEscape(partner.Secret))
	return providertest.Call(t, r)
}
