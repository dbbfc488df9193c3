package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/provider/session"
	"loge/storage/storagetest"
)

const onConfirm = "Confirmez que c’est vous"

// The password typed again is a proof for ten minutes: the browser has another
// cookie, and the time of the sign-in stays.
func TestPersonConfirms(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		b := w.activate()
		signedIn, err := w.DB.SessionsOfUser(t.Context(), w.user().ID)
		if err != nil {
			t.Fatal(err)
		}
		// Right after the sign-in nothing is asked.
		expect(t, b.Get(w.URL+"/compte/confirmer?retour=/compte/mot-de-passe"), onSelfPassword)
		w.Clock.Advance(session.RecentFor)
		page := b.Get(w.URL + "/compte/confirmer?retour=/compte/mot-de-passe")
		expect(t, page, onConfirm)
		for typed, says := range map[string]string{"": "Saisissez votre mot de passe actuel.", "pas le bon du tout": "Le mot de passe actuel n’est pas correct."} {
			if refused := page.Submit("mot_de_passe", typed); refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
				t.Errorf("%q: %d\n%s", typed, refused.Status, refused.Find("main").Text())
			}
		}
		cookie := b.Cookie(w.URL, "session")
		expect(t, page.Submit("mot_de_passe", own), onSelfPassword)
		if b.Cookie(w.URL, "session") == cookie {
			t.Error("the browser has the same cookie as before")
		}
		now, err := w.DB.SessionsOfUser(t.Context(), w.user().ID)
		if err != nil || len(now) != 1 || now[0].AuthenticatedAt != signedIn[0].AuthenticatedAt || now[0].ConfirmedAt.Time() != w.Clock.Now() || now[0].ExpiresAt != signedIn[0].ExpiresAt {
			t.Errorf("session %+v, %v", now, err)
		}
		events, err := w.DB.AuditOf(t.Context(), w.user().ID, 2)
		if err != nil || events[0].Action != "session.confirmed" || events[1].Action != "password.refused" {
			t.Errorf("journal: %+v, %v", events, err)
		}
		w.Clock.Advance(session.RecentFor - time.Second)
		expect(t, b.Get(w.URL+"/compte/confirmer"), onSelf)
		w.Clock.Advance(time.Second)
		expect(t, b.Get(w.URL+"/compte/confirmer"), onConfirm)
	})
}

// class 6: the password is guessed no more often here than at the sign-in.
func TestGuessingAtTheConfirmationIsThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.Clock.Advance(session.RecentFor)
	page := b.Get(w.URL + "/compte/confirmer")
	for range 5 {
		expect(t, page.Submit("mot_de_passe", "pas le bon du tout"), onConfirm)
	}
	if page = page.Submit("mot_de_passe", own); page.Status != http.StatusTooManyRequests || page.Header.Get("Retry-After") != "120" {
		t.Errorf("during the wait: %d, Retry-After %q\n%s", page.Status, page.Header.Get("Retry-After"), page.Find("main").Text())
	}
	if page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own); page.H1() != onAccount {
		t.Errorf("another browser waits too: « %s »", page.H1()) // strangers' failures are counted apart from the known browser's
	}
}

// elsewhere are addresses that somebody may be lured with: none is gone to.
var elsewhere = []string{"https://ailleurs.example/", "//ailleurs.example/compte", "/\\ailleurs.example", "\\\\ailleurs.example", "javascript:alert(1)", "data:text/html,x",
	"/compte/../deconnexion", "/compte//x", "/comptes", "/deconnexion", "/oauth2/authorize?client_id=loyers", "http:/compte", "//", "/", "compte", "/compte%2f..%2f..", "?x", "#x", " /compte",
	"/compte\r\nX: y", "/\t/ailleurs.example", "/compte@ailleurs.example", "//x@y/compte", "/compte" + strings.Repeat("x", 5000)}

// class 3: confirming and signing in lead back to pages of ours alone.
func TestNobodyIsSentElsewhereAfterAProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	b.Stay = true
	for _, to := range elsewhere {
		page := b.Get(w.URL + "/compte/confirmer?retour=" + url.QueryEscape(to))
		if location := page.Header.Get("Location"); page.Status != http.StatusSeeOther || location != "/compte" {
			t.Errorf("retour=%.60q leads to %q (%d)", to, location, page.Status)
		}
		page = b.Post(w.URL+"/compte/confirmer", url.Values{"retour": {to}, "mot_de_passe": {own}})
		if location := page.Header.Get("Location"); page.Status != http.StatusSeeOther || location != "/compte" {
			t.Errorf("retour=%.60q in the form leads to %q (%d)", to, location, page.Status)
		}
		page = b.Get(w.URL + "/connexion/suite?demande=" + url.QueryEscape(to))
		if location := page.Header.Get("Location"); page.Status == http.StatusSeeOther && location != "/" || page.Status != http.StatusSeeOther && page.H1() != onFlowExpired {
			t.Errorf("demande=%.60q leads to %q (%d « %s »)", to, location, page.Status, page.H1())
		}
	}
	for to, want := range map[string]string{"/compte/appareils/deconnecter": "/compte", "/compte/textes/rules/1?a=b&c=%22": "/compte/textes/rules/1?a=b&c=%22", "/compte/nulle/part?x": "/compte"} {
		if got := b.Get(w.URL + "/compte/confirmer?retour=" + url.QueryEscape(to)).Header.Get("Location"); got != want {
			t.Errorf("retour=%s leads to %s, want %s", to, got, want)
		}
	}
}

// Whoever has to sign in for a page comes back to it, through whatever step was
// missing; a form that came too late comes back to its page.
func TestSigningInLeadsBackToThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	stranger := w.Browser()
	page := stranger.Get(w.URL + "/compte/mot-de-passe")
	expect(t, page, onLogin)
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", "faux").Submit("identifiant", w.identifier, "mot_de_passe", own), onSelfPassword)

	w.Clock.Advance(time.Hour)
	page = b.Get(w.URL + "/compte/applications")
	expect(t, page, onExpired)
	page = b.Get(w.URL + page.Find("main a.button").AttrOr("href", ""))
	w.Publish("rules", "2", "# Règles d’usage\n\nAutres règles.\n")
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", own)
	expect(t, page, "Les règles d’usage ont changé")
	expect(t, page.Submit("accepte", "oui"), "Applications autorisées")

	open := b.Get(w.URL + "/compte/mot-de-passe")
	over := open.Find("dialog").AttrOr("data-over", "")
	w.Clock.Advance(time.Hour)
	for _, page := range []*providertest.Page{open.Submit("mot_de_passe", own, "nouveau_mot_de_passe", changedTo), b.Get(w.URL + over)} {
		expect(t, page, onExpired)
		if to := page.Find("main a.button").AttrOr("href", ""); to != "/connexion?demande=%2fcompte%2fmot-de-passe" {
			t.Errorf("« Me reconnecter » leads to %s", to)
		}
	}
	if page = b.Get(w.URL + "/compte"); page.H1() != onLogin { // told once
		t.Errorf("« %s »", page.H1())
	}
}
