package provider_test

import (
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage"
)

// Refusing a text loses nothing: what came before it stays, and it can be
// accepted at any later time.
func TestRefusingATextLosesNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []struct{ h1, kind string }{{onRules, storage.Rules}, {onTerms, storage.Terms}} {
		t.Run(text.kind, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b, page := w.at(text.h1)
			without := page.Submit()
			if expect(t, without, text.h1); without.Status != 422 || !without.Says("Cochez la case") {
				t.Errorf("without the box: %d\n%s", without.Status, without.Text())
			}
			refused := b.Get(link(t, page, "Je n’accepte pas"))
			expect(t, refused, "Vous n’avez pas accepté")
			back := b.Get(refused.URL.ResolveReference(href(t, refused, "main a[href*='/connexion/']")).String())
			expect(t, back, text.h1)
			expect(t, b.Get(refused.URL.String()).Press("Me déconnecter"), onLoggedOut)
			if w.partner.Results() != 0 {
				t.Errorf("the application got %s", w.partner.Last())
			}

			page = w.Browser().Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own)
			expect(t, page, text.h1)
			w.walk(page, onPartner)
			if result := w.partner.Last(); result.Err != nil {
				t.Errorf("the application got %s", result)
			}
		})
	}
}

// A new version is asked at the next sign-in with what changes, once, with the
// proof of exactly that text.
func TestNewVersionOfATextIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.Clock.Advance(time.Minute)
	second := w.Publish(storage.Terms, "2", "# Conditions d’utilisation\n\nLe service reste gratuit.\n")
	page := b.Get(w.partner.URL + "/login") // a live session: no password, but the text
	expect(t, page, "Les conditions d’utilisation ont changé")
	for _, want := range []string{"Ce qui change", "quelques phrases plus claires", "Le service reste gratuit."} {
		if !page.Says(want) {
			t.Errorf("the page does not say « %s »:\n%s", want, page.Text())
		}
	}
	if page.Says("Étape") {
		t.Error("the page belongs to a first sign-in")
	}
	expect(t, page.Submit("accepte", "oui"), onPartner)
	if result := w.partner.Last(); result.Err != nil || result.Claims["sub"] == nil {
		t.Errorf("the application got %s", result)
	}
	b.Get(w.partner.URL + "/login")
	if w.partner.Results() != 3 || w.partner.Last().Err != nil {
		t.Errorf("afterwards it does not go straight through: %d, %s", w.partner.Results(), w.partner.Last())
	}
	accepted, err := w.DB.Acceptances(t.Context(), w.user().ID)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, a := range accepted {
		versions[a.Kind+" "+a.Version] = a.SHA256
	}
	if len(accepted) != 3 || versions["terms 2"] != second.SHA256 || versions["terms 1"] == "" || versions["rules 1"] == "" {
		t.Errorf("accepted are %v", versions)
	}
	// Both versions can be read by anybody.
	for _, version := range []string{"1", "2"} {
		if page := w.Browser().Get(w.URL + "/textes/terms/" + version); page.Status != 200 || !page.Says("gratuit") {
			t.Errorf("version %s: %d", version, page.Status)
		}
	}
}

// A text published while its page is open: what was read is not what would be
// accepted, so the new one is shown.
func TestAcceptanceIsForTheTextThatWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	_, page := w.at(onRules)
	w.Clock.Advance(time.Second)
	w.Publish(storage.Rules, "2", "# Règles d’usage\n\n1. Votre identifiant aussi est personnel.\n")
	page = page.Submit("accepte", "oui")
	if expect(t, page, onRules); !page.Says("Votre identifiant aussi est personnel.") {
		t.Errorf("the page shows:\n%s", page.Text())
	}
	if accepted, err := w.DB.Acceptances(t.Context(), w.user().ID); err != nil || len(accepted) != 0 {
		t.Errorf("accepted are %v, %v", accepted, err)
	}
	expect(t, page.Submit("accepte", "oui"), onTerms)
}

// A new version is asked at the next sign-in and no sooner: publishing it ends
// nobody's work in an application, and no sign-in that has just finished.
func TestNewTextWaitsForTheNextSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.partner.Hold = true
	b.Get(w.partner.URL + "/login")
	w.Clock.Advance(2 * time.Second)
	w.Publish(storage.Rules, "2", "# Règles d’usage\n\n1. Nouvelle règle.\n")
	if answer := w.partner.Redeem(t, w.URL, w.partner.Last()); answer.Status != 200 {
		t.Errorf("the code of before: %+v", answer)
	}
	expect(t, b.Get(w.partner.URL+"/login"), "Les règles d’usage ont changé")
}
