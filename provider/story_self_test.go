package provider_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const onSelf = "Mon compte"

// selfWorld is Odile with her access opened, and Marcel with his.
func selfWorld(t *testing.T, database string) (w world, odiles, marcels *providertest.Browser) {
	t.Helper()
	w = newWorld(t, providertest.Options{Database: database})
	odiles = w.activate()
	w.Import(marcel)
	other := w.walker
	other.email = "marcel@exemple.fr"
	identifier, provisional := w.PrintedCredentials("45675320380002")
	marcels = w.Browser()
	other.walk(marcels.Get(w.URL+"/").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	return w, odiles, marcels
}

// signIn signs Odile in in a browser.
func (w world) signIn(b *providertest.Browser) {
	w.t.Helper()
	if page := b.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own); page.H1() != onAccount {
		w.t.Fatalf("sign-in ends at « %s »", page.H1())
	}
}

// Somebody looks at his access, ends a browser's session, then all others; the
// application that was opened there is told, and what it holds is dead.
func TestPersonEndsOtherBrowsers(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner()
		w := world{walker: visitor(t, p), partner: partner}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		here := w.activate()
		there, third := w.Browser(), w.Browser()
		expect(t, there.Get(partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own), onPartner)
		token := partner.Last().Token
		w.signIn(third)

		page := here.Get(w.URL + "/")
		expect(t, page, onAccount)
		if page.Find(`header a[href="/compte"]`).Length() != 1 || page.Find(`main a[href="/compte"]`).Length() != 1 {
			t.Error("no link leads from / to /compte")
		}
		page = here.Get(w.URL + "/compte")
		expect(t, page, onSelf)
		for _, text := range []string{"Odile Marchand – numéro utilisateur 45675320380001 – département 69", w.identifier, "(non modifiable)", "odile@exemple.fr",
			"cet appareil", "Réussie, avec un mot de passe provisoire", "Règles d’usage, version 1"} {
			if !page.Says(text) {
				t.Errorf("the page does not say « %s »:\n%s", text, page.Find("main").Text())
			}
		}
		devices := page.Find(`form[action="/compte/appareils/deconnecter"]`)
		if devices.Length() != 2 || page.Find("tbody tr").Length() != 3 {
			t.Fatalf("%d other devices, want 2; %d sign-ins, want 3", devices.Length(), page.Find("tbody tr").Length())
		}
		ended := devices.Eq(1) // the older one
		id := ended.Find("input").AttrOr("value", "")
		page = page.SubmitForm(ended)
		if !page.Says("L’appareil est déconnecté.") || page.Find(`form[action="/compte/appareils/deconnecter"]`).Length() != 1 {
			t.Errorf("afterwards:\n%s", page.Find("main").Text())
		}
		expect(t, there.Get(w.URL+"/compte"), onExpired)
		if answer := partner.UserInfo(t, p.URL, token.AccessToken); answer.Status != 401 {
			t.Errorf("userinfo of the ended session: %+v", answer)
		}
		if logouts, err := w.DB.LogoutsOf(t.Context(), id); err != nil || len(logouts) != 1 {
			t.Errorf("the application is not told: %v, %v", logouts, err)
		}
		expect(t, third.Get(w.URL+"/compte"), onSelf)
		// A second click, as from an old tab, changes nothing.
		expect(t, here.Post(w.URL+"/compte/appareils/deconnecter", url.Values{"session": {id}}), onSelf)

		page = here.Get(w.URL + "/compte").Press("Déconnecter tous les autres appareils")
		if !page.Says("Vos autres appareils sont déconnectés.") || page.Find(`form[action^="/compte/appareils"]`).Length() != 0 {
			t.Errorf("afterwards:\n%s", page.Find("main").Text())
		}
		expect(t, third.Get(w.URL+"/compte"), onExpired)
		// One's own session is not ended by a click on a list.
		events, err := w.DB.AuditOf(t.Context(), w.user().ID, 10)
		if err != nil || events[0].Action != "sessions.ended" || events[1].Action != "session.ended" || events[1].Details["session"] != id {
			t.Errorf("journal: %+v, %v", events, err)
		}
		own, err := w.DB.SessionsOfUser(t.Context(), w.user().ID)
		if err != nil || len(own) != 1 {
			t.Fatalf("%d sessions live on, %v", len(own), err)
		}
		expect(t, here.Post(w.URL+"/compte/appareils/deconnecter", url.Values{"session": {own[0].ID}}), "Voulez-vous vous déconnecter ?")
		expect(t, here.Get(w.URL+"/compte"), onSelf)
	})
}

