package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

const (
	onSelfPassword = "Changer mon mot de passe"
	changedTo      = "sept tulipes sur le balcon"
)

// The password is changed with the current one: the old one is dead, this
// browser has another cookie, the others are signed out, and the person is told.
func TestPersonChangesPassword(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		here, there := w.activate(), w.Browser()
		w.signIn(there)
		w.Clock.Advance(time.Minute)
		cookie, before := here.Cookie(w.URL, "session"), w.user()
		page := here.Get(w.URL + "/compte")
		page = here.Get(w.URL + page.Find(`main a[href="/compte/mot-de-passe"]`).AttrOr("href", ""))
		expect(t, page, onSelfPassword)
		if _, checked := page.Find("#autres").Attr("checked"); !checked {
			t.Error("the box is not checked")
		}
		for _, test := range []struct{ current, typed, says string }{
			{"", changedTo, "Saisissez votre mot de passe actuel."},
			{own, "court", "Le mot de passe doit avoir 12 caractères au moins."},
			{own, own, "Choisissez un mot de passe différent de l’ancien."},
			{"pas le bon du tout", changedTo, "Le mot de passe actuel n’est pas correct."},
		} {
			refused := page.Submit("mot_de_passe", test.current, "nouveau_mot_de_passe", test.typed)
			if refused.Status != http.StatusUnprocessableEntity || !refused.Says(test.says) {
				t.Errorf("%q, %q: %d\n%s", test.current, test.typed, refused.Status, refused.Find("main").Text())
			}
		}
		if w.user().PasswordHash != before.PasswordHash {
			t.Fatal("a refused form has changed the password")
		}
		auth, err := w.DB.SessionsOfUser(t.Context(), before.ID)
		if err != nil {
			t.Fatal(err)
		}
		page = page.Submit("mot_de_passe", own, "nouveau_mot_de_passe", changedTo)
		expect(t, page, onSelf)
		if !page.Says("Votre mot de passe est changé.") {
			t.Errorf("afterwards:\n%s", page.Find("main").Text())
		}
		if here.Cookie(w.URL, "session") == cookie {
			t.Error("the browser has the same cookie as before")
		}
		expect(t, there.Get(w.URL+"/compte"), onExpired)
		left, err := w.DB.SessionsOfUser(t.Context(), before.ID)
		if err != nil || len(left) != 1 || left[0].ID != auth[1].ID || left[0].AuthenticatedAt != auth[1].AuthenticatedAt {
			t.Errorf("sessions %+v, %v: want the first one with its time of sign-in", left, err)
		}
		if page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own); !page.Says(wrongCouple) {
			t.Errorf("the old password: « %s »", page.H1())
		}
		expect(t, w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", changedTo), onAccount)
		w.Deliver()
		if text := passwordNotice(t, w); !strings.Contains(text, "Vos autres appareils ont été déconnectés.") {
			t.Errorf("the mail: %s", text)
		}
		events, err := w.DB.AuditOf(t.Context(), before.ID, 20)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int{}
		for _, e := range events {
			found[e.Action+" "+e.Details["others"]]++
		}
		if found["password.changed signed out"] != 1 || found["password.refused "] != 1 {
			t.Errorf("journal: %v", found)
		}
	})
}

// Whoever unchecks the box stays signed in elsewhere, and the mail says nothing
// else.
func TestPasswordChangeMayKeepOtherBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	here, there := w.activate(), w.Browser()
	w.signIn(there)
	expect(t, here.Post(w.URL+"/compte/mot-de-passe", url.Values{"mot_de_passe": {own}, "nouveau_mot_de_passe": {changedTo}}), onSelf)
	expect(t, there.Get(w.URL+"/compte"), onSelf)
	w.Deliver()
	if text := passwordNotice(t, w); strings.Contains(text, "déconnectés") {
		t.Errorf("the mail: %s", text)
	}
}

// passwordNotice is the text of the only mail that tells of a new password.
func passwordNotice(t *testing.T, w world) string {
	t.Helper()
	var found []string
	for _, m := range w.MailsTo("odile@exemple.fr") {
		if m.Subject == "Votre mot de passe a été changé" {
			found = append(found, m.Text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d mails tell of a new password, want 1", len(found))
	}
	return found[0]
}

// class 6: the current password is guessed no more often here than at the
// sign-in, and during the wait not even the right one passes.
func TestGuessingTheCurrentPasswordIsThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	form := func(current string) *providertest.Page {
		return b.Post(w.URL+"/compte/mot-de-passe", url.Values{"mot_de_passe": {current}, "nouveau_mot_de_passe": {changedTo}})
	}
	for i := range 5 {
		if page := form("pas le bon du tout"); !page.Says("Le mot de passe actuel n’est pas correct.") {
			t.Fatalf("try %d: %d\n%s", i+1, page.Status, page.Find("main").Text())
		}
	}
	page := form(own)
	if page.Status != http.StatusTooManyRequests || page.Header.Get("Retry-After") != "120" || !page.Says("attendez 2 minutes") {
		t.Errorf("during the wait: %d, Retry-After %q\n%s", page.Status, page.Header.Get("Retry-After"), page.Find("main").Text())
	}
	// It is the counter of the sign-in.
	if page := b.Get(w.URL + "/deconnexion").Press("Me déconnecter"); page.H1() != onLoggedOut {
		t.Fatal(page.H1())
	}
	if page := b.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own); page.Status != http.StatusTooManyRequests {
		t.Errorf("the sign-in answers %d", page.Status)
	}
	w.Clock.Advance(2 * time.Minute)
	w.signIn(b)
	expect(t, form(own), onSelf)
}

// class 15: when a write fails, the password, the sessions and the cookie are
// what they were.
func TestFailedWriteChangesNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	db := outside(t, w.Provider)
	page := b.Get(w.URL + "/compte/mot-de-passe")
	cookie := b.Cookie(w.URL, "session")
	for _, table := range []string{"users", "sessions", "known_browsers", "messages", "audit", "audit_head"} {
		before := dump(t, db, "failures", "throttles")
		repair := breakWrites(t, db, table, "ABORT")
		failed(t, table, page.Submit("mot_de_passe", own, "nouveau_mot_de_passe", changedTo))
		repair()
		if after := dump(t, db, "failures", "throttles"); after != before {
			t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
		}
		if b.Cookie(w.URL, "session") != cookie {
			t.Errorf("%s broken: the browser has another session", table)
		}
	}
	expect(t, page.Submit("mot_de_passe", own, "nouveau_mot_de_passe", changedTo), onSelf)
}
