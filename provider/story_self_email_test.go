package provider_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const (
	onSelfEmail = "Changer mon adresse e-mail"
	onUndo      = "Annuler le changement d’adresse e-mail"
	onUndoDead  = "Ce lien ne marche plus"
	onUndone    = "Le changement est annulé"

	oldAddress = "odile@exemple.fr"
	newAddress = "odile.nouvelle@exemple.fr"
)

// latest is the newest mail to an address with that subject.
func (w world) latest(address, subject string) providertest.Mail {
	w.t.Helper()
	w.Deliver()
	mails := w.MailsTo(address)
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].Subject == subject {
			return mails[i]
		}
	}
	w.t.Fatalf("no mail « %s » to %s", subject, address)
	return providertest.Mail{}
}

// changeEmail brings somebody who is signed in in b to another address, with the
// code that arrives there.
func (w world) changeEmail(b *providertest.Browser, password, to string) *providertest.Page {
	w.t.Helper()
	page := b.Get(w.URL+"/compte/adresse-e-mail").Submit("email", to, "mot_de_passe", password)
	w.Clock.Advance(time.Second)
	page = page.Submit("code", w.Code(to))
	if page.H1() != onSelf || w.user().Email != to {
		w.t.Fatalf("the change ends at « %s »\n%s", page.H1(), page.Find("main").Text())
	}
	return page
}

var undoText = regexp.MustCompile(`http\S+/adresse-e-mail/annuler\?lien=\S+`)

// undoLink is the link in the newest notice to an address.
func (w world) undoLink(address string) string {
	w.t.Helper()
	link := undoText.FindString(w.latest(address, "L’adresse e-mail de votre compte va changer").Text)
	if link == "" {
		w.t.Fatalf("no link for %s", address)
	}
	return link
}

// The address changes once its code is typed; both addresses are told, each what
// it needs to know.
func TestPersonChangesEmail(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		b := w.activate()
		w.Import(marcel)
		w.Clock.Advance(time.Hour / 4)
		page := b.Get(w.URL + "/compte")
		page = b.Get(w.URL + page.Find(`main a[href="/compte/adresse-e-mail"]`).AttrOr("href", ""))
		expect(t, page, onSelfEmail)
		for _, test := range []struct{ email, password, says string }{
			{"", own, "Saisissez votre adresse e-mail."},
			{"odile@", own, "Saisissez une adresse e-mail complète"},
			{"ODILE@exemple.fr", own, "C’est déjà l’adresse e-mail de ce compte."},
			{newAddress, "", "Saisissez votre mot de passe actuel."},
			{newAddress, "pas le bon du tout", "Le mot de passe actuel n’est pas correct."},
		} {
			refused := page.Submit("email", test.email, "mot_de_passe", test.password)
			if refused.Status != http.StatusUnprocessableEntity || !refused.Says(test.says) || refused.Find("#email").AttrOr("value", "") != test.email {
				t.Errorf("%q: %d\n%s", test.email, refused.Status, refused.Find("main").Text())
			}
		}
		page = page.Submit("email", newAddress, "mot_de_passe", own)
		expect(t, page, onEmail)
		if !b.Get(w.URL + "/compte").Says("L’adresse " + newAddress + " attend son code.") {
			t.Error("« Mon compte » does not lead back to the code")
		}
		first := w.Code(newAddress)
		for typed, says := range map[string]string{"": "Saisissez le code reçu par e-mail.", "12345": "Ce code n’est pas correct"} {
			if refused := page.Submit("code", typed); refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
				t.Errorf("code %q: %d\n%s", typed, refused.Status, refused.Find("main").Text())
			}
		}
		w.Clock.Advance(time.Second)
		page = page.Press("Renvoyer le code")
		if !page.Says("Un nouveau code a été envoyé.") {
			t.Errorf("resent:\n%s", page.Find("main").Text())
		}
		if second := w.Code(newAddress); second != first {
			if refused := page.Submit("code", first); refused.Status != http.StatusUnprocessableEntity {
				t.Errorf("the former code: %d", refused.Status)
			}
		}
		if u := w.user(); u.Email != oldAddress {
			t.Fatalf("the address is %s before its code was typed", u.Email)
		}
		page = page.Submit("code", w.Code(newAddress))
		expect(t, page, onSelf)
		if u := w.user(); !page.Says("Votre adresse e-mail est changée.") || u.Email != newAddress || u.EmailVerifiedAt.Time() != w.Clock.Now() {
			t.Errorf("afterwards %s\n%s", u.Email, page.Find("main").Text())
		}
		expect(t, b.Get(w.URL+"/compte/adresse-e-mail/code"), onSelf) // the back button

		notice := w.latest(oldAddress, "L’adresse e-mail de votre compte va changer")
		if !strings.Contains(notice.Text, "o•••@e•••.fr") || strings.Contains(notice.Text, newAddress) || !undoText.MatchString(notice.Text) || !strings.Contains(notice.Text, "Bonjour,") {
			t.Errorf("the notice to the former address:\n%s", notice.Text)
		}
		here := w.latest(newAddress, "Votre adresse e-mail est changée")
		if undoText.MatchString(here.Text) || !strings.Contains(here.Text, "45675320380001") {
			t.Errorf("the notice to the new address:\n%s", here.Text)
		}
		events, err := w.DB.AuditOf(t.Context(), w.user().ID, 50)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int{}
		for _, e := range events {
			found[e.Action]++
		}
		if found["email.change_asked"] != 2 || found["email.changed"] != 1 {
			t.Errorf("journal: %v", found)
		}
	})
}

