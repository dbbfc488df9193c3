package provider_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const (
	onContact     = "Adresse e-mail de l’organisme"
	onContactCode = "Confirmez l’adresse e-mail de l’organisme"

	houseAddress = "contact@rives.example"
	newHouse     = "accueil@rives.example"
	contactTold  = "L’adresse e-mail de Habitat des Rives a changé"
)

// house is the organisation as it is stored.
func (w office) house() storage.Account {
	w.t.Helper()
	u, err := w.DB.UserByEmail(w.t.Context(), "claire.vidal@rives.example")
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.DB.Account(w.t.Context(), u.AccountID)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// asks types another address of the organisation, and comes to its code.
func (w office) asks(b *providertest.Browser, email string) *providertest.Page {
	w.t.Helper()
	page := b.Get(w.URL+"/organisme/adresse").Submit("email", email)
	expect(w.t, page, onContactCode)
	return page
}

// changes counts how often the journal says that the address changed.
func (w office) changes() (n int) {
	w.t.Helper()
	events, err := w.DB.JournalOf(w.t.Context(), w.house().ID, 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		if e.Action == "organisation.contact_changed" {
			n++
		}
	}
	return n
}

// An administrator gives the organisation another address: the code of the new
// one changes it, the former one and the administrators are told, the journal
// says it.
func TestOrganisationChangesItsAddress(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newOffice(t, providertest.Options{Database: database})
		page := w.boss.Get(w.URL + "/organisme")
		page = w.boss.Get(w.URL + page.Find(`main a[href="/organisme/adresse"]`).AttrOr("href", ""))
		expect(t, page, onContact)
		if !page.Says("L’adresse e-mail de votre organisme est " + houseAddress) {
			t.Errorf("the page says:\n%s", page.Find("main").Text())
		}
		for typed, says := range map[string]string{
			"":                       "Saisissez l’adresse e-mail de l’organisme.",
			"accueil@":               "Saisissez une adresse e-mail complète",
			"a@b.fr\r\nBcc: c@d.fr":  "Saisissez une adresse e-mail complète",
			"CONTACT@rives.example":  "C’est déjà l’adresse e-mail de l’organisme.",
			"Claire <a@b.example>":   "Saisissez une adresse e-mail complète",
			strings.Repeat("a", 400): "Saisissez une adresse e-mail complète",
		} {
			if refused := page.Submit("email", typed); refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
				t.Errorf("%q: %d\n%s", typed, refused.Status, refused.Find("main").Text())
			}
		}
		code := w.asks(w.boss, newHouse)
		if page := w.boss.Get(w.URL + "/organisme/adresse"); !page.Says("L’adresse " + newHouse + " attend son code.") {
			t.Errorf("the page does not lead back to the code:\n%s", page.Find("main").Text())
		}
		first := w.Code(newHouse)
		for typed, says := range map[string]string{"": "Saisissez le code reçu par e-mail.", "12345": "Ce code n’est pas correct"} {
			if refused := code.Submit("code", typed); refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
				t.Errorf("code %q: %d\n%s", typed, refused.Status, refused.Find("main").Text())
			}
		}
		w.Clock.Advance(time.Second)
		if code = code.Press("Renvoyer le code"); !code.Says("Un nouveau code a été envoyé.") {
			t.Errorf("resent:\n%s", code.Find("main").Text())
		}
		second := w.Code(newHouse)
		if second != first {
			if refused := code.Submit("code", first); refused.Status != http.StatusUnprocessableEntity {
				t.Errorf("the former code: %d", refused.Status)
			}
		}
		if a := w.house(); a.ContactEmail != houseAddress || w.changes() != 0 {
			t.Fatalf("the address is %s before its code was typed", a.ContactEmail)
		}
		page = code.Submit("code", second)
		expect(t, page, onContact)
		if !page.Says("L’adresse e-mail de l’organisme est changée.") || !page.Says("est "+newHouse) || w.house().ContactEmail != newHouse {
			t.Errorf("afterwards %s\n%s", w.house().ContactEmail, page.Find("main").Text())
		}

		// Sent again, the form changes nothing and shows the address.
		page = code.Submit("code", second)
		expect(t, page, onContact)
		if !page.Says("Il n’y a plus de code à saisir.") || w.changes() != 1 {
			t.Errorf("sent again:\n%s", page.Find("main").Text())
		}
		expect(t, code.Press("Renvoyer le code"), onContact)

		w.Deliver()
		for _, address := range []string{houseAddress, "claire.vidal@rives.example"} {
			mails := w.MailsTo(address)
			last := mails[len(mails)-1]
			if last.Subject != contactTold || !strings.Contains(providertest.Squeeze(last.Text), "Claire Vidal a changé l’adresse e-mail de Habitat des Rives le") ||
				!strings.Contains(last.Text, "a•••@r•••.example") || strings.Contains(last.Text, newHouse) {
				t.Errorf("%s was told:\n%s\n%s", address, last.Subject, last.Text)
			}
		}
		if got := subjects(w.Provider, newHouse); len(got) != 2 {
			t.Errorf("the new address got %q, want two codes", got)
		}
		journal := w.boss.Get(w.URL + "/organisme/journal")
		if !journal.Says("Claire Vidal a changé l’adresse e-mail de l’organisme.") {
			t.Errorf("the journal says:\n%s", journal.Find("main").Text())
		}
	})
}

