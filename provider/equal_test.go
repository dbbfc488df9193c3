package provider_test

import (
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/password"
	"loge/provider/providertest"
	"loge/storage"
)

// class 7: with a wrong secret nobody learns whether an identifier exists, nor
// what became of its account: the same bytes, after the same work.
//
// Not parallel: the work is counted by what it allocates.
func TestStrangersLearnNothingFromTheAnswer(t *testing.T) {
	const memory = 8 << 20 // of one hash, in bytes
	p := providertest.Start(t, providertest.Options{Hasher: password.NewHasher(1, password.Params{Memory: memory >> 10, Time: 1, Threads: 1})})
	identifiers := strangers(t, p)

	// The first wrong passwords, then the waits, which begin with the fifth.
	for try := 1; try <= 6; try++ {
		want, work := "", uint64(1)
		if try > 5 {
			work = 0
		}
		for _, name := range slices.Sorted(maps.Keys(identifiers)) {
			answer, hashes := stranger(t, p, identifiers[name], memory)
			if want == "" {
				want = answer
			}
			if answer != want {
				t.Errorf("try %d: %q is told apart:\n%s\nfrom the first:\n%s", try, name, answer, want)
			}
			if hashes != work {
				t.Errorf("try %d: %q costs %d hash computations, want %d", try, name, hashes, work)
			}
		}
		execute(t, outside(t, p), `DELETE FROM throttles`) // the limit of the network address is another test's
	}
}

// strangers returns one identifier for everything that an account can be.
func strangers(t *testing.T, p *providertest.Provider) map[string]string {
	t.Helper()
	identifiers := map[string]string{"unknown": "LOG99999999"}
	for i, name := range []string{"known", "suspended", "closed", "dormant", "organisation suspended"} {
		identifiers[name] = activeUser(t, p, i)
	}
	db := outside(t, p)
	for name, state := range map[string]string{"suspended": storage.StateSuspended, "closed": storage.StateClosed, "dormant": storage.StateDormant} {
		execute(t, db, `UPDATE users SET state = $1 WHERE id = $2`, state, userOf(t, p, identifiers[name]).ID)
	}
	execute(t, db, `UPDATE accounts SET suspended_at = 5 WHERE id = $1`, userOf(t, p, identifiers["organisation suspended"]).AccountID)

	p.Import("45675320380021;physique;69;;;M.;Paul;Essai;expired@exemple.fr;1 rue A;69003 Lyon;;;;;")
	identifiers["expired provisional"], _ = p.Credentials("expired@exemple.fr")
	p.Clock.Advance(9 * 24 * time.Hour)
	p.Import("45675320380022;physique;69;;;M.;Paul;Essai;never@exemple.fr;1 rue A;69003 Lyon;;;;;", "45675320380023;physique;69;;;M.;Paul;Essai;unsent@exemple.fr;1 rue A;69003 Lyon;;;;;LOGAAAAAAAA")
	identifiers["never activated"], _ = p.Credentials("never@exemple.fr")
	identifiers["no identifier at all"] = "x' OR 1=1 --"
	identifiers["nothing sent yet"] = "LOG AAAAAAAA"
	return identifiers
}

// activeUser imports user i and finishes the first sign-in; it returns the identifier.
func activeUser(t *testing.T, p *providertest.Provider, i int) string {
	t.Helper()
	digit := string(rune('0' + i))
	address := "active" + digit + "@exemple.fr"
	p.Import("4567532038003" + digit + ";physique;69;;;M.;Paul;Essai;" + address + ";1 rue A;69003 Lyon;;;;;")
	identifier, provisional := p.Credentials(address)
	visitor(t, p).walk(p.Browser().Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	return identifier
}

// stranger types a wrong password in a fresh browser. It returns all there is to
// see, without what was typed, and how many hashes were computed.
func stranger(t *testing.T, p *providertest.Provider, identifier string, memory uint64) (answer string, hashes uint64) {
	t.Helper()
	form := p.Browser().Get(p.URL + "/connexion")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	page := form.Submit("identifiant", identifier, "mot_de_passe", "un mot de passe faux")
	runtime.ReadMemStats(&after)
	header := page.Header.Clone()
	for _, name := range []string{"X-Request-Id", "Date", "Content-Length"} { // the length follows from what was typed
		header.Del(name)
	}
	if page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusTooManyRequests {
		t.Errorf("%s: status %d", identifier, page.Status)
	}
	typed := page.Find("#identifiant").AttrOr("value", "")
	body := string(page.Body)
	if typed != "" {
		page.Find("#identifiant").SetAttr("value", "TYPED")
		body, _ = page.Html()
	}
	return strings.Join([]string{http.StatusText(page.Status), headerText(header), body}, "\n"), (after.TotalAlloc - before.TotalAlloc + memory/2) / memory
}

// class 7: right secret or not, known or not, a sign-in leaves no trace of what
// was typed in the log.
func TestNothingTypedReachesTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	page := w.Browser().Get(w.URL + "/connexion")
	page = page.Submit("identifiant", "LOG77777777", "mot_de_passe", "secret-inconnu")
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", "secret-faux")
	page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	w.email = "odile.m@exemple.fr"
	b, _ := w.at(onPartner)
	result := w.partner.Last()
	raw, _ := result.Token.Extra("id_token").(string)
	logged := w.Logged.String()
	for what, secret := range map[string]string{"an unknown identifier": "77777777", "an identifier": strings.TrimPrefix(w.identifier, "LOG "),
		"a wrong password": "secret-", "a password": own, "a provisional password": w.provisional, "a code": result.Code, "a code verifier": result.Verifier,
		"an access token": result.Token.AccessToken, "an ID token": raw, "a client secret": w.partner.Secret,
		"the session cookie": b.Cookie(w.URL, "session"), "the flow cookie": b.Cookie(w.URL, "flow"), "an e-mail code": w.Code(w.email)} {
		if secret == "" {
			t.Fatalf("%s was not found to look for", what)
		}
		if strings.Contains(logged, secret) {
			t.Errorf("%s stands in the log", what)
		}
	}
}