// class 1: who has an address, or gave it up less than a day ago, is not told;
// and only to who knows the password.
func TestAddressOfSomebodyElseCannotBeTaken(t *testing.T) {
	t.Parallel()
	w, odiles, marcels := selfWorld(t, "")
	w.changeEmail(odiles, own, newAddress)
	for _, address := range []string{oldAddress, newAddress, strings.ToUpper(newAddress)} {
		page := marcels.Post(w.URL+"/compte/adresse-e-mail", url.Values{"email": {address}, "mot_de_passe": {own}})
		if page.Status != http.StatusUnprocessableEntity || !page.Says("Cette adresse e-mail ne peut pas être utilisée pour ce compte. Choisissez-en une autre.") {
			t.Errorf("%s: %d\n%s", address, page.Status, page.Find("main").Text())
		}
		page = marcels.Post(w.URL+"/compte/adresse-e-mail", url.Values{"email": {address}, "mot_de_passe": {"pas le bon du tout"}})
		if page.Says("ne peut pas être utilisée") {
			t.Errorf("%s: told without the password", address)
		}
	}
}

// Two people ask for the same free address: the first code typed wins, and the
// other is told the neutral sentence.
func TestAddressConfirmedByTwo(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w, odiles, marcels := selfWorld(t, database)
		const wanted = "libre@exemple.fr"
		hers := odiles.Get(w.URL+"/compte/adresse-e-mail").Submit("email", wanted, "mot_de_passe", own)
		code := w.Code(wanted)
		his := marcels.Get(w.URL+"/compte/adresse-e-mail").Submit("email", wanted, "mot_de_passe", own)
		w.Clock.Advance(time.Second)
		expect(t, hers.Submit("code", code), onSelf)
		page := his.Submit("code", w.Code(wanted))
		if page.H1() != onSelfEmail || !page.Says("Cette adresse e-mail ne peut pas être utilisée pour ce compte.") {
			t.Errorf("« %s »\n%s", page.H1(), page.Find("main").Text())
		}
		if got := w.user().Email; got != wanted {
			t.Errorf("Odile's address is %s", got)
		}
	})
}

// A thief who changed the address and then asked for codes of his own telephone
// keeps nobody out; what the owner had set up before the change stays.
func TestTakingTheChangeBackEndsAYoungerFactor(t *testing.T) {
	for _, test := range []struct {
		first string
		left  int
	}{{"the change", 0}, {"the factor", 1}} {
		t.Run(test.first+" first", func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, database string) {
				w := newWorld(t, providertest.Options{Database: database})
				b := w.activate()
				if test.left == 1 {
					w.protect(b)
				}
				w.changeEmail(b, own, newAddress)
				if test.left == 0 {
					w.protect(b)
				}
				expect(t, w.Browser().Get(w.undoLink(oldAddress)).Press("Annuler le changement"), onUndone)
				factors, err := w.DB.FactorsOf(t.Context(), w.user().ID)
				if err != nil || len(factors) != test.left {
					t.Errorf("%d factors are left, want %d; %v", len(factors), test.left, err)
				}
			})
		})
	}
}

