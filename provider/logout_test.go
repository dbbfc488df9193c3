package provider_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

const (
	onLogout = "Voulez-vous vous déconnecter ?"
	onLeft   = "Parti"
)

// told sends what is due and checks that the partner was told once of the end
// of the session in which it got that ID token.
func told(t *testing.T, p *providertest.Provider, partner *providertest.Partner, got providertest.Result) {
	t.Helper()
	if err := p.SendLogouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := partner.SignedOut()
	if len(list) != 1 || list[0].Err != nil {
		t.Fatalf("the application was told %+v, want one logout token", list)
	}
	if token := list[0].Token; token.SessionID != got.Claims["sid"] || token.Subject != got.Claims["sub"] {
		t.Errorf("told of session %s of %s; the ID token has %v of %v", token.SessionID, token.Subject, got.Claims["sid"], got.Claims["sub"])
	}
}

// A person works in two applications and signs out in one: the browser comes
// back there, and both know.
func TestSigningOutInOneApplicationIsToldToTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	other := w.Partner(func(n *operator.NewClient) { n.Name, n.Sector, n.IDTokenAlg = "Travaux", "travaux.example", "ES256" })
	b.Get(other.URL + "/login").Press("Autoriser")
	first, second := w.partner.Last(), other.Last()
	if first.Err != nil || second.Err != nil || first.Claims["sid"] != second.Claims["sid"] || first.Claims["sub"] == second.Claims["sub"] {
		t.Fatalf("the applications got %s and %s", first, second)
	}
	token := second.Token.AccessToken
	page := b.Get(w.partner.URL + "/leave")
	if expect(t, page, onLeft); page.URL.Host != strings.TrimPrefix(w.partner.URL, "http://") {
		t.Errorf("the browser is at %s", page.URL)
	}
	told(t, w.Provider, w.partner, first)
	told(t, w.Provider, other, second)
	if answer := other.UserInfo(t, w.URL, token); answer.Status != 401 {
		t.Errorf("the other application's token: %+v", answer)
	}
	expect(t, b.Get(w.URL+"/"), onLogin)
	expect(t, b.Get(w.partner.URL+"/leave"), onLeft) // a second time
}

// Whatever ends a session, the application is told: no path forgets it.
func TestEveryEndOfASessionIsTold(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, w world, b *providertest.Browser){
		"the sign-out page": func(t *testing.T, w world, b *providertest.Browser) {
			expect(t, b.Get(w.URL+"/deconnexion").Submit(), onLoggedOut)
		},
		"the sign-out page, idle": func(t *testing.T, w world, b *providertest.Browser) {
			w.Clock.Advance(2 * time.Hour)
			expect(t, b.Get(w.URL+"/deconnexion").Submit(), onLoggedOut)
		},
		"the application": func(t *testing.T, w world, b *providertest.Browser) { expect(t, b.Get(w.partner.URL+"/leave"), onLeft) },
		"the application, idle": func(t *testing.T, w world, b *providertest.Browser) {
			w.Clock.Advance(2 * time.Hour)
			expect(t, b.Get(w.partner.URL+"/leave"), onLeft)
		},
		"another site, asked first": func(t *testing.T, w world, b *providertest.Browser) {
			page := b.Get(w.URL + "/oauth2/logout")
			expect(t, page, onLogout)
			expect(t, page.Submit(), onLoggedOut)
		},
		"a changed password elsewhere": func(t *testing.T, w world, _ *providertest.Browser) {
			execute(t, outside(t, w.Provider), `UPDATE users SET password_must_change = TRUE WHERE id = $1`, w.user().ID)
			page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own)
			expect(t, page, "Choisissez un nouveau mot de passe")
			expect(t, page.Submit("nouveau_mot_de_passe", "cinq lampes sous la neige"), onAccount)
		},
		"another person in the same browser": func(t *testing.T, w world, b *providertest.Browser) {
			w.Import(marcel)
			identifier, provisional := w.PrintedCredentials("45675320380002")
			w.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login")}
			expect(t, b.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onDetails)
		},
		"another person in the same browser, idle": func(t *testing.T, w world, b *providertest.Browser) {
			w.Import(marcel)
			identifier, provisional := w.PrintedCredentials("45675320380002")
			w.Clock.Advance(2 * time.Hour)
			expect(t, b.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onDetails)
		},
		"a suspension": func(t *testing.T, w world, b *providertest.Browser) {
			execute(t, outside(t, w.Provider), `UPDATE users SET state = $1 WHERE id = $2`, storage.StateSuspended, w.user().ID)
			expect(t, b.Get(w.URL+"/"), "L’accès à ce compte est suspendu")
		},
		"its absolute end": func(t *testing.T, w world, b *providertest.Browser) {
			w.Clock.Advance(12*time.Hour - time.Second)
			if err := w.Expire(t.Context()); err != nil || len(w.partner.SignedOut()) != 0 {
				t.Errorf("a second early: %v, %v", w.partner.SignedOut(), err)
			}
			w.Clock.Advance(time.Second)
			if err := w.Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, providertest.Options{})
			b := w.activate()
			got := w.partner.Last()
			end(t, w, b)
			told(t, w.Provider, w.partner, got)
		})
	}
}

