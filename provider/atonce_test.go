package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// answered is an answer that is not followed, fit for other goroutines than the
// test's.
type answered struct {
	status   int
	location string
	err      error
}

// fill makes the form that a page's first form would send with these pairs.
func fill(page *providertest.Page, pairs ...string) (address string, form url.Values) {
	first := page.Find("form").First()
	form = values(pairs...)
	first.Find("input[type=hidden], input[type=text], input[type=email], input[type=tel]").Each(func(_ int, s *goquery.Selection) {
		if name := s.AttrOr("name", ""); !form.Has(name) {
			form.Set(name, s.AttrOr("value", ""))
		}
	})
	return page.URL.Scheme + "://" + page.URL.Host + first.AttrOr("action", ""), form
}

// post sends a form with a browser's cookies.
func post(b *providertest.Browser, address string, form url.Values) answered {
	client := http.Client{Jar: b.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		return answered{err: err}
	}
	defer answer.Body.Close()
	return answered{status: answer.StatusCode, location: answer.Header.Get("Location")}
}

// atOnce runs n of them at the same time.
func atOnce(n int, do func(i int) answered) []answered {
	answers := make([]answered, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { <-start; answers[i] = do(i) })
	}
	close(start)
	wg.Wait()
	return answers
}

// class 2: every step of the sign-in sent six times at the same moment, as by an
// impatient finger: no answer is a failure of ours, and the way goes on.
func TestEveryStepSentSixTimesAtOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		t.Cleanup(func() { ourFaults(t, w.Provider) })
		w.email = "odile.m@exemple.fr"
		b, page := w.at(onLogin)
		demande := page.URL.Query().Get("demande")
		for _, h1 := range []string{onLogin, onDetails, onEmail, onPassword, onRules, onTerms, onConsent} {
			expect(t, page, h1)
			pairs := map[string][]string{
				onLogin: {"identifiant", w.identifier, "mot_de_passe", w.provisional}, onDetails: {"email", w.email}, onEmail: nil,
				onPassword: {"nouveau_mot_de_passe", own}, onRules: {"accepte", "oui"}, onTerms: {"accepte", "oui"}, onConsent: {"choix", "autoriser"},
			}[h1]
			if h1 == onEmail {
				pairs = []string{"code", w.Code(w.email)}
			}
			address, form := fill(page, pairs...)
			for _, a := range atOnce(6, func(int) answered { return post(b, address, form) }) {
				if a.err != nil || a.status >= 500 {
					t.Errorf("« %s » answers %+v", h1, a)
				}
			}
			if h1 == onConsent {
				break
			}
			page = b.Get(w.URL + "/connexion/suite?demande=" + demande)
		}
		for _, a := range atOnce(6, func(int) answered {
			client := http.Client{Jar: b.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			answer, err := client.Get(w.URL + "/oauth2/authorize/suite?demande=" + demande)
			if err != nil {
				return answered{err: err}
			}
			defer answer.Body.Close()
			return answered{status: answer.StatusCode, location: answer.Header.Get("Location")}
		}) {
			if a.err != nil || a.status != http.StatusSeeOther {
				t.Errorf("the end answers %+v", a)
			}
			if strings.Contains(a.location, "code=") {
				b.Get(a.location)
			}
		}
		if result := w.partner.Last(); w.partner.Results() != 1 || result.Err != nil || result.Error != "" {
			t.Errorf("the application was answered %d times, last %s", w.partner.Results(), result)
		}
		if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
			t.Errorf("the journal: %v", err)
		}
	})
}

// class 2: eight browsers opened by one provisional password choose a password
// at the same time: one does, and that password is the one that works.
func TestOneOfEightBrowsersChoosesThePassword(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		const at = 8
		w := newWorld(t, providertest.Options{Database: database})
		browsers, pages := make([]*providertest.Browser, at), make([]*providertest.Page, at)
		for i := range at {
			browsers[i] = w.Browser()
			pages[i] = w.walk(browsers[i].Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", w.provisional), onPassword)
		}
		choice := func(i int) string { return fmt.Sprintf("lampe numéro %d sous la pluie", i) }
		answers := atOnce(at, func(i int) answered {
			address, form := fill(pages[i], "nouveau_mot_de_passe", choice(i))
			return post(browsers[i], address, form)
		})
		var winners []int
		for i, a := range answers {
			if a.err != nil || a.status >= 500 {
				t.Errorf("browser %d: %+v", i, a)
			}
			if browsers[i].Get(w.URL+"/connexion/suite").H1() == onRules {
				winners = append(winners, i)
			}
		}
		if len(winners) != 1 {
			t.Fatalf("browsers %v are in", winners)
		}
		page := w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", choice(winners[0]))
		expect(t, page, onRules)
	})
}

// class 2 and 6: fifty guesses of a code at once count as fifty.
func TestFiftyGuessesOfACodeAtOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		b, page := w.at(onDetails)
		page = page.Submit("email", "odile.m@exemple.fr")
		right := w.Code("odile.m@exemple.fr")
		for i, a := range atOnce(50, func(i int) answered {
			guess := fmt.Sprintf("%06d", i)
			if guess == right {
				guess = "999999"
			}
			address, form := fill(page, "code", guess)
			return post(b, address, form)
		}) {
			if a.err != nil || a.status != http.StatusUnprocessableEntity {
				t.Errorf("guess %d: %+v", i, a)
			}
		}
		change, err := w.DB.EmailChangeOf(t.Context(), w.user().ID, storage.OwnAddress)
		if err != nil || change.Attempts != 5 {
			t.Errorf("%d guesses are counted, want the five that may be, %v", change.Attempts, err)
		}
		expect(t, page.Submit("code", right), onEmail)
	})
}

// ourFaults shows what the log holds of failures of ours, when the test failed.
func ourFaults(t *testing.T, p *providertest.Provider) {
	t.Helper()
	for _, line := range strings.Split(p.Logged.String(), "\n") {
		if t.Failed() && strings.Contains(line, `"level":"ERROR"`) {
			t.Log(line)
		}
	}
}
