package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

const (
	onVerify  = "Double vérification"
	onFactors = "Double vérification"
	onCodes   = "Vos codes de secours"
	wrongCode = "Ce code n’est pas correct ou a déjà servi."
)

// phone is a person's application of codes.
type phone []byte

func (p phone) code(at time.Time) string {
	mac := hmac.New(sha1.New, p)
	binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:from+4])&0x7fffffff%1_000_000)
}

// scan reads the secret from the page that adds an application.
func scan(t *testing.T, page *providertest.Page) phone {
	t.Helper()
	link, err := url.Parse(page.Find(`main a[href^="otpauth:"]`).AttrOr("href", ""))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.DecodeString(link.Query().Get("secret"))
	if err != nil || len(secret) != 20 {
		t.Fatalf("the page says %q (%v)", link, err)
	}
	return secret
}

// codesOn reads the recovery codes from the page that shows them.
func codesOn(page *providertest.Page) (codes []string) {
	for _, li := range page.Find(".codes li").EachIter() {
		codes = append(codes, li.Text())
	}
	return codes
}

// protect adds an application of codes in « Mon compte » and returns it with the
// recovery codes.
func (w world) protect(b *providertest.Browser) (phone, []string) {
	w.t.Helper()
	t := w.t.(*testing.T)
	page := b.Get(w.URL + "/compte/double-verification/application")
	expect(t, page, "Ajouter une application de codes")
	app := scan(t, page)
	page = page.Submit("code", app.code(w.Clock.Now()), "nom_facteur", "Téléphone")
	expect(t, page, onCodes)
	codes := codesOn(page)
	expect(t, page.Press("J’ai noté mes codes"), onFactors)
	w.Clock.Advance(time.Minute)
	return app, codes
}

// typePassword signs in as far as the password leads.
func (w world) typePassword(b *providertest.Browser) *providertest.Page {
	w.t.Helper()
	return b.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", own)
}

func (w world) actions(t *testing.T) (list []string) {
	t.Helper()
	events, err := w.DB.AuditOf(t.Context(), w.user().ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		list = append(list, e.Action)
	}
	return list
}