// Who was away and signs in again in the same browser goes on where she was:
// no application signs her out meanwhile, and the next sign-out reaches all.
func TestSigningInAgainAfterRestKeepsTheApplications(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	first := w.partner.Last()
	w.Clock.Advance(2 * time.Hour)
	page := b.Get(w.partner.URL + "/login")
	expect(t, page, onLogin)
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onPartner)
	if second := w.partner.Last(); second.Claims["sid"] != first.Claims["sid"] || second.Claims["auth_time"] == first.Claims["auth_time"] {
		t.Errorf("first %s, second %s; want one session, signed in twice", first, second)
	}
	if err := w.SendLogouts(t.Context()); err != nil || len(w.partner.SignedOut()) != 0 {
		t.Errorf("told %v, %v", w.partner.SignedOut(), err)
	}
	expect(t, b.Get(w.URL+"/deconnexion").Submit(), onLoggedOut)
	told(t, w.Provider, w.partner, first)
}

// A forged logout link on another site changes nothing by itself, by any method
// a page of that site has.
func TestOtherSitesCannotSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Header.Set("Origin", "https://ailleurs.example")
	for _, query := range []string{"", "?client_id=" + w.partner.Client.ID, "?id_token_hint=x", "?post_logout_redirect_uri=https://ailleurs.example/"} {
		expect(t, b.Get(w.URL+"/oauth2/logout"+query), onLogout)
		expect(t, b.Post(w.URL+"/oauth2/logout", values("client_id", w.partner.Client.ID)), onLogout)
	}
	if page := b.Post(w.URL+"/oauth2/logout/suite", nil); page.Status != 403 {
		t.Errorf("the button pressed from another site: %d « %s »", page.Status, page.H1())
	}
	expect(t, b.Get(w.URL+"/"), onAccount)
}

// The page names the application and lets the browser go back there.
func TestAskedOnBehalfOfAnApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	page := b.Get(w.URL + "/oauth2/logout?" + values("client_id", w.partner.Client.ID, "post_logout_redirect_uri", w.partner.URL+"/left").Encode())
	if expect(t, page, onLogout); !page.Says("Loyers peut vous garder connecté de son côté.") {
		t.Errorf("the page says:\n%s", page.Text())
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http:") {
		t.Errorf("policy %s", policy)
	}
	b.Stay = true
	if page = page.Press("Me déconnecter"); page.Status != 303 || page.Header.Get("Location") != w.partner.URL+"/left" {
		t.Errorf("the button leads %d to %q", page.Status, page.Header.Get("Location"))
	}
}