// An organisation that is written to by letter gives its first address.
func TestOrganisationWithoutAddressGivesOne(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, "45675320380004;moral;69;Régie du Parc;12345678900029;;;;;5 avenue du Parc;69006 Lyon;;;;;")
	identifier, provisional := w.PrintedCredentials("45675320380004")
	b := w.Browser()
	w.walk(b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	page := b.Get(w.URL + "/organisme/adresse")
	if !page.Says("Votre organisme n’a pas encore d’adresse e-mail ici.") {
		t.Errorf("the page says:\n%s", page.Find("main").Text())
	}
	page = page.Submit("email", "accueil@parc.example").Submit("code", w.Code("accueil@parc.example"))
	if !page.Says("L’adresse e-mail de votre organisme est accueil@parc.example") {
		t.Errorf("afterwards:\n%s", page.Find("main").Text())
	}
	if got := subjects(w.Provider, w.email); got[len(got)-1] != "L’adresse e-mail de Régie du Parc a changé" {
		t.Errorf("the administrator was told %q", got)
	}
}

// Thirty minutes, five tries, five sendings a day; and only who has proven lately
// who he is.
func TestCodeOfTheOrganisationsAddressIsBounded(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	page := w.asks(w.boss, newHouse)
	code := w.Code(newHouse)
	wrong := "111111"
	if code == wrong {
		wrong = "222222"
	}
	for range storage.EmailCodeTries {
		page.Submit("code", wrong)
	}
	if refused := page.Submit("code", code); !refused.Says("Ce code n’est pas correct ou n’est plus valable.") {
		t.Errorf("after five wrong ones the right code says:\n%s", refused.Find("main").Text())
	}
	w.Clock.Advance(time.Second)
	page = page.Press("Renvoyer le code")
	code = w.Code(newHouse)
	for range 2 {
		w.Clock.Advance(15 * time.Minute)
		w.boss.Get(w.URL + "/organisme")
	}
	page = page.Submit("code", code)
	expect(t, page, "Confirmez que c’est vous")
	page = page.Submit("mot_de_passe", w.password)
	expect(t, page, onContactCode)
	if refused := page.Submit("code", code); !refused.Says("n’est plus valable") || w.changes() != 0 {
		t.Errorf("after half an hour the code says:\n%s", refused.Find("main").Text())
	}
	for range storage.EmailCodeSendings - 2 {
		w.Clock.Advance(time.Second)
		page = page.Press("Renvoyer le code")
	}
	if refused := page.Press("Renvoyer le code"); !refused.Says("Trop de demandes.") {
		t.Errorf("a sixth code: %d\n%s", refused.Status, refused.Find("main").Text())
	}
	if refused := w.boss.Get(w.URL+"/organisme/adresse").Submit("email", "autre@rives.example"); !refused.Says("Trop de demandes.") {
		t.Errorf("a sixth code, to another address: %d\n%s", refused.Status, refused.Find("main").Text())
	}
}

