package provider_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// badBodies are what no browser's form sends. All but the content types are
// bodies of a form.
var badBodies = []struct{ name, contentType, body string }{
	{"nothing", form, ""},
	{"not UTF-8", form, "identifiant=%ff%fe&prenom=%c3%28&code=%a0&choix=%ed%a0%80"},
	{"raw bytes", form, "identifiant=\xff\xfe&prenom=\x80"},
	{"NUL", form, "identifiant=LOG%00&prenom=%00&nouveau_mot_de_passe=douze%00caracteres&code=%00"},
	{"a field twice", form, "identifiant=a&identifiant=b&choix=autoriser&choix=refuser&accepte=oui&accepte=non"},
	{"oversized", form, "identifiant=" + strings.Repeat("a", 70<<10)},
	{"just below the limit", form, "identifiant=" + strings.Repeat("a", 60<<10) + "&mot_de_passe=x"},
	{"a long name", form, "prenom=" + strings.Repeat("%C3%A9", 5000) + "&nom=x&email=" + strings.Repeat("a", 3000) + "@exemple.fr"},
	{"a long password", form, "nouveau_mot_de_passe=" + strings.Repeat("mot de passe ", 900)},
	{"a long code", form, "code=" + strings.Repeat("1", 30000)},
	{"too many fields", form, strings.Repeat("a=1&", 60)},
	{"empty fields", form, "&&&=&=&;&"},
	{"broken escapes", form, "identifiant=%zz&mot_de_passe=%"},
	{"fields of other steps", form, "identifiant=x&code=000000&choix=peut-être&accepte=non&document=x&prenom=&nom="},
	{"a foreign request", form, "demande=01a2091f-5dfd-7220-9883-260864c0436d&choix=autoriser&accepte=oui"},
	{"a broken request", form, "demande=..%2F..%2Fetc&choix=autoriser"},
	{"JSON", "application/json", `{"identifiant":"x"}`},
	{"no content type", "", "identifiant=x"},
	{"a broken content type", "application/x-www-form-urlencoded; charset", "identifiant=x"},
	{"Latin-1", form + "; charset=iso-8859-1", "prenom=Ren%E9"},
	{"plain text", "text/plain", "identifiant=x"},
}

const form = "application/x-www-form-urlencoded"

// onwards is how a page says what to do next.
var onwards = regexp.MustCompile(`(?i)retournez|recommencez|reconnecter|retour|revenez|réessayez|attendez|vérifiez|saisissez|choisissez|cochez|demandez|contactez|continue|autoriser|accepte|connexion`)

// readable checks that an answer is a page in French with a heading that says
// what to do next, whatever had been sent.
func readable(t *testing.T, what string, page *providertest.Page) {
	t.Helper()
	main := page.Find("main")
	switch {
	case page.Status >= 500:
		t.Errorf("%s: status %d\n%s", what, page.Status, main.Text())
	case page.Find("html").AttrOr("lang", "") != "fr" || page.Find("h1").Length() != 1 || page.H1() == "" || page.Find("title").Text() == "":
		t.Errorf("%s: no page in French (%d):\n%s", what, page.Status, page.Body)
	case !onwards.MatchString(main.Text()):
		t.Errorf("%s: the page does not say what to do next (%d):\n%s", what, page.Status, main.Text())
	}
}

