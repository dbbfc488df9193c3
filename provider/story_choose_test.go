package provider_test

import (
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

const odileInGrenoble = "45675320380009;physique;38;;;Mme;Odile;Marchand;odile.38@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;LOG38383838"

// Odile has housing in two départements, hence two accounts. An application asks
// which one she wants (prompt=select_account): she keeps the one she is signed in
// with, or takes the other, and the application never sees both as one person.
func TestPersonWithTwoAccountsChoosesOne(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.Import(odileInGrenoble)
	lyon := w.partner.Last()
	const keepOrChange = "Continuer avec ce compte ?"

	w.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "select_account")}
	page := b.Get(w.partner.URL + "/login")
	expect(t, page, keepOrChange)
	if !page.Says("numéro utilisateur 45675320380001") {
		t.Errorf("the page does not say which account:\n%s", page.Text())
	}
	expect(t, page.Press("Continuer"), onPartner)
	if kept := w.partner.Last(); kept.Err != nil || kept.Claims["sub"] != lyon.Claims["sub"] || kept.Claims["auth_time"] != lyon.Claims["auth_time"] {
		t.Errorf("kept: %s, before %s", kept, lyon)
	}

	page = b.Get(w.partner.URL + "/login")
	expect(t, page, keepOrChange)
	page = page.Press("Changer de compte")
	expect(t, page, onLogin)
	expect(t, b.Get(page.URL.String()), onLogin) // a reload asks nothing again
	identifier, provisional := w.Credentials("odile.38@exemple.fr")
	expect(t, w.walk(page.Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner), onPartner)
	grenoble := w.partner.Last()
	if grenoble.Err != nil || grenoble.Claims["sub"] == lyon.Claims["sub"] || grenoble.UserInfo["numero_utilisateur"] != "45675320380009" {
		t.Errorf("changed: %s", grenoble)
	}

	// Somebody who is not signed in chooses by signing in.
	other := w.Browser()
	expect(t, other.Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own), onPartner)
	if again := w.partner.Last(); again.Err != nil || again.Claims["sub"] != lyon.Claims["sub"] {
		t.Errorf("another browser: %s", again)
	}
}
