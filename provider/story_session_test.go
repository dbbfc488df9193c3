package provider_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

func TestSigningOutEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	cookie := b.Cookie(w.URL, "session")
	page := b.Get(w.URL + "/deconnexion")
	expect(t, page, "Voulez-vous vous déconnecter ?")
	expect(t, b.Get(w.URL+"/"), onAccount) // asking is not doing
	expect(t, page.Submit(), onLoggedOut)
	expect(t, page.Submit(), onLoggedOut) // twice is no error
	expect(t, b.Get(w.partner.URL+"/login"), onLogin)
	b.SetCookie(w.URL, "session", cookie) // whoever copied the cookie has nothing
	expect(t, b.Get(w.URL+"/"), onExpired)
}

func TestSessionEndsIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	for range 3 { // used, it lives on
		w.Clock.Advance(29 * time.Minute)
		expect(t, b.Get(w.URL+"/"), onAccount)
	}
	w.Clock.Advance(30 * time.Minute)
	page := b.Get(w.URL + "/")
	if expect(t, page, onExpired); !page.Says("après 30 minutes sans activité") {
		t.Errorf("the page says:\n%s", page.Text())
	}
	page = b.Get(link(t, page, "Me reconnecter"))
	expect(t, page, onLogin)
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onAccount)
}

func TestSessionEndsAfterTwelveHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	for range 36 {
		w.Clock.Advance(20*time.Minute - 10*time.Second)
		expect(t, b.Get(w.URL+"/"), onAccount)
	}
	w.Clock.Advance(6 * time.Minute)
	expect(t, b.Get(w.URL+"/"), onExpired)
	results := w.partner.Results()
	expect(t, b.Get(w.partner.URL+"/login"), onLogin)
	if w.partner.Results() != results {
		t.Error("the application was answered from an ended session")
	}
}

// An application can ask for a fresh sign-in; a live session is not enough then.
func TestApplicationAsksForAFreshSignIn(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]oauth2.AuthCodeOption{
		"prompt=login": oauth2.SetAuthURLParam("prompt", "login"), "max_age": oauth2.SetAuthURLParam("max_age", "60"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b := w.activate()
			w.Clock.Advance(2 * time.Minute)
			w.partner.Options = []oauth2.AuthCodeOption{option}
			page := b.Get(w.partner.URL + "/login")
			expect(t, page, onLogin)
			before := w.partner.Last().Claims["auth_time"]
			expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onPartner)
			if result := w.partner.Last(); result.Err != nil || result.Claims["auth_time"] == before {
				t.Errorf("the application got %s", result)
			}
		})
	}
}

// In the middle of the sign-in the session ends: the page says so, and the
// person goes on where she was.
func TestSessionThatEndsInTheMiddleGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b, page := w.at(onPassword)
	w.Clock.Advance(31 * time.Minute)
	page = page.Submit("nouveau_mot_de_passe", own)
	expect(t, page, onExpired)
	page = b.Get(link(t, page, "Me reconnecter"))
	if expect(t, page, onLogin); !page.Says("Vous venez de : Loyers.") {
		t.Error("the application's request is lost")
	}
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	expect(t, page, onPassword)
	w.walk(page, onPartner)
}

// link returns the address behind the link with that text.
func link(t *testing.T, page *providertest.Page, text string) string {
	t.Helper()
	found := page.Find("a").FilterFunction(func(_ int, s *goquery.Selection) bool { return providertest.Squeeze(s.Text()) == text })
	return page.URL.ResolveReference(parse(t, found.AttrOr("href", ""))).String()
}

// href returns the address of the first element of the selector.
func href(t *testing.T, page *providertest.Page, selector string) *url.URL {
	t.Helper()
	return parse(t, page.Find(selector).First().AttrOr("href", ""))
}

func parse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || address == "" {
		t.Fatalf("no address: %q, %v", address, err)
	}
	return u
}