// The former address takes the change back: looking changes nothing, the link
// works once, the thief is out everywhere and his password is dead.
func TestFormerAddressTakesTheChangeBack(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		thief, other := w.activate(), w.Browser()
		w.signIn(other)
		token := w.partner.Last().Token
		w.changeEmail(thief, own, newAddress)
		link := w.undoLink(oldAddress)
		w.Clock.Advance(23 * time.Hour)
		owner := w.Browser()
		for range 2 { // a mail scanner, then the person
			page := owner.Get(link)
			if expect(t, page, onUndo); !page.Says("o•••@e•••.fr") || page.Says(newAddress) {
				t.Errorf("the page:\n%s", page.Find("main").Text())
			}
		}
		if u := w.user(); u.Email != newAddress || u.PasswordHash == "" {
			t.Fatal("looking has changed something")
		}
		page := owner.Get(link)
		done := page.Press("Annuler le changement")
		if expect(t, done, onUndone); done.Find(`main a[href="/mot-de-passe-oublie"]`).Length() != 1 {
			t.Errorf("afterwards:\n%s", done.Find("main").Text())
		}
		u := w.user()
		if u.Email != oldAddress || u.EmailKey != oldAddress || u.PasswordHash != "" {
			t.Errorf("user: %s, password left: %v", u.Email, u.PasswordHash != "")
		}
		if left, err := w.DB.SessionsOfUser(t.Context(), u.ID); err != nil || len(left) != 0 {
			t.Errorf("%d sessions live on, %v", len(left), err)
		}
		if answer := w.partner.UserInfo(t, w.URL, token.AccessToken); answer.Status != http.StatusUnauthorized {
			t.Errorf("userinfo: %+v", answer)
		}
		if page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own); !page.Says(wrongCouple) {
			t.Errorf("the thief's password: « %s »", page.H1())
		}
		// Once: a replay and an old tab are told so, and nothing changes.
		if again := page.Press("Annuler le changement"); again.Status != http.StatusGone || again.H1() != onUndoDead {
			t.Errorf("a second time: %d « %s »", again.Status, again.H1())
		}
		expect(t, owner.Get(link), onUndoDead)
		if text := w.latest(oldAddress, "Le changement d’adresse e-mail est annulé").Text; !strings.Contains(providertest.Squeeze(text), "« Mot de passe oublié »") {
			t.Errorf("the mail: %s", text)
		}
		events, err := w.DB.AuditOf(t.Context(), u.ID, 20)
		if err != nil || !slices.ContainsFunc(events, func(e storage.AuditEvent) bool { return e.Action == "email.restored" && e.Details["by"] == "link" }) {
			t.Errorf("journal: %+v, %v", events, err)
		}
		// The way in again.
		owner.Get(w.URL+"/mot-de-passe-oublie").Submit("email", oldAddress)
		w.Deliver()
		_, provisional := providertest.ReadCredentials(w.MailsTo(oldAddress))
		w.password = changedTo
		w.walk(owner.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", provisional), onAccount)
	})
}

// class 17: the link ends after a day, to the second; class 5: nobody else's,
// no changed and no older one works.
func TestLinkThatTakesTheChangeBackEnds(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		w := newWorld(t, providertest.Options{})
		b := w.activate()
		w.changeEmail(b, own, newAddress)
		link := w.undoLink(oldAddress)
		undo, err := w.DB.OpenEmailUndo(t.Context(), w.user().ID, storage.At(w.Clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		owner := w.Browser()
		page := owner.Get(link)
		for _, wrong := range []string{link + "x", link[:len(link)-1], strings.Replace(link, "lien=", "lien=x", 1), w.URL + "/adresse-e-mail/annuler", w.URL + "/adresse-e-mail/annuler?lien=" + undo.ID + ".",
			w.URL + "/adresse-e-mail/annuler?lien=" + strings.Repeat("a", 5000)} {
			if answer := owner.Get(wrong); answer.Status != http.StatusGone || answer.H1() != onUndoDead {
				t.Errorf("%.80s: %d « %s »", wrong, answer.Status, answer.H1())
			}
			at := parse(t, wrong)
			if answer := owner.Post(w.URL+at.Path, at.Query()); answer.Status != http.StatusGone {
				t.Errorf("POST %.80s: %d « %s »", wrong, answer.Status, answer.H1())
			}
		}
		set(t, w.Clock, undo.ExpiresAt+m.after)
		want := onUndoDead
		if m.live {
			want = onUndone
		}
		expect(t, page.Press("Annuler le changement"), want)
		if restored := w.user().Email == oldAddress; restored != m.live {
			t.Errorf("%s: restored %v", m.name, restored)
		}
	}
}

// A thief who changes the address twice gains nothing: the first owner's link
// still takes it all back, and the thief's own links are dead then.
func TestSecondChangeDoesNotShakeTheFirstOwnerOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	thief := w.activate()
	w.changeEmail(thief, own, newAddress)
	link := w.undoLink(oldAddress)
	w.changeEmail(thief, own, "voleur@exemple.fr")
	his := w.undoLink(newAddress)
	expect(t, w.Browser().Get(link).Press("Annuler le changement"), onUndone)
	if u := w.user(); u.Email != oldAddress {
		t.Errorf("the address is %s", u.Email)
	}
	expect(t, w.Browser().Get(his), onUndoDead)
}