// raw sends a body as it is.
func raw(t *testing.T, b *providertest.Browser, address, contentType, body string) *providertest.Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// Whatever is sent to a step, in its turn, gets a page that helps; what was
// stored stays, and the step can still be done.
func TestBadInputGetsAPageAtEveryStep(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	all := stages(t, w.Provider)
	db := outside(t, w.Provider)
	b := w.Browser()
	page := b.Get(partner.URL + "/login")
	demande := page.URL.Query().Get("demande")
	multi, multiType := multipartBody(t)
	for i, here := range all {
		expect(t, page, here.h1)
		if here.h1 == onEmail {
			w.Deliver()
		}
		before := dump(t, db, "failures", "throttles", "audit", "audit_head", "email_changes") // tries are counted
		for _, bad := range append(badBodies, struct{ name, contentType, body string }{"multipart", multiType, multi}) {
			for _, suffix := range []string{"", "&demande=" + demande} {
				readable(t, here.h1+": "+bad.name, raw(t, b, w.URL+here.path, bad.contentType, bad.body+suffix))
			}
		}
		for _, query := range []string{"?demande=%ff", "?demande=" + strings.Repeat("a", 9000), "?demande=" + demande + "&demande=x", "?a=%zz", "?texte=%00"} {
			readable(t, here.h1+": "+query[:min(len(query), 12)], b.Get(w.URL+here.path+query))
		}
		execute(t, db, `DELETE FROM failures`)
		execute(t, db, `DELETE FROM throttles`)
		if after := dump(t, db, "failures", "throttles", "audit", "audit_head", "email_changes"); after != before {
			t.Errorf("at « %s » bad input was stored:\n%s", here.h1, difference(before, after))
		}
		page = b.Get(w.URL + "/connexion/suite?demande=" + demande)
		expect(t, page, here.h1)
		if here.h1 == onEmail {
			page = page.Press("Renvoyer le code") // the tries are used up
		}
		switch {
		case here.h1 == onLogin:
			page = page.Submit("identifiant", identifier, "mot_de_passe", provisional)
		case i+1 < len(all):
			page = w.walk(page, all[i+1].h1)
		}
	}
	w.walk(page, onPartner)
}

func multipartBody(t *testing.T) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField("identifiant", "x"); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), m.FormDataContentType()
}

// What comes late, twice or in the wrong order ends where it belongs: the pages
// of a finished sign-in, sent again from a window left open.
func TestRepeatedAndReorderedInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b, page := w.at(onLogin)
	pages := map[string]*providertest.Page{onLogin: page}
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	order := []string{onDetails, onPassword, onRules, onTerms, onConsent}
	again := func(h1 string) *providertest.Page {
		switch p := pages[h1]; h1 {
		case onPassword:
			return p.Submit("nouveau_mot_de_passe", "un tout autre mot de passe")
		case onRules, onTerms:
			return p.Submit("accepte", "oui")
		case onConsent:
			return p.Press("Autoriser")
		default:
			return p.Submit(w.details(p)...)
		}
	}
	for i, h1 := range order {
		expect(t, page, h1)
		pages[h1] = page
		page = again(h1)
		if h1 == onConsent {
			break
		}
		// Every form up to here once more, backwards: the double click, the back
		// button, the window left open.
		for j := i; j >= 0; j-- {
			expect(t, again(order[j]), order[i+1])
		}
	}
	expect(t, page, onPartner)
	hash := w.user().PasswordHash
	for _, h1 := range order {
		readable(t, "afterwards: "+h1, again(h1))
	}
	if w.user().PasswordHash != hash || w.partner.Results() != 1 {
		t.Error("the forms of a finished sign-in did something again")
	}
	expect(t, b.Get(w.URL+"/"), onAccount)
}

// Input from a tab whose session has gone, or in which somebody else signed in
// meanwhile, is nobody's.
func TestInputOfAnotherTabIsNotTakenForSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.Import("45675320380012;physique;69;;;M.;Paul;Petit;paul@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	identifier, provisional := w.Credentials("paul@exemple.fr")
	b, hers := w.at(onPassword)
	expect(t, b.Get(w.URL+"/deconnexion").Submit(), onLoggedOut)
	his := b.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional)
	expect(t, his, onDetails)
	expect(t, hers.Submit("nouveau_mot_de_passe", own), onDetails) // his turn is another step
	if w.user().PasswordHash != "" || userOf(t, w.Provider, identifier).PasswordHash != "" {
		t.Error("a password was set from another person's page")
	}
}
