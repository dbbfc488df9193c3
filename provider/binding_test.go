package provider_test

import (
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/provider/providertest"
)

// class 9: a request that an attacker started and sent the address of goes
// nowhere in the victim's browser, whatever page of it is opened or sent.
func TestAnotherBrowsersRequestGoesNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	victim := w.activate()
	attacker := w.Browser()
	demande := attacker.Get(w.partner.URL + "/login").URL.Query().Get("demande")
	results := w.partner.Results()
	db := outside(t, w.Provider)
	before := dump(t, db)
	for _, s := range stages(t, w.Provider) {
		for _, page := range []*providertest.Page{
			victim.Get(w.URL + s.path + "?demande=" + demande),
			victim.Post(w.URL+s.path, values("demande", demande, "identifiant", w.identifier, "mot_de_passe", own, "choix", "autoriser", "accepte", "oui")),
		} {
			if page.H1() != onFlowExpired || page.Status != 410 || !page.Says("Retournez dans Loyers et recommencez.") {
				t.Errorf("%s shows « %s » (%d)", page.URL, page.H1(), page.Status)
			}
		}
	}
	for _, path := range []string{"/connexion/suite", "/oauth2/authorize/suite"} {
		expect(t, victim.Get(w.URL+path+"?demande="+demande), onFlowExpired)
	}
	if after := dump(t, db); after != before {
		t.Errorf("something was stored:\n%s", difference(before, after))
	}
	if w.partner.Results() != results {
		t.Errorf("the application got %s", w.partner.Last())
	}

	// Nor can he set the victim's cookie: the flow is bound to a secret of his
	// own browser, and the request's id is not it.
	victim.SetCookie(w.URL, "flow", demande)
	expect(t, victim.Get(w.URL+"/connexion/suite?demande="+demande), onFlowExpired)
}

// class 9: a finished request is not answered twice, by reload or back button.
func TestFinishedRequestIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b, page := w.at(onConsent)
	demande := page.URL.Query().Get("demande")
	expect(t, page.Press("Autoriser"), onPartner)
	for _, again := range []*providertest.Page{page.Press("Autoriser"), page.Press("Refuser"),
		b.Get(w.URL + "/oauth2/authorize/suite?demande=" + demande), b.Get(w.URL + "/connexion?demande=" + demande)} {
		expect(t, again, onFlowExpired)
	}
	if w.partner.Results() != 1 {
		t.Errorf("the application was answered %d times", w.partner.Results())
	}
}

// class 9: two applications in two tabs of one browser both get their person.
func TestTwoTabsBothArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	second := w.Partner(func(c *operator.NewClient) { c.Name = "Quittances" })
	b := w.Browser()
	one := b.Get(w.partner.URL + "/login")
	two := b.Get(second.URL + "/login")
	if expect(t, two, onLogin); !two.Says("Vous venez de : Quittances.") || !one.Says("Vous venez de : Loyers.") {
		t.Fatal("the tabs do not name their applications")
	}
	// Signing in in the first tab, going on in the second, back in the first.
	one = one.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	expect(t, one, onDetails)
	two = w.walk(b.Get(w.URL+"/connexion?demande="+two.URL.Query().Get("demande")), "Quittances demande vos renseignements")
	one = one.Submit() // the details were sent in the other tab
	expect(t, one, onConsent)
	expect(t, two.Press("Autoriser"), "Loyers") // the callback's page, of the test's own partner
	expect(t, one.Press("Autoriser"), "Loyers")
	for _, partner := range []*providertest.Partner{w.partner, second} {
		if result := partner.Last(); result.Err != nil || result.UserInfo["email"] != "odile@exemple.fr" || partner.Results() != 1 {
			t.Errorf("%s got %s", partner.Client.Name, result)
		}
	}
}

// class 9: the session's secret is another after each rise of power, and the
// former one opens nothing.
func TestSessionSecretChangesWithPower(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b, page := w.at(onPassword)
	before := b.Cookie(w.URL, "session")
	page = page.Submit("nouveau_mot_de_passe", own)
	expect(t, page, onRules)
	chosen := b.Cookie(w.URL, "session")
	w.walk(page, onPartner)
	expect(t, b.Get(w.URL+"/"), onAccount)
	expect(t, b.Get(w.URL+"/connexion"), onAccount)

	// Signing in again over a live session gives another one, and ends the first.
	r := b.Post(w.URL+"/connexion", values("identifiant", w.identifier, "mot_de_passe", own))
	expect(t, r, onAccount)
	again := b.Cookie(w.URL, "session")
	if before == "" || before == chosen || chosen == again {
		t.Error("the session keeps its secret")
	}
	for name, value := range map[string]string{"of the provisional password": before, "of the former sign-in": chosen} {
		thief := w.Browser()
		thief.SetCookie(w.URL, "session", value)
		if page := thief.Get(w.URL + "/"); page.H1() == onAccount {
			t.Errorf("the session %s still opens the account", name)
		}
	}
	// The database holds hashes only.
	if stored := dump(t, outside(t, w.Provider)); strings.Contains(stored, again) || strings.Contains(stored, w.provisional) || strings.Contains(stored, own) {
		t.Error("a secret is stored in clear")
	}
}

// class 9: a session somebody set in the browser beforehand is not the one that
// the sign-in gives power to.
func TestSessionFixationFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	attacker := w.Browser()
	expect(t, attacker.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own), onAccount)
	planted := attacker.Cookie(w.URL, "session")

	victim := w.Browser()
	victim.SetCookie(w.URL, "session", planted)
	expect(t, victim.Post(w.URL+"/connexion", values("identifiant", w.identifier, "mot_de_passe", own)), onLogin) // no flow cookie yet
	victim.Get(w.URL + "/connexion")
	victim.Get(w.partner.URL + "/login")
	expect(t, victim.Post(w.URL+"/connexion", values("identifiant", w.identifier, "mot_de_passe", own)), onAccount)
	if victim.Cookie(w.URL, "session") == planted {
		t.Error("the planted session was kept")
	}
	if page := attacker.Get(w.URL + "/"); page.H1() == onAccount {
		t.Error("the planted session still opens the account")
	}
}
