package provider_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/provider/session"
	"loge/storage"
	"loge/storage/storagetest"
)

const onClosing = "Demander la fermeture de mon compte"

// story is what the agency is told of Odile.
func (w world) story() operator.Story {
	w.t.Helper()
	target, err := w.Operator.Find(w.t.Context(), w.identifier)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := w.Operator.Story(w.t.Context(), target.Account, target.Users[0], 20)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// Somebody asks for the access to be closed, sees the request once more before
// it counts, cannot ask twice, and takes it back; the agency sees it meanwhile,
// refuses the second one and tells why, and closes on the third.
func TestPersonAsksForClosing(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		b := w.activate()
		page := b.Get(w.URL + "/compte")
		page = b.Get(w.URL + page.Find(`main a[href="/compte/fermeture"]`).AttrOr("href", ""))
		if expect(t, page, onClosing); !page.Says("L’agence de Valmont vérifie d’abord si le compte est encore nécessaire. Vous aurez une réponse sous un mois.") {
			t.Errorf("the page:\n%s", page.Find("main").Text())
		}
		if refused := page.Submit("raison", strings.Repeat("é", 201)); refused.Status != http.StatusUnprocessableEntity || refused.Find("#raison").AttrOr("value", "") != strings.Repeat("é", 201) {
			t.Errorf("a long reason: %d", refused.Status)
		}
		confirm := page.Submit("raison", "  Je ne loue   plus. ")
		if !confirm.Says("Voulez-vous vraiment demander la fermeture de votre compte ?") || !confirm.Says("Je ne loue plus.") {
			t.Fatalf("no second look:\n%s", confirm.Find("main").Text())
		}
		if _, err := w.DB.OpenClosing(t.Context(), w.user().ID); err == nil {
			t.Fatal("stored before it was confirmed")
		}
		for range 2 { // a second press, or a stale tab
			if page = confirm.Press("Confirmer ma demande"); !page.Says("Vous avez demandé la fermeture de votre compte le") || !page.Says("Je ne loue plus.") {
				t.Errorf("afterwards:\n%s", page.Find("main").Text())
			}
		}
		if !b.Get(w.URL + "/compte").Says("Vous avez demandé la fermeture de votre compte le") {
			t.Error("« Mon compte » does not say it")
		}
		if n := len(mailsAbout(w, "Votre demande de fermeture")); n != 1 {
			t.Errorf("%d mails tell of the request", n)
		}
		open, err := w.DB.OpenClosings(t.Context(), 10)
		if err != nil || len(open) != 1 || open[0].Closing.Reason != "Je ne loue plus." {
			t.Errorf("the agency's list: %+v, %v", open, err)
		}
		if s := w.story(); !strings.Contains(s.Next, "loge account keep 'LOG 1A2B3C4D' --reason") || !slices.ContainsFunc(s.Chapters, func(c operator.Chapter) bool {
			return c.What == "asked for the access to be closed: Je ne loue plus."
		}) {
			t.Errorf("the agency reads %q and\n%v", s.Next, s.Chapters)
		}

		page = b.Get(w.URL + "/compte/fermeture").Press("Retirer ma demande")
		if expect(t, page, onSelf); !page.Says("Votre demande de fermeture est retirée.") {
			t.Errorf("withdrawn:\n%s", page.Find("main").Text())
		}
		expect(t, b.Post(w.URL+"/compte/fermeture/retirer", url.Values{}), onSelf) // once more, from an old tab
		if s := w.story(); strings.Contains(s.Next, "keep") {
			t.Errorf("the agency reads %q", s.Next)
		}
		if n := len(mailsAbout(w, "Votre demande de fermeture est retirée")); n != 1 {
			t.Errorf("%d mails tell of the withdrawal", n)
		}

		w.Clock.Advance(time.Minute)
		ask := func() { b.Get(w.URL + "/compte/fermeture").Submit().Press("Confirmer ma demande") }
		ask()
		target, err := w.Operator.Find(t.Context(), w.identifier)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Operator.RefuseClosing(t.Context(), target, ""); err == nil {
			t.Error("refused without a reason")
		}
		if _, err := w.Operator.RefuseClosing(t.Context(), target, "Un locataire touche encore une aide."); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Operator.RefuseClosing(t.Context(), target, "encore"); err == nil || !strings.Contains(err.Error(), "--closing") {
			t.Errorf("refused twice: %v", err)
		}
		if mails := mailsAbout(w, "Réponse à votre demande de fermeture"); len(mails) != 1 || !strings.Contains(mails[0].Text, "Un locataire touche encore une aide.") {
			t.Errorf("mails: %v", mails)
		}

		w.Clock.Advance(time.Minute)
		ask()
		if _, err := w.Operator.Do(t.Context(), operator.Order{Act: account.Close, Target: target}); err != nil {
			t.Fatal(err)
		}
		if open, err := w.DB.OpenClosings(t.Context(), 10); err != nil || len(open) != 0 {
			t.Errorf("the closed one is still on the list: %+v, %v", open, err)
		}
		if _, err := w.DB.OpenClosing(t.Context(), target.Users[0].ID); err == nil {
			t.Error("the request is open although the access is closed")
		}
	})
}

