package provider_test

import (
	"slices"
	"testing"

	"loge/provider/providertest"
)

// A redirect is a second on a slow line. From the application to the sign-in
// there is one, each form leads straight to the next page, and the last one
// through the address where the application is answered.
func TestNoFormLeadsThroughAnotherAddress(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	visits := func(what string, b *providertest.Browser, want ...string) {
		t.Helper()
		var got []string
		for _, u := range b.Visited {
			got = append(got, u.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the browser was sent through %q, not %q", what, got, want)
		}
	}

	b, page := w.at(onLogin)
	visits("from the application", b, "/login", "/oauth2/authorize", "/connexion")
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	visits("provisional password", b, "/connexion", "/connexion/renseignements")
	page = page.Submit(w.details(page)...)
	visits("details", b, "/connexion/renseignements", "/connexion/mot-de-passe")
	page = page.Submit("nouveau_mot_de_passe", own)
	visits("password", b, "/connexion/mot-de-passe", "/connexion/regles")
	page = page.Submit("accepte", "oui")
	visits("rules", b, "/connexion/regles", "/connexion/conditions")
	page = page.Submit("accepte", "oui")
	visits("terms", b, "/connexion/conditions", "/connexion/partage")
	expect(t, page.Press("Autoriser"), onPartner)
	visits("consent", b, "/connexion/partage", "/oauth2/authorize/suite", "/callback")

	again := w.Browser()
	page = again.Get(w.partner.URL + "/login")
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onPartner)
	visits("next time", again, "/connexion", "/oauth2/authorize/suite", "/callback")
	if result := w.partner.Last(); result.Err != nil || result.Error != "" {
		t.Errorf("the application got %s", result)
	}

	here := w.Browser()
	page = here.Get(w.URL + "/")
	visits("to our own page", here, "/", "/connexion")
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onAccount)
	visits("sign-in here", here, "/connexion", "/")

}
