package provider_test

import (
	"testing"

	"loge/provider/providertest"
)

const (
	odile  = "45675320380001;physique;69;;;Mme;Odile;Marchand;odile@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;LOG1A2B3C4D"
	marcel = "45675320380002;physique;38;;;M.;Marcel;Perrin;;8 chemin du Moulin;38000 Grenoble;;;;;"
	house  = "45675320380003;moral;69;Habitat des Rives;12345678900011;;;;contact@rives.example;3 quai du Port;69001 Lyon;;;;;"
)

// The whole first sign-in through an application, then the next visits.
func TestFirstSignInThroughPartner(t *testing.T) {
	p := providertest.New(t)
	p.Import(odile)
	partner := p.Partner()
	identifier, provisional := p.Credentials("odile@exemple.fr")

	b := p.Browser()
	page := b.Get(partner.URL + "/login")
	expect(t, page, "Connexion à l’Espace bailleur")
	if !page.Says("Vous venez de : Loyers.") {
		t.Errorf("the sign-in does not name the application:\n%s", page.Text())
	}
	page = page.Submit("identifiant", identifier, "mot_de_passe", provisional)
	expect(t, page, "Vérifiez vos renseignements")
	page = page.Submit()
	expect(t, page, "Choisissez votre mot de passe")
	page = page.Submit("nouveau_mot_de_passe", "quatre lampes sous la pluie")
	expect(t, page, "Acceptez les règles d’usage")
	page = page.Submit("accepte", "oui")
	expect(t, page, "Acceptez les conditions d’utilisation")
	page = page.Submit("accepte", "oui")
	expect(t, page, "Loyers demande vos renseignements")
	page = page.Press("Autoriser")
	expect(t, page, "Loyers")

	first := partner.Last()
	if first.Err != nil || first.Issuer != p.URL {
		t.Fatalf("the application got %s", first)
	}
	for claim, want := range map[string]any{"given_name": "Odile", "family_name": "Marchand", "email": "odile@exemple.fr", "email_verified": true,
		"type_bailleur": "physique", "numero_utilisateur": "45675320380001", "departement": "69", "sub": first.Claims["sub"]} {
		if first.UserInfo[claim] != want {
			t.Errorf("userinfo %s = %v, want %v", claim, first.UserInfo[claim], want)
		}
	}

	// With a live session the next visit goes straight through.
	b.Get(partner.URL + "/login")
	if again := partner.Last(); partner.Results() != 2 || again.Err != nil || again.Claims["sub"] != first.Claims["sub"] || again.Claims["auth_time"] != first.Claims["auth_time"] {
		t.Errorf("second visit: %s, first %s", again, first)
	}

	// Without one it asks identifier and password only.
	other := p.Browser()
	page = other.Get(partner.URL+"/login").Submit("identifiant", "1a2b 3c4d", "mot_de_passe", "quatre lampes sous la pluie")
	expect(t, page, "Loyers")
	if third := partner.Last(); third.Err != nil || third.Claims["sub"] != first.Claims["sub"] {
		t.Errorf("visit from another browser: %s", third)
	}
}

func expect(t *testing.T, page *providertest.Page, h1 string) {
	t.Helper()
	if page.H1() != h1 {
		t.Fatalf("%s (%d) shows « %s », want « %s »\n%s", page.URL, page.Status, page.H1(), h1, providertest.Squeeze(page.Find("main").Text()))
	}
}
