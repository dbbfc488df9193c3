package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

// TestKilledAfterEveryStep kills the server after each answer. What was
// acknowledged is there after the restart, and the person goes on.
func TestKilledAfterEveryStep(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	k.kill()
	k.sound()
	k.start()
	verifier := oauth2.GenerateVerifier()
	page := k.browser.Get(k.authorize(verifier))
	page = page.Submit("identifiant", k.identifier, "mot_de_passe", k.provisional)
	demande := page.URL.Query().Get("demande")
	for _, step := range k.steps(demande) {
		address := page.URL.String()
		k.kill()
		k.start()
		page = k.browser.Get(address)
		if page.H1() != step.h1 {
			t.Fatalf("after the restart %s shows « %s » (%d), want « %s »", address, page.H1(), page.Status, step.h1)
		}
		form := step.form(page)
		form.Set("demande", demande)
		page = k.browser.Post(k.url+page.Find("form").First().AttrOr("action", ""), form)
	}
	if page.H1() != "Loyers" {
		t.Fatalf("the way ends at « %s »", page.H1())
	}
	code := <-k.codes
	k.kill()
	k.start()
	token := k.redeem(code, verifier)
	k.kill()
	k.sound()
	k.start()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.url+"/oauth2/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if info := providertest.Call(t, r); info.Status != http.StatusOK || info.JSON["email"] != "odile.m@exemple.fr" {
		t.Errorf("userinfo after the last restart: %+v", info)
	}
	// The session lives on: straight through.
	if page := k.browser.Get(k.authorize(oauth2.GenerateVerifier())); page.H1() != "Loyers" {
		t.Errorf("the next visit shows « %s »", page.H1())
	}
}

// TestKilledInTheMiddleOfAStep kills the server while it works on a form. The
// step has happened or it has not; either way the person goes on and loses
// nothing that she was told is kept.
func TestKilledInTheMiddleOfAStep(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	verifier := oauth2.GenerateVerifier()
	page := k.browser.Get(k.authorize(verifier))
	demande := page.URL.Query().Get("demande")
	page = page.Submit("identifiant", k.identifier, "mot_de_passe", k.provisional)
	steps := k.steps(demande)
	reached := 0
	for round := 0; page.H1() != "Loyers"; round++ {
		at := -1
		for i, step := range steps {
			if step.h1 == page.H1() {
				at = i
			}
		}
		if at < reached || round > 40 {
			t.Fatalf("round %d shows « %s » after « %s » was done: %s", round, page.H1(), steps[max(reached-1, 0)].h1, page.URL)
		}
		reached = at
		form := steps[at].form(page)
		form.Set("demande", demande)
		// The first times it is killed within the first moments, then it may finish.
		if round%3 == 2 {
			page = k.browser.Post(k.url+page.Find("form").First().AttrOr("action", ""), form)
			continue
		}
		sent := make(chan bool, 1)
		go func(address string) { sent <- k.send(address, form) }(k.url + page.Find("form").First().AttrOr("action", ""))
		time.Sleep(time.Duration(round%5) * 3 * time.Millisecond)
		k.kill()
		acknowledged := <-sent
		k.start()
		page = k.back(demande)
		if acknowledged && page.H1() == steps[at].h1 {
			t.Errorf("« %s » was acknowledged and is asked again", steps[at].h1)
		}
		if len(k.codes) > 0 { // the answer reached the application before the death
			break
		}
	}
	k.redeem(<-k.codes, verifier)
	k.kill()
	k.sound()
}

// send posts a form without a test's patience; it tells whether the step was
// acknowledged by a redirect.
func (k *killed) send(address string, form url.Values) bool {
	client := http.Client{Jar: k.browser.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusSeeOther
}

// back opens the request again, as the person does who reloads, and signs in
// again where the cookie of a new session was lost on the way.
func (k *killed) back(demande string) *providertest.Page {
	k.t.Helper()
	page := k.browser.Get(k.url + "/connexion/suite?demande=" + demande)
	for _, secret := range []string{ownPassword, k.provisional} {
		if page.Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool { return f.AttrOr("action", "") == "/connexion" }).Length() == 0 {
			break
		}
		page = page.Submit("identifiant", k.identifier, "mot_de_passe", secret)
	}
	return page
}