// An address changed recently opens nothing: « Mot de passe oublié » sends the
// new one no password, and the former one the way to take the change back. A day
// later it works as for everybody; nothing on any page tells the difference.
func TestAddressChangedRecentlyOpensNothing(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		thief := w.activate()
		w.changeEmail(thief, own, newAddress)
		link := w.undoLink(oldAddress)
		ask := func(address string) *providertest.Page {
			t.Helper()
			page := w.Browser().Get(w.URL+"/mot-de-passe-oublie").Submit("email", address)
			w.Deliver()
			return page
		}
		w.Clock.Advance(time.Minute)
		before := len(w.MailsTo(newAddress))
		hers, nobodys := ask(newAddress), ask("personne@exemple.fr")
		if a, b := providertest.Squeeze(hers.Find("main").Text()), providertest.Squeeze(nobodys.Find("main").Text()); strings.ReplaceAll(a, newAddress, "X") != strings.ReplaceAll(b, "personne@exemple.fr", "X") {
			t.Errorf("the pages differ:\n%s\n%s", a, b)
		}
		for _, m := range w.MailsTo(newAddress)[before:] {
			if _, provisional := providertest.ReadCredentials([]providertest.Mail{m}); provisional != "" || !strings.Contains(providertest.Squeeze(m.Text), "il y a moins de 24 heures") {
				t.Errorf("to the new address:\n%s", m.Text)
			}
		}
		if len(w.MailsTo(newAddress)) != before+1 {
			t.Error("the new address is not told to wait")
		}
		if live, err := w.DB.LiveProvisionals(t.Context(), w.user().ID, storage.At(w.Clock.Now())); err != nil || len(live) != 0 {
			t.Errorf("provisional passwords: %v, %v", live, err)
		}
		// The agency is told as well, and may write a letter.
		target, err := w.Operator.Find(t.Context(), w.identifier)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Operator.Do(t.Context(), operator.Order{Act: account.Reset, Target: target}); err == nil || !strings.Contains(err.Error(), "--letter") {
			t.Errorf("a reset by e-mail: %v", err)
		}
		if _, err := w.Operator.Do(t.Context(), operator.Order{Act: account.Reset, Target: target, Letter: true}); err != nil {
			t.Errorf("a reset by letter: %v", err)
		}
		// The former address gets a link, and the one of the first mail is dead.
		ask(oldAddress)
		second := w.undoLink(oldAddress)
		if second == link {
			t.Error("the former address was sent nothing")
		}
		expect(t, w.Browser().Get(link), onUndoDead)
		expect(t, w.Browser().Get(second), onUndo)

		w.Clock.Advance(24 * time.Hour)
		ask(newAddress)
		if live, err := w.DB.LiveProvisionals(t.Context(), w.user().ID, storage.At(w.Clock.Now())); err != nil || len(live) != 1 {
			t.Errorf("a day later: %v, %v", live, err)
		}
	})
}

