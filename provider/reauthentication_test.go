package provider_test

import (
	"net/http"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

const ownPassword = "quatre lampes sous la pluie"

// Proving again who one is (prompt=login) moves auth_time and the cookie, and
// signs nobody out of the applications already open.
func TestSigningInAgainKeepsTheOtherApplicationsOpen(t *testing.T) {
	p := providertest.New(t)
	p.Import(odile)
	partner := p.Partner()
	identifier, provisional := p.Credentials("odile@exemple.fr")
	b := p.Browser()
	b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional).Submit().
		Submit("nouveau_mot_de_passe", ownPassword).Submit("accepte", "oui").Submit("accepte", "oui").Press("Autoriser")
	first := partner.Last()
	if first.Err != nil {
		t.Fatal(first)
	}

	p.Clock.Advance(5 * time.Second)
	partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login")}
	page := b.Get(partner.URL + "/login")
	expect(t, page, "Connexion à l’Espace bailleur")
	page.Submit("identifiant", identifier, "mot_de_passe", ownPassword)
	second := partner.Last()
	if second.Err != nil || partner.Results() != 2 {
		t.Fatal(second)
	}
	if before, after := first.Claims["auth_time"].(float64), second.Claims["auth_time"].(float64); after != before+5 {
		t.Errorf("auth_time %v after %v, want 5 s later", after, before)
	}
	if first.Claims["sid"] != second.Claims["sid"] {
		t.Errorf("sid changed from %v to %v", first.Claims["sid"], second.Claims["sid"])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/oauth2/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+first.Token.AccessToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the first token was refused with %d after the person signed in again", answer.StatusCode)
	}
}