// security-classes.md 13: two administrators type the codes of two addresses at
// the same moment. One address is the organisation's then, and the other
// administrator is shown it.
func TestTwoAdministratorsChangeTheAddress(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newOffice(t, providertest.Options{Database: database})
		nina := w.invite("Nina", "nina@rives.example", "lire")
		b := w.joins(nina)
		w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/administrateur").Press("Confirmer")
		b.Get(w.URL+"/organisme/role").Press("Accepter").Submit("nouveau_mot_de_passe", "vingt lampes bleues sous la pluie")
		w.asks(w.boss, newHouse)
		w.asks(b, "direction@rives.example")
		codes := []string{w.Code(newHouse), w.Code("direction@rives.example")}
		pages := make([]*providertest.Page, 2)
		var group sync.WaitGroup
		start := make(chan struct{})
		for i, browser := range []*providertest.Browser{w.boss, b} {
			page := browser.Get(w.URL + "/organisme/adresse/code")
			group.Go(func() {
				<-start
				pages[i] = page.Submit("code", codes[i])
			})
		}
		close(start)
		group.Wait()
		now, won := w.house().ContactEmail, 0
		for _, page := range pages {
			if page.Status >= 500 || page.H1() != onContact || !page.Says("est "+now) {
				t.Errorf("%d « %s »:\n%s", page.Status, page.H1(), page.Find("main").Text())
			}
			if page.Says("L’adresse e-mail de l’organisme est changée.") {
				won++
			}
		}
		if won != 1 || w.changes() != 1 {
			t.Errorf("%d were told that they changed it, it changed %d times", won, w.changes())
		}
		for _, address := range []string{"claire.vidal@rives.example", "nina@rives.example", houseAddress} {
			told := 0
			for _, subject := range subjects(w.Provider, address) {
				if subject == contactTold {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%s was told %d times", address, told)
			}
		}
	})
}

// security-classes.md 10: an address that an administrator gave never receives
// what opens somebody's access.
func TestAddressAnAdministratorGaveOpensNothing(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	nina := w.invite("Nina", "nina@rives.example", "lire")
	w.Credentials("nina@rives.example")
	execute(t, outside(t, w.Provider), `UPDATE users SET email = '', email_key = '' WHERE id = '`+nina.ID+`'`)
	before := len(subjects(w.Provider, houseAddress))
	forget(t, w.Provider, houseAddress)
	if _, err := w.Help(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := subjects(w.Provider, houseAddress); len(got) != before+1 {
		t.Fatalf("the address that the agency knows got %q", got)
	}

	w.asks(w.boss, newHouse).Submit("code", w.Code(newHouse))
	w.Clock.Advance(25 * time.Hour) // the day's limits are over
	for _, address := range []string{houseAddress, newHouse} {
		before := len(subjects(w.Provider, address))
		forget(t, w.Provider, address)
		if _, err := w.Help(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := subjects(w.Provider, address); len(got) != before {
			t.Errorf("« Mot de passe oublié » sent %q to %s", got[before:], address)
		}
	}
	for _, act := range []account.Act{account.Reissue, account.Reset} {
		execute(t, outside(t, w.Provider), `UPDATE messages SET state = 'failed' WHERE state IN ('queued', 'held')`)
		if done := order(t, w.Provider, act, nina.Identifier); done.Channel != storage.ByLetter {
			t.Errorf("%s goes by %s", act, done.Channel)
		}
	}
	// What was on its way already does not follow the address either.
	execute(t, outside(t, w.Provider), `UPDATE messages SET channel = 'email' WHERE state IN ('queued', 'held')`)
	if got := subjects(w.Provider, newHouse); len(got) != 1 {
		t.Errorf("the new address got %q, want its code only", got)
	}
}