// An application of codes is added, asked for at each sign-in from then on, and
// removed; recovery codes stand in for it.
func TestPersonAddsAnApplicationOfCodes(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		here, there := w.activate(), w.Browser()
		expect(t, w.typePassword(there), onAccount)
		before := here.Cookie(w.URL, "session")
		page := here.Get(w.URL + "/compte")
		page = here.Get(w.URL + page.Find(`main a[href="/compte/double-verification"]`).AttrOr("href", ""))
		expect(t, page, onFactors)
		if !page.Says("Vous ne l’utilisez pas : votre mot de passe suffit pour entrer.") {
			t.Errorf("the page says:\n%s", page.Find("main").Text())
		}
		page = here.Get(w.URL + "/compte/double-verification/application")
		app := scan(t, page)
		if again := scan(t, here.Get(w.URL+"/compte/double-verification/application")); string(again) != string(app) {
			t.Error("a reload shows another secret than the one that was scanned")
		}
		for typed, says := range map[string]string{"": "Saisissez le code affiché par l’application.", "12345": "Ce code n’est pas correct.", "abcdef": "Ce code n’est pas correct.",
			app.code(w.Clock.Now().Add(-time.Hour)): "Ce code n’est pas correct."} {
			if refused := page.Submit("code", typed); refused.Status != http.StatusUnprocessableEntity || !refused.Says(says) {
				t.Errorf("%q: %d\n%s", typed, refused.Status, refused.Find("main").Text())
			}
		}
		code := app.code(w.Clock.Now())
		page = page.Submit("code", code[:3]+" "+code[3:], "nom_facteur", "  Téléphone  ")
		expect(t, page, onCodes)
		codes := codesOn(page)
		if again := codesOn(here.Get(w.URL + "/connexion/codes-de-secours")); len(codes) != 10 || !slices.Equal(codes, again) {
			t.Errorf("codes %q, after a reload %q", codes, again)
		}
		expect(t, here.Get(w.URL+"/compte"), onCodes) // until they are noted
		page = page.Press("J’ai noté mes codes")
		expect(t, page, onFactors)
		if !page.Says("Téléphone – Application de codes") || !page.Says("Codes de secours non utilisés : 10.") {
			t.Errorf("the list says:\n%s", page.Find("main").Text())
		}
		if again := here.Get(w.URL + "/connexion/codes-de-secours"); len(codesOn(again)) != 0 {
			t.Error("the codes are shown a second time")
		}
		if here.Cookie(w.URL, "session") == before {
			t.Error("the session has more power and the same cookie")
		}
		// The code that added it is used up, here and in the other browser, which
		// is asked at its next page.
		expect(t, there.Get(w.URL+"/compte"), onVerify)
		page = there.Get(w.URL + "/connexion/verification")
		for _, typed := range []string{code, "000000", codes[0][:4]} {
			if refused := page.Submit("code", typed); refused.Status != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d", typed, refused.Status)
			}
		}
		w.Clock.Advance(time.Minute)
		before = there.Cookie(w.URL, "session")
		expect(t, page.Submit("code", app.code(w.Clock.Now())), onAccount)
		if there.Cookie(w.URL, "session") == before {
			t.Error("the session has more power and the same cookie")
		}
		// A code of the list: once, however it is typed, and the person is told.
		third := w.Browser()
		page = w.typePassword(third)
		expect(t, page, onVerify)
		expect(t, page.Submit("code", strings.ReplaceAll(codes[3], " ", "-")), onAccount)
		fourth := w.Browser()
		if refused := w.typePassword(fourth).Submit("code", codes[3]); !refused.Says(wrongCode) {
			t.Errorf("a used code:\n%s", refused.Find("main").Text())
		}
		w.Deliver()
		var subjects []string
		for _, m := range w.MailsTo("odile@exemple.fr") {
			subjects = append(subjects, m.Subject)
		}
		for _, want := range []string{"Double vérification : une preuve a été ajoutée", "Un code de secours a servi"} {
			if !slices.ContainsFunc(subjects, func(s string) bool { return providertest.Squeeze(s) == want }) {
				t.Errorf("mails %q, want %q", subjects, want)
			}
		}
		// Removing needs a recent proof of the password.
		w.Clock.Advance(15 * time.Minute)
		link := here.Get(w.URL+"/compte/double-verification").Find(`main a[href*="retirer"]`).AttrOr("href", "")
		page = here.Get(w.URL + link)
		expect(t, page, onConfirm)
		page = page.Submit("mot_de_passe", own)
		expect(t, page, "Retirer cette preuve")
		page = page.Press("Retirer")
		expect(t, page, onFactors)
		if !page.Says("La preuve est retirée.") || !page.Says("Vous ne l’utilisez pas") {
			t.Errorf("afterwards:\n%s", page.Find("main").Text())
		}
		expect(t, w.typePassword(w.Browser()), onAccount)
		if left, err := w.DB.RecoveryCodesLeft(t.Context(), w.user().ID); left != 0 || err != nil {
			t.Errorf("%d recovery codes are left of nothing (%v)", left, err)
		}
		for _, want := range []string{"factor.added", "factor.shown", "factor.refused", "factor.removed"} {
			if !slices.Contains(w.actions(t), want) {
				t.Errorf("the journal lacks %s: %q", want, w.actions(t))
			}
		}
	})
}

// Between the password and the factor there is no way on, by no address, and a
// new provisional password is no way round.
func TestNothingOpensBeforeTheFactor(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	app, _ := w.protect(w.activate())
	b := w.Browser()
	expect(t, w.typePassword(b), onVerify)
	for _, address := range []string{"/", "/compte", "/compte/mot-de-passe", "/compte/double-verification", "/compte/double-verification/retirer",
		"/compte/double-verification/application", "/compte/double-verification/cle", "/compte/double-verification/codes", "/compte/applications", "/compte/confirmer",
		"/connexion/mot-de-passe", "/connexion/regles", "/connexion/partage", "/connexion/double-verification", "/connexion/double-verification/application",
		"/connexion/codes-de-secours", "/connexion/suite", "/connexion/compte"} {
		if page := b.Get(w.URL + address); page.URL.Path != "/connexion/verification" {
			t.Errorf("GET %s shows %s « %s »", address, page.URL, page.H1())
		}
	}
	id := factorID(t, w)
	for address, form := range map[string]url.Values{
		"/compte/double-verification/retirer":        {"facteur": {id}},
		"/compte/double-verification/codes":          {},
		"/compte/mot-de-passe":                       {"mot_de_passe": {own}, "nouveau_mot_de_passe": {changedTo}},
		"/connexion/double-verification/application": {"code": {"123456"}},
		"/connexion/codes-de-secours":                {},
		"/connexion/double-verification":             {},
	} {
		if page := b.Post(w.URL+address, form); page.URL.Path != "/connexion/verification" {
			t.Errorf("POST %s shows %s « %s »", address, page.URL, page.H1())
		}
	}
	if got := b.Get(w.partner.URL + "/login"); got.URL.Path != "/connexion/verification" || w.partner.Results() > 1 {
		t.Errorf("an application is opened: %s", got.URL)
	}
	if factorID(t, w) != id || w.user().FactorSince.IsZero() {
		t.Fatal("the factor is gone")
	}
	// « Mot de passe oublié » gives a password, and the factor is asked all the same.
	b.Get(w.URL+"/mot-de-passe-oublie").Submit("email", "odile@exemple.fr")
	w.Deliver()
	_, provisional := w.Credentials("odile@exemple.fr")
	fresh := w.Browser()
	page := fresh.Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", provisional)
	expect(t, page, onVerify)
	expect(t, fresh.Get(w.URL+"/connexion/mot-de-passe"), onVerify)
	expect(t, page.Submit("code", app.code(w.Clock.Now())), "Choisissez un nouveau mot de passe")
}

