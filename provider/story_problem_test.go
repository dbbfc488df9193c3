package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

const problem = "/probleme-de-connexion"

// choose answers a question with the label of a radio button.
func choose(t *testing.T, page *providertest.Page, label string) *providertest.Page {
	t.Helper()
	found := page.Find("main label").FilterFunction(func(_ int, s *goquery.Selection) bool { return providertest.Squeeze(s.Text()) == label })
	if found.Length() != 1 {
		t.Fatalf("%d answers « %s » on « %s »", found.Length(), label, page.H1())
	}
	return page.Submit("choix", page.Find("#"+found.AttrOr("for", "")).AttrOr("value", ""))
}

// Every page is walked as a person without JavaScript would: each answer of each
// question, each link; all arrive, and every last page has a reference.
func TestEveryPageOfTheProblemsIsWalked(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	b := p.Browser()
	seen := map[string]bool{}
	references := 0
	var walk func(page *providertest.Page)
	walk = func(page *providertest.Page) {
		if seen[page.URL.Path] {
			return
		}
		seen[page.URL.Path] = true
		if page.Status != http.StatusOK || page.Find("h1").Length() != 1 {
			t.Errorf("%s: %d « %s »", page.URL.Path, page.Status, page.H1())
		}
		if !strings.HasPrefix(page.URL.Path, problem) {
			return
		}
		if ref := reference(page); ref != "" {
			references++
		}
		page.Find("main input[type=radio]").Each(func(_ int, s *goquery.Selection) { walk(page.Submit("choix", s.AttrOr("value", ""))) })
		if page.Find("main input[name=numero]").Length() == 1 {
			execute(t, outside(t, p), `DELETE FROM throttles`)
			walk(page.Submit("numero", "45675320380001", "email", "a@exemple.fr", "code_postal", "69003"))
		}
		page.Find("main a[href^='/']").Each(func(_ int, s *goquery.Selection) { walk(b.Get(p.URL + s.AttrOr("href", ""))) })
	}
	walk(b.Get(p.URL + problem))
	if len(seen) < 33 || references < 5 {
		t.Errorf("%d pages were seen, %d with a reference: %v", len(seen), references, seen)
	}
}

var referenceText = regexp.MustCompile(`Référence : ([CDFGHJKMNPQRTVWXY3479]{5}-[CDFGHJKMNPQRTVWXY3479]{5})`)

func reference(page *providertest.Page) string {
	if m := referenceText.FindStringSubmatch(providertest.Squeeze(page.Find("main").Text())); m != nil {
		return m[1]
	}
	return ""
}

// A landlord who only ever had letters lost the one with the password: both come
// again, once in fifteen days, to the address the agency knows; the reference
// tells the agency what happened.
func TestLettersComeAgain(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.NewOn(t, database)
		p.Import("45675320380040;physique;69;;;M.;Émile;Roux;;12 rue des Lilas;69003 Lyon;;;;;")
		first := p.Print()
		if len(first) == 0 {
			t.Fatal("no first letters")
		}
		p.Clock.Advance(60 * 24 * time.Hour)
		b := p.Browser()
		ask := func(number, code string) *providertest.Page {
			page := choose(t, b.Get(p.URL+problem), "Je ne me suis jamais connecté")
			page = choose(t, page, "Par courrier")
			page = choose(t, page, "Il me manque celui du mot de passe")
			expect(t, page, "Recevoir un nouveau courrier")
			return page.Submit("numero", number, "code_postal", code)
		}
		for code, letters := range map[string]int{"75001": 0, "69003": 2} {
			expect(t, ask("4567 5320 3800 40", code), "Votre demande est enregistrée")
			p.Deliver()
			printed := p.Print()
			if len(printed) != letters {
				t.Errorf("with post code %s %d letters were printed, want %d", code, len(printed), letters)
			}
			p.Clock.Advance(time.Hour)
		}
		expect(t, ask("45675320380040", "69003"), "Votre demande est enregistrée") // too soon
		p.Deliver()
		if again := p.Print(); len(again) != 0 {
			t.Errorf("%d letters within fifteen days", len(again))
		}
		ref := reference(b.Get(p.URL + problem + "/contact"))
		walk, owner, err := p.Operator.Problem(t.Context(), strings.ToLower(ref))
		if err != nil || owner.Number != "45675320380040" || walk.Outcome != "letters: asked too often" || !strings.HasPrefix(walk.Path, "q0 c c2 c3") {
			t.Errorf("reference %q tells %+v about %q: %v", ref, walk, owner.Number, err)
		}
		p.Clock.Advance(15 * 24 * time.Hour)
		expect(t, ask("45675320380040", "69003"), "Votre demande est enregistrée")
		p.Deliver()
		if again := p.Print(); len(again) != 2 {
			t.Errorf("%d letters after fifteen days, want 2", len(again))
		}
	})
}

