//go:build browser

package browsertest

import (
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

// TestAnswerByPost has an application answered by POST: by itself where scripts
// run, else by the button; and neither reloading nor going back posts it twice.
func TestAnswerByPost(t *testing.T) {
	p := providertest.New(t)
	p.Import("45675320380001;physique;69;;;Mme;Odile;Marchand;odile@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;LOG1A2B3C4D")
	partner := p.Partner()
	identifier, provisional := p.Credentials("odile@exemple.fr")
	const password = "quatre lampes sous la pluie"
	page := p.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	page = page.Submit().Submit("nouveau_mot_de_passe", password).Submit("accepte", "oui").Submit("accepte", "oui").Press("Autoriser")
	if page.H1() != "Loyers" {
		t.Fatalf("after the first sign-in: « %s »", page.H1())
	}

	mode := oauth2.SetAuthURLParam("response_mode", "form_post")
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			v := visit(t, browser, s, "formpost")
			before := partner.Results()
			arrives := func(want string) {
				t.Helper()
				if !s.JavaScript {
					v.on("Retour vers Loyers")
					v.look("return")
					v.press("Continuer")
				}
				v.until("the application is reached", `location.href === "`+partner.URL+`/callback" && document.readyState === "complete"`)
				got := partner.Last()
				if before++; partner.Results() != before {
					t.Fatalf("answered %d times, want %d", partner.Results(), before)
				}
				if got.Err != nil || !got.Posted || got.Error != want || got.Origin != p.URL || got.Issuer != p.URL {
					t.Errorf("the application got %s, posted %v from %q, want error %q", got, got.Posted, got.Origin, want)
				}
			}
			partner.Options = []oauth2.AuthCodeOption{mode}
			v.open(partner.URL + "/login")
			v.fill("identifiant", identifier)
			v.fill("mot_de_passe", password)
			v.press("Connexion")
			arrives("")

			v.back()
			v.on("Cette demande de connexion a expiré")
			v.reload()
			v.on("Cette demande de connexion a expiré")

			partner.Options = []oauth2.AuthCodeOption{mode, oauth2.SetAuthURLParam("prompt", "none"), oauth2.SetAuthURLParam("max_age", "0")}
			v.open(partner.URL + "/login")
			arrives("login_required")

			partner.Options = []oauth2.AuthCodeOption{mode, oauth2.SetAuthURLParam("prompt", "consent")}
			v.open(partner.URL + "/login")
			v.press("Refuser")
			arrives("access_denied")
		})
	}
}