// class 10: the session of somebody else, and a text that one has not accepted,
// do not exist; nothing is stored.
func TestSelfReachesNothingOfOthers(t *testing.T) {
	t.Parallel()
	w, odiles, marcels := selfWorld(t, "")
	sessions, err := w.DB.SessionsOfUser(t.Context(), w.user().ID)
	if err != nil || len(sessions) != 1 {
		t.Fatal(sessions, err)
	}
	w.Clock.Advance(time.Second)
	w.Publish("rules", "2", "# Règles d’usage\n\nAutres.\n")
	odiles.Get(w.URL+"/").Submit("accepte", "oui")
	expect(t, odiles.Get(w.URL+"/compte/textes/rules/2"), "Preuve d’acceptation des règles d’usage")
	w.Clock.Advance(time.Second)
	w.Publish("rules", "3", "# Règles d’usage\n\nEncore d’autres.\n") // Marcel never sees the second
	for _, b := range []*providertest.Browser{odiles, marcels} {
		expect(t, b.Get(w.URL+"/").Submit("accepte", "oui"), onAccount)
	}
	db := outside(t, w.Provider)
	before := dump(t, db)
	for _, id := range []string{sessions[0].ID, "", "x", storage.NewID(), strings.Repeat("a", 10000)} {
		if page := marcels.Post(w.URL+"/compte/appareils/deconnecter", url.Values{"session": {id}}); page.Status != http.StatusNotFound {
			t.Errorf("ending %.40q answers %d « %s »", id, page.Status, page.H1())
		}
	}
	for _, path := range []string{"/compte/textes/rules/2", "/compte/textes/rules/9", "/compte/textes/x/1", "/compte/textes/rules/'"} {
		if page := marcels.Get(w.URL + path); page.Status != http.StatusNotFound {
			t.Errorf("%s answers %d « %s »", path, page.Status, page.H1())
		}
	}
	if after := dump(t, db); after != before {
		t.Errorf("something was stored:\n%s", difference(before, after))
	}
	expect(t, odiles.Get(w.URL+"/compte"), onSelf)
	stranger := w.Browser()
	for _, path := range []string{"/compte", "/compte/textes/rules/1"} {
		expect(t, stranger.Get(w.URL+path), onLogin)
	}
	for _, path := range []string{"/compte/appareils/deconnecter", "/compte/appareils/autres"} {
		expect(t, stranger.Post(w.URL+path, url.Values{"session": {sessions[0].ID}}), onLogin)
	}
	if after := dump(t, db); after != before {
		t.Errorf("a stranger has stored something:\n%s", difference(before, after))
	}
}

// The proof names the person, the exact version and its hash, whatever was
// published since.
func TestProofOfAcceptanceShowsTheExactText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.Clock.Advance(time.Second)
	w.Publish("rules", "2", "# Règles d’usage\n\nAutres règles.\n")
	b.Get(w.URL+"/").Submit("accepte", "oui")
	first, err := w.DB.DocumentByVersion(t.Context(), storage.Rules, "1")
	if err != nil {
		t.Fatal(err)
	}
	page := b.Get(w.URL + "/compte")
	link := page.Find(`a[href="/compte/textes/rules/1"]`)
	if link.Length() != 1 || page.Find(`a[href="/textes/rules/1"]`).Text() != "Relire" {
		t.Fatalf("no link to the proof:\n%s", page.Find("main").Text())
	}
	page = b.Get(w.URL + "/compte/textes/rules/1")
	expect(t, page, "Preuve d’acceptation des règles d’usage")
	for _, text := range []string{"Odile Marchand", "45675320380001", first.SHA256, "Votre mot de passe est personnel."} {
		if !page.Says(text) {
			t.Errorf("the proof does not say « %s »:\n%s", text, page.Find("main").Text())
		}
	}
	if page.Says("Autres règles.") {
		t.Error("the proof shows another version")
	}
}

// class 15: when a write fails, no session has ended and the person is told.
func TestFailedWriteEndsNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	here, there := w.activate(), w.Browser()
	w.signIn(there)
	db := outside(t, w.Provider)
	page := here.Get(w.URL + "/compte")
	for _, press := range []string{"Déconnecter", "Déconnecter tous les autres appareils"} {
		for _, table := range []string{"sessions", "audit", "audit_head"} {
			before := dump(t, db)
			repair := breakWrites(t, db, table, "ABORT")
			failed(t, press+": "+table, page.Press(press))
			repair()
			if after := dump(t, db); after != before {
				t.Errorf("%s, %s broken: something was stored:\n%s", press, table, difference(before, after))
			}
		}
	}
	expect(t, there.Get(w.URL+"/compte"), onSelf)
}

// BenchmarkSelf is GET /compte with 30 sign-ins and ten devices, through the
// whole handler, on durable SQLite. The goal is
// a median under 5 ms.
func BenchmarkSelf(b *testing.B) {
	w := newWorld(b, providertest.Options{})
	browser := w.activate()
	u := w.user()
	for i := range 40 {
		now := storage.At(time.Now())
		s := storage.Session{ID: storage.NewID(), IDHash: []byte{byte(i)}, UserID: u.ID, AuthenticatedAt: now, SeenAt: now, ExpiresAt: now + 3600, UserAgent: "Firefox/1 Windows"}
		if i%4 != 0 {
			s.EndedAt = now
		}
		err := w.DB.InTx(context.Background(), func(q *storage.Queries) error {
			if err := q.CreateSession(context.Background(), s); err != nil {
				return err
			}
			return q.Audit(context.Background(), storage.AuditEvent{At: now, Actor: u.ID, Action: "signin.succeeded", Subject: u.ID, Details: map[string]string{"session": s.ID}})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	median(b, w, browser, "/compte")
}