// The identifier goes to the address that the account has, if number and address
// belong together; nobody types another address.
func TestLostIdentifierComesByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	w.Import("45675320380012;physique;69;;;M.;Paul;Petit;paul@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	w.Credentials("paul@exemple.fr")
	his, hers := len(w.MailsTo("paul@exemple.fr")), len(w.MailsTo("odile@exemple.fr"))
	ask := func(number, email string) *providertest.Page {
		freeAddress(t, w.Provider)
		page := choose(t, w.Browser().Get(w.URL+problem), "Je ne connais pas mon identifiant")
		page = choose(t, page, "Oui").Submit("numero", number, "email", email)
		w.Deliver()
		return page
	}
	expect(t, ask("45675320380001", "paul@exemple.fr"), onSent)
	expect(t, ask("45675320380012", "odile@exemple.fr"), onSent)
	if len(w.MailsTo("paul@exemple.fr")) != his || len(w.MailsTo("odile@exemple.fr")) != hers {
		t.Error("a mail left although number and address do not belong together")
	}
	expect(t, ask("45675320380001", "odile@exemple.fr"), onSent)
	mails := w.MailsTo("odile@exemple.fr")
	if len(mails) != hers+1 || mails[hers].Subject != "Votre identifiant" || !strings.Contains(strings.ReplaceAll(mails[hers].Text, "\u00a0", " "), w.identifier) {
		t.Errorf("%d mails more for Odile", len(mails)-hers)
	}
	page := ask("456753203800", "odile")
	if page.Status != http.StatusUnprocessableEntity || !page.Says("Vous en avez saisi 12.") || !page.Says("Saisissez une adresse e-mail complète, avec un @.") {
		t.Errorf("wrong fields: %d\n%s", page.Status, page.Find("main").Text())
	}
}

// Whoever the form is about, the answer has the same bytes.
func TestFormsOfTheProblemsTellNothing(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import("45675320380040;physique;69;;;M.;Émile;Roux;emile@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;",
		"45675320380041;physique;69;;;M.;Émile;Roux;emilf@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	execute(t, outside(t, p), `UPDATE users SET state = 'suspended' WHERE email_key = 'emilf@exemple.fr'`)
	for _, path := range []string{"/retrouver-identifiant", "/codes-par-e-mail", "/courrier", "/courrier-sans-e-mail"} {
		answers := map[string]string{}
		for _, typed := range [][2]string{{"45675320380040", "emile@exemple.fr"}, {"45675320380041", "emilf@exemple.fr"}, {"45675320380049", "emilg@exemple.fr"}} {
			execute(t, outside(t, p), `DELETE FROM throttles`)
			b := p.Browser()
			b.Get(p.URL + problem)
			b.Stay = true
			page := b.Post(p.URL+problem+path, url.Values{"numero": {typed[0]}, "email": {typed[1]}, "code_postal": {"69003"}})
			location, err := url.Parse(page.Header.Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			b.Stay = false
			next := b.Get(p.URL + location.Path)
			answers[fmt.Sprint(page.Status, location.Path, len(page.Header.Get("Location")), string(next.Body))] = typed[0]
			p.Deliver()
		}
		if len(answers) != 1 {
			t.Errorf("%s has %d answers: %v", path, len(answers), answers)
		}
	}
}
