package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"loge/storage"
)

func TestRefusingATextLosesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	w.publish(storage.Rules, "1", "r")
	w.publish(storage.Terms, "1", "c")
	u := w.person(storage.Individual, "odile@example.org")
	b := w.browser()
	b.get("/connexion/refus").shows(onLogin)
	p := b.get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", provisional).shows(onDetails)
	b.get("/connexion/refus?demande=" + p.url.Query().Get("demande")).shows(onDetails)
	p = p.submit("prenom", "Odile", "nom", "Martin", "email", u.Email).submit("nouveau_mot_de_passe", own).shows(onRules)
	decline, _ := p.Find(`a[href^="/connexion/refus"]`).Attr("href")
	refused := b.get(decline).shows("Vous n’avez pas accepté").says("Votre mot de passe est enregistré.")
	back, _ := refused.Find("a.button").Attr("href")
	b.get(back).shows(onRules)
	refused.press("Me déconnecter").shows("Vous êtes déconnecté")
	p = w.browser().get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", own).shows(onRules)
	p.finish(u).shows("arrived as " + u.ID)
}

func TestTextIsAcceptedAsItWasShown(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(storage.Rules, "1", "Première version.")
	w.publish(storage.Terms, "1", "c")
	u := w.person(storage.Individual, "odile@example.org")
	p := w.browser().login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", u.Email).submit("nouveau_mot_de_passe", own).shows(onRules)
	p = p.submit().shows(onRules).says("Cochez la case pour accepter les règles d’usage.")
	if p.status != http.StatusUnprocessableEntity || p.Find("#accepte").AttrOr("aria-invalid", "") != "true" {
		t.Errorf("status %d", p.status)
	}
	w.move(time.Minute)
	second := w.publish(storage.Rules, "2", "Deuxième version.")
	p = p.submit("accepte", "oui").shows(onRules).says("Deuxième version.")
	p = p.submit("accepte", "oui").shows(onTerms).submit("accepte", "oui").shows(onAccount)
	accepted, err := w.DB.Acceptances(t.Context(), u.ID)
	if err != nil || len(accepted) != 2 || accepted[0].DocumentID != second.ID {
		t.Errorf("acceptances = %+v, %v; want version 2 only", accepted, err)
	}

	// A new version is asked at the next visit, with what changes.
	w.move(time.Minute)
	third := w.publish(storage.Rules, "3", "Troisième version.")
	p = p.b.get("/").shows("Les règles d’usage ont changé").says("Ce qui change : les horaires de l’aide.").says("Elles s’appliquent depuis le 23 novembre 2026.")
	if strings.Contains(p.Text(), "Étape") {
		t.Error("a later visit counts steps")
	}
	p.submit("accepte", "oui").shows(onAccount)
	if accepted, err = w.DB.Acceptances(t.Context(), u.ID); err != nil || len(accepted) != 3 || accepted[2].SHA256 != third.SHA256 {
		t.Errorf("acceptances = %+v, %v", accepted, err)
	}
	// Every version stays readable, by anybody.
	w.browser().get("/textes/rules/1").shows("Règles d’usage").says("Première version.").says("Version 1 du 23 novembre 2026.")
	for _, path := range []string{"/textes/rules/9", "/textes/other/1", "/textes/rules/%00", "/textes/rules/%ff"} {
		if p := w.browser().get(path); p.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
}

func TestManipulatedTextCannotBeAccepted(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(storage.Rules, "1", "Première version.")
	u := w.person(storage.Individual, "odile@example.org")
	p := w.browser().login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", u.Email).submit("nouveau_mot_de_passe", own).shows(onRules)
	w.exec(`UPDATE documents SET text = 'Autre chose.'`)
	if p := p.submit("accepte", "oui"); p.status != http.StatusInternalServerError {
		t.Errorf("status %d", p.status)
	}
	if accepted, err := w.DB.Acceptances(t.Context(), u.ID); err != nil || len(accepted) != 0 {
		t.Errorf("acceptances = %v, %v", accepted, err)
	}
}
