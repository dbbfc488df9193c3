package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/storage"
)

func TestFlowBelongsToItsBrowser(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	u := w.active("odile@example.org")
	theirs := w.browser().get("/depart").shows(onLogin).url.Query().Get("demande")
	victim := w.browser()
	victim.login(u, own).shows(onAccount)
	for _, path := range []string{"/connexion", "/connexion/suite", "/connexion/partage"} {
		p := victim.get(path + "?demande=" + theirs).shows("Cette demande de connexion a expiré").says("Retournez dans Loyers et recommencez.")
		if p.status != http.StatusGone {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
	victim.post("/connexion/partage", url.Values{"demande": {theirs}, "choix": {"autoriser"}}).shows("Cette demande de connexion a expiré")
	victim.post("/connexion", url.Values{"demande": {theirs}, "identifiant": {u.Identifier}, "mot_de_passe": {own}}).shows("Cette demande de connexion a expiré")
	for _, demande := range []string{"x", "%00", "%ff", "00000000-0000-7000-8000-000000000000", strings.Repeat("9", 5000), "' OR 1=1 --"} {
		victim.get("/connexion/suite?demande=" + url.QueryEscape(demande)).shows("Cette demande de connexion a expiré").says("Retournez dans l’application et recommencez.")
	}
}

func TestFlowExpires(t *testing.T) {
	for _, test := range []struct {
		at time.Duration
		h1 string
	}{{-time.Second, onLogin}, {0, "Cette demande de connexion a expiré"}, {time.Second, "Cette demande de connexion a expiré"}} {
		w := newWorld(t, nil)
		w.client()
		b := w.browser()
		demande := b.get("/depart").shows(onLogin).url.Query().Get("demande")
		w.move(time.Hour + test.at)
		b.get("/connexion?demande=" + demande).shows(test.h1)
	}
}

func TestTwoTabsWithTwoRequestsBothArrive(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	w.publish(storage.Rules, "1", "r")
	u := w.person(storage.Individual, "odile@example.org")
	b := w.browser()
	left, right := b.get("/depart").shows(onLogin), b.get("/depart").shows(onLogin)
	left = left.submit("identifiant", u.Identifier, "mot_de_passe", provisional).shows(onDetails)
	left = left.submit("prenom", "Odile", "nom", "Martin", "email", u.Email).shows(onPassword)
	// The right tab goes on from its sign-in page and finds the work of the left one.
	right = right.submit("identifiant", u.Identifier, "mot_de_passe", provisional).shows(onPassword)
	left.submit("nouveau_mot_de_passe", own) // its session was replaced by the right tab's: same browser, same cookie
	right.b.get("/connexion/suite?demande=" + right.url.Query().Get("demande")).finish(u).shows("arrived as " + u.ID)
	left.b.get("/connexion/suite?demande=" + left.url.Query().Get("demande")).finish(u).shows("arrived as " + u.ID)
}

func TestConsentIsAskedOncePerScope(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	u := w.active("odile@example.org")
	b := w.browser()
	p := b.get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", own).shows(onConsent)
	if strings.Contains(p.Text(), "Votre compte est prêt") {
		t.Error("an old account is announced as ready")
	}
	p.press("Refuser").shows("denied")
	b.get("/depart").shows(onConsent).press("Autoriser").shows("arrived as " + u.ID)
	b.get("/depart").shows("arrived as " + u.ID)
	b.get("/depart?scope=openid").shows("arrived as " + u.ID)
	b.get("/depart?prompt=consent").shows(onConsent).press("Autoriser").shows("arrived as " + u.ID)
	p = b.get("/depart?scope=openid+email+organisme").shows(onConsent).says("votre adresse e-mail")
	if strings.Contains(p.Text(), "SIRET") {
		t.Error("an individual is asked for an organisation's number")
	}
	p.press("Autoriser").shows("arrived as " + u.ID)
	consent, err := w.DB.ConsentOf(t.Context(), u.ID, "loyers")
	if err != nil || consent.Scopes != "bailleur email openid organisme profile" {
		t.Errorf("consent = %+v, %v", consent, err)
	}
	w.exec(`DELETE FROM consents`)
	b.get("/depart?scope=openid").shows(onConsent).says("un numéro propre à cette application")
	w.exec(`UPDATE clients SET consent = 'inform'`)
	b.get("/depart").shows("Vous allez ouvrir Loyers").press("Retour").shows("denied")
	b.get("/depart").shows("Vous allez ouvrir Loyers").press("Continuer").shows("arrived as " + u.ID)
	b.get("/depart").shows("arrived as " + u.ID) // informed once
}

func TestFreshSignInIsAskedAgain(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	u := w.active("odile@example.org")
	b := w.browser()
	b.get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", own).press("Autoriser").shows("arrived as " + u.ID)
	p := b.get("/depart?prompt=login&login_hint=" + strings.ToLower(u.Identifier)).shows(onLogin)
	if got := p.Find("#identifiant").AttrOr("value", ""); got != "LOG "+u.Identifier[3:] {
		t.Errorf("the identifier is filled in with %q", got)
	}
	b.get("/connexion/suite?demande=" + p.url.Query().Get("demande")).shows(onLogin)
	w.move(31 * time.Minute)
	b.get("/depart").shows(onLogin) // nothing was lost, so nothing is told
	p.submit("identifiant", u.Identifier, "mot_de_passe", own).shows("arrived as " + u.ID)
	hint := b.get("/depart?prompt=login&login_hint=" + url.QueryEscape(`"><script>alert(1)</script>`)).shows(onLogin)
	if strings.Contains(hint.body, "alert(1)") {
		t.Error("a hint that is no identifier is shown")
	}
}