func factorID(t *testing.T, w world) string {
	t.Helper()
	list, err := w.DB.FactorsOf(t.Context(), w.user().ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("factors %+v, %v", list, err)
	}
	return list[0].ID
}

// Codes are counted like passwords, under one counter whatever the browser, at the
// limits that are documented; the person is told that somebody knows the password.
func TestCodesAreCountedInAllBrowsers(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	app, codes := w.protect(w.activate())
	for n := range 5 {
		page := w.typePassword(w.Browser()) // each time a browser that is known from now on
		if refused := page.Submit("code", fmt.Sprintf("%06d", n)); refused.Status != http.StatusUnprocessableEntity || !refused.Says(wrongCode) {
			t.Fatalf("wrong code %d: %d\n%s", n, refused.Status, refused.Find("main").Text())
		}
	}
	page := w.typePassword(w.Browser())
	for _, typed := range []string{app.code(w.Clock.Now()), codes[0]} {
		if waiting := page.Submit("code", typed); waiting.Status != http.StatusTooManyRequests || waiting.Header.Get("Retry-After") != "120" {
			t.Errorf("a right code within the wait: %d, Retry-After %q", waiting.Status, waiting.Header.Get("Retry-After"))
		}
	}
	w.Clock.Advance(2*time.Minute - time.Second)
	if waiting := page.Submit("code", app.code(w.Clock.Now())); waiting.Status != http.StatusTooManyRequests {
		t.Errorf("one second before the end of the wait: %d", waiting.Status)
	}
	w.Clock.Advance(time.Second)
	expect(t, page.Submit("code", app.code(w.Clock.Now())), onAccount)
	w.Deliver()
	told := 0
	for _, m := range w.MailsTo("odile@exemple.fr") {
		if strings.HasPrefix(m.Subject, "Quelqu’un connaît peut-être") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	// Right passwords do not forgive wrong codes: twenty in a day, then nothing.
	tried := 0
	for range 60 {
		w.Clock.Advance(61 * time.Minute)
		b := w.Browser()
		refused := w.typePassword(b).Submit("code", "000000")
		if refused.Status == http.StatusTooManyRequests {
			break
		}
		tried++
	}
	if tried != 20 {
		t.Errorf("%d codes were compared within a day, want 20", tried)
	}
}

// Of fifty at once, in ten browsers, one gets in with a code.
func TestFiftyAtOnceUseACodeOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		app, codes := w.protect(w.activate())
		for name, typed := range map[string]func() string{"time step": func() string { return app.code(w.Clock.Now()) }, "recovery code": func() string { return codes[0] }} {
			w.Clock.Advance(24 * time.Hour)
			var browsers []*providertest.Browser
			for range 10 {
				b := w.Browser()
				expect(t, w.typePassword(b), onVerify)
				browsers = append(browsers, b)
			}
			before, code := count(w.actions(t), "factor.shown"), typed()
			var wg sync.WaitGroup
			for i := range 50 {
				cookie := browsers[i%10].Cookie(w.URL, "session")
				wg.Go(func() {
					r, err := http.NewRequest("POST", w.URL+"/connexion/verification", strings.NewReader(url.Values{"code": {code}}.Encode()))
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					r.AddCookie(&http.Cookie{Name: "loge-session", Value: cookie})
					answer, err := http.DefaultTransport.RoundTrip(r)
					if err != nil {
						t.Error(err)
						return
					}
					answer.Body.Close()
				})
			}
			wg.Wait()
			if shown := count(w.actions(t), "factor.shown") - before; shown != 1 {
				t.Errorf("%s: %d of 50 got in, want 1", name, shown)
			}
		}
	})
}

func count(list []string, one string) (n int) {
	for _, s := range list {
		if s == one {
			n++
		}
	}
	return n
}