func mailsAbout(w world, subject string) (found []providertest.Mail) {
	w.t.Helper()
	w.Deliver()
	for _, m := range w.MailsTo(oldAddress) {
		if m.Subject == subject {
			found = append(found, m)
		}
	}
	return found
}

// The request needs a recent proof of who sits there, and comes back to itself.
func TestClosingNeedsARecentProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	open := b.Get(w.URL + "/compte/fermeture").Submit()
	w.Clock.Advance(2 * session.RecentFor) // the form was left open
	page := open.Press("Confirmer ma demande")
	expect(t, page, onConfirm)
	if _, err := w.DB.OpenClosing(t.Context(), w.user().ID); err == nil {
		t.Fatal("asked without a recent proof")
	}
	expect(t, page.Submit("mot_de_passe", own), onClosing)
}

// The only administrator of an organisation is told to hand the role over first.
func TestLastAdministratorCannotAskForClosing(t *testing.T) {
	t.Parallel()
	w, _ := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	w.password = "seize caractères au moins pour elle"
	b := w.Browser()
	w.walk(b.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	page := b.Get(w.URL + "/compte/fermeture")
	if !page.Says("Vous êtes le seul administrateur de Habitat des Rives.") || !page.Says("Passez d’abord votre rôle à une autre personne.") || page.Find(`form[action="/compte/fermeture"]`).Length() != 0 {
		t.Errorf("the page:\n%s", page.Find("main").Text())
	}
	b.Post(w.URL+"/compte/fermeture", url.Values{"choix": {"confirmer"}})
	u := userOf(t, w.Provider, identifier)
	if _, err := w.DB.OpenClosing(t.Context(), u.ID); err == nil {
		t.Error("a forged form asked all the same")
	}
	// With a second administrator he may.
	other := u
	other.ID, other.Identifier, other.Email, other.EmailKey = storage.NewID(), "LOG5X5X5X5X", "deux@rives.example", "deux@rives.example"
	if err := w.DB.InTx(t.Context(), func(q *storage.Queries) error { return q.CreateUser(t.Context(), other) }); err != nil {
		t.Fatal(err)
	}
	b.Get(w.URL + "/compte/fermeture").Submit().Press("Confirmer ma demande")
	if _, err := w.DB.OpenClosing(t.Context(), u.ID); err != nil {
		t.Errorf("with a second administrator: %v", err)
	}
}

// class 15: a request is stored with its notice and its line in the journal, or
// not at all.
func TestFailedWriteAsksNoClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	db := outside(t, w.Provider)
	try := func(press string, page *providertest.Page) {
		for _, table := range []string{"closings", "messages", "audit", "audit_head"} {
			before := dump(t, db)
			repair := breakWrites(t, db, table, "ABORT")
			failed(t, press+": "+table, page.Press(press))
			repair()
			if after := dump(t, db); after != before {
				t.Errorf("%s, %s broken: something was stored:\n%s", press, table, difference(before, after))
			}
		}
	}
	page := b.Get(w.URL + "/compte/fermeture").Submit()
	try("Confirmer ma demande", page)
	page = page.Press("Confirmer ma demande")
	try("Retirer ma demande", page)
	expect(t, page.Press("Retirer ma demande"), onSelf)
}