// What was asked for before the change does not follow to the new address.
func TestResetAskedBeforeTheChangeDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	page := b.Get(w.URL+"/compte/adresse-e-mail").Submit("email", newAddress, "mot_de_passe", own)
	code := w.Code(newAddress)
	w.Clock.Advance(time.Second)
	w.Browser().Get(w.URL+"/mot-de-passe-oublie").Submit("email", oldAddress)
	if _, err := w.Help(t.Context()); err != nil { // the mail waits in the outbox
		t.Fatal(err)
	}
	expect(t, page.Submit("code", code), onSelf)
	w.Deliver()
	if live, err := w.DB.LiveProvisionals(t.Context(), w.user().ID, storage.At(w.Clock.Now())); err != nil || len(live) != 0 {
		t.Errorf("provisional passwords: %v, %v", live, err)
	}
}

// class 6: codes are counted as at the first sign-in.
func TestCodesForANewAddressAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	page := b.Get(w.URL+"/compte/adresse-e-mail").Submit("email", newAddress, "mot_de_passe", own)
	code := w.Code(newAddress)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for range storage.EmailCodeTries {
		page.Submit("code", wrong)
	}
	if dead := page.Submit("code", code); dead.Status != http.StatusUnprocessableEntity {
		t.Errorf("the right code after five wrong ones: %d", dead.Status)
	}
	for range storage.EmailCodeSendings - 1 {
		w.Clock.Advance(time.Second)
		page = page.Press("Renvoyer le code")
	}
	if refused := page.Press("Renvoyer le code"); refused.Status != http.StatusUnprocessableEntity || !refused.Says("Trop de demandes.") {
		t.Errorf("a sixth code: %d\n%s", refused.Status, refused.Find("main").Text())
	}
	if refused := b.Get(w.URL+"/compte/adresse-e-mail").Submit("email", "encore@exemple.fr", "mot_de_passe", own); !refused.Says("Trop de demandes.") {
		t.Errorf("a sixth code for another address: %d\n%s", refused.Status, refused.Find("main").Text())
	}
	if u := w.user(); u.Email != oldAddress {
		t.Errorf("the address is %s", u.Email)
	}
}

// Names, telephone and fonction are changed without more ado; the journal says
// what, never how.
func TestPersonChangesDetails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	page := b.Get(w.URL + "/compte/renseignements")
	expect(t, page, "Modifier mes renseignements")
	refused := page.Submit("prenom", " ", "nom", strings.Repeat("x", 81), "telephone", "12")
	for _, says := range []string{"Saisissez votre prénom.", "Le nom ne doit pas dépasser 80 caractères.", "Saisissez un numéro de téléphone"} {
		if refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
			t.Errorf("%d, does not say %q", refused.Status, says)
		}
	}
	page = page.Submit("prenom", "Odile-Marie", "telephone", "06 12 34 56 78")
	if expect(t, page, onSelf); !page.Says("Vos renseignements sont enregistrés.") || !page.Says("Odile-Marie Marchand") || !page.Says("06 12 34 56 78") {
		t.Errorf("afterwards:\n%s", page.Find("main").Text())
	}
	events, err := w.DB.AuditOf(t.Context(), w.user().ID, 1)
	if err != nil || events[0].Action != "details.changed" || events[0].Details["fields"] != "given name, phone" || len(events[0].Details) != 1 {
		t.Errorf("journal: %+v, %v", events, err)
	}
	if u := w.user(); u.Email != oldAddress || u.FamilyName != "Marchand" {
		t.Errorf("user %+v", u)
	}
}

// class 15: when a write fails, address, sessions and password are what they were.
func TestFailedWriteChangesNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	db := outside(t, w.Provider)
	page := b.Get(w.URL+"/compte/adresse-e-mail").Submit("email", newAddress, "mot_de_passe", own)
	code := w.Code(newAddress)
	for _, table := range []string{"email_changes", "users", "email_undos", "messages", "audit", "audit_head"} {
		before := dump(t, db)
		repair := breakWrites(t, db, table, "ABORT")
		failed(t, table, page.Submit("code", code))
		repair()
		if after := dump(t, db); after != before {
			t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
		}
	}
	expect(t, page.Submit("code", code), onSelf)
	page = w.Browser().Get(w.undoLink(oldAddress))
	for _, table := range []string{"email_undos", "users", "sessions", "known_browsers", "messages", "audit", "audit_head"} {
		before := dump(t, db)
		repair := breakWrites(t, db, table, "ABORT")
		failed(t, table, page.Press("Annuler le changement"))
		repair()
		if after := dump(t, db); after != before {
			t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
		}
	}
	expect(t, page.Press("Annuler le changement"), onUndone)
}
