package provider_test

import (
	"strings"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage"
)

// Marcel has no e-mail address that the agency knows: two letters, and he gives
// an address, which he confirms, or none.
func TestFirstSignInByLetter(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import(marcel)
	identifier, provisional := p.PrintedCredentials("45675320380002")
	if again := p.Print(); len(again) != 0 {
		t.Errorf("a second print run writes %d letters", len(again))
	}
	partner := p.Partner()
	w := visitor(t, p)
	w.email = "marcel@exemple.fr"

	// As printed it is typed from paper: small letters, no hyphens.
	page := p.Browser().Get(partner.URL+"/login").Submit("identifiant", strings.ToLower(identifier), "mot_de_passe", strings.ToLower(strings.ReplaceAll(provisional, "-", " ")))
	expect(t, page, onDetails)
	page = w.walk(page, onEmail)
	if !page.Says("marcel@exemple.fr") {
		t.Errorf("the page does not say where the code went:\n%s", page.Text())
	}
	w.walk(page, onPartner)
	claims := partner.Last()
	if claims.Err != nil || claims.UserInfo["email"] != "marcel@exemple.fr" || claims.UserInfo["email_verified"] != true || claims.UserInfo["departement"] != "38" {
		t.Errorf("the application got %s", claims)
	}
}

// One person with dwellings in two départements has two accounts, which stay
// apart: other identifier, other address, other subject.
func TestTwoDepartmentsAreTwoPeople(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	report := p.Import(
		"45675320690001;physique;69;;;Mme;Jeanne;Morel;jeanne69@exemple.fr;1 rue du Bac;69003 Lyon;;;;;",
		"45675320380001;physique;38;;;Mme;Jeanne;Morel;jeanne38@exemple.fr;1 rue du Bac;69003 Lyon;;;;;")
	if report.Created != 2 {
		t.Fatalf("import: %+v", report)
	}
	partner := p.Partner()
	w := visitor(t, p)
	subjects := map[any]string{}
	b := p.Browser() // the same browser, one after the other
	for address, department := range map[string]string{"jeanne69@exemple.fr": "69", "jeanne38@exemple.fr": "38"} {
		identifier, provisional := p.Credentials(address)
		page := b.Get(partner.URL + "/login")
		expect(t, page, onLogin)
		w.walk(page.Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
		result := partner.Last()
		if result.Err != nil || result.UserInfo["departement"] != department || result.UserInfo["email"] != address {
			t.Errorf("%s: the application got %s", department, result)
		}
		if other, taken := subjects[result.Claims["sub"]]; taken {
			t.Errorf("départements %s and %s have the same sub", department, other)
		}
		subjects[result.Claims["sub"]] = department
		expect(t, b.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
	}
}

// The provisional password of one account opens no other.
func TestProvisionalPasswordsAreNotInterchangeable(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import(odile, "45675320380009;physique;38;;;Mme;Odile;Marchand;odile38@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	first, _ := p.Credentials("odile@exemple.fr")
	_, second := p.Credentials("odile38@exemple.fr")
	page := p.Browser().Get(p.URL+"/connexion").Submit("identifiant", first, "mot_de_passe", second)
	if expect(t, page, onLogin); !page.Says(wrongCouple) {
		t.Errorf("the page says:\n%s", page.Text())
	}
}

func TestStoppingAndResumingWithTheSameProvisionalPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	_, page := w.at(onPassword)
	expect(t, page.Press("Arrêter et me déconnecter"), onLoggedOut)
	w.Clock.Advance(26 * time.Hour)
	_, page = w.at(onRules) // from another browser, another day: the details are not asked again
	expect(t, page.Press("Arrêter et me déconnecter"), onLoggedOut)

	// From here the own password opens, the provisional one is spent.
	page = w.Browser().Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	if expect(t, page, onLogin); !page.Says(wrongCouple) {
		t.Errorf("a spent provisional password says:\n%s", page.Text())
	}
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", own)
	expect(t, page, onRules)
	w.walk(page, onPartner)
	if result := w.partner.Last(); result.Err != nil {
		t.Errorf("the application got %s", result)
	}
}

func TestRefusingToShareTellsTheApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b, page := w.at(onConsent)
	expect(t, page.Press("Refuser"), onPartner)
	if result := w.partner.Last(); result.Error != "access_denied" || result.Issuer != w.URL || result.Code != "" || result.Err != nil {
		t.Fatalf("the application got %s, iss %q", result, result.Issuer)
	}
	// Refusing is not for ever, and nothing but the sharing was refused.
	expect(t, b.Get(w.URL+"/"), onAccount)
	page = b.Get(w.partner.URL + "/login")
	expect(t, page, onConsent)
	expect(t, page.Press("Autoriser"), onPartner)
	if result := w.partner.Last(); result.Err != nil || result.Claims["sub"] == nil {
		t.Errorf("the application got %s", result)
	}
}

func TestSuspendedAccountIsToldOnlyWithTheRightSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	token := w.partner.Last().Token.AccessToken
	w.partner.Hold = true
	b.Get(w.partner.URL + "/login")
	held := w.partner.Last()

	execute(t, outside(t, w.Provider), `UPDATE users SET state = $1 WHERE id = $2`, storage.StateSuspended, w.user().ID)

	const suspended = "L’accès à ce compte est suspendu"
	page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", "un autre mot de passe")
	if !page.Says(wrongCouple) || page.Says(suspended) {
		t.Errorf("with a wrong password the page says:\n%s", page.Text())
	}
	expect(t, w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own), suspended)
	if answer := w.partner.Redeem(t, w.URL, held); answer.Status != 400 || answer.JSON["error"] != "invalid_grant" {
		t.Errorf("a code from before the suspension: %+v", answer)
	}
	if answer := w.partner.UserInfo(t, w.URL, token); answer.Status != 401 {
		t.Errorf("userinfo with a token from before: %+v", answer)
	}
	expect(t, b.Get(w.partner.URL+"/login"), suspended)
	expect(t, b.Get(w.URL+"/"), onLogin) // and the session has ended
}
