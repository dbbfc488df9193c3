package provider_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// lockOut has a stranger type wrong passwords until the account waits, as long
// as the day's limit allows. He comes from another network address each time.
func lockOut(t *testing.T, p *providertest.Provider, identifier string) {
	t.Helper()
	b := p.Browser()
	for i := range 40 {
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		page := tryPassword(p, b, identifier, "un mot de passe faux")
		if page.Status == http.StatusTooManyRequests {
			if page.Says("Trop d’essais depuis hier") {
				return
			}
			p.Clock.Advance(time.Hour)
		}
	}
	t.Fatal("the account never waits for a day")
}

func behindProxy(c *config.Config) {
	c.TrustedProxies = config.Prefixes{netip.MustParsePrefix("127.0.0.0/8")}
}

// A stranger locks the account: the landlord goes on in the browser he has used
// before, and comes in again anywhere with « Mot de passe oublié ».
func TestStrangerLocksNobodyOut(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: behindProxy})
		p.Import(odile)
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		known := w.activate()
		expect(t, known.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
		other := p.Replica()
		lockOut(t, p, w.identifier)
		for _, r := range []*providertest.Provider{p, other} {
			if page := tryPassword(r, p.Browser(), w.identifier, own); page.Status != http.StatusTooManyRequests {
				t.Errorf("the right password in a new browser: %d", page.Status)
			}
		}
		expect(t, tryPassword(p, known, w.identifier, own), onAccount)

		// A known browser has a limit of its own, which strangers cannot reach.
		expect(t, known.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
		for range 5 {
			if page := tryPassword(p, known, w.identifier, "un mot de passe faux"); !page.Says(wrongCouple) {
				t.Fatalf("a wrong password in the known browser shows:\n%s", page.Find("main").Text())
			}
		}
		if page := tryPassword(p, known, w.identifier, own); page.Status != http.StatusTooManyRequests || !page.Says("attendez 2 minutes") {
			t.Errorf("after five wrong ones in the known browser: %d", page.Status)
		}

		expect(t, forget(t, p, "odile@exemple.fr"), onSent)
		_, provisional := p.Credentials("odile@exemple.fr")
		fresh := p.Browser()
		page := tryPassword(p, fresh, w.identifier, provisional)
		expect(t, page, onNewPassword)
		expect(t, page.Submit("nouveau_mot_de_passe", another), onAccount)
		// The reset has freed everything.
		expect(t, tryPassword(p, p.Browser(), w.identifier, another), onAccount)
		expect(t, tryPassword(p, known, w.identifier, another), onAccount)
	})
}

// A browser is known for twelve months after the last sign-in, to the person who
// signed in and to nobody else.
func TestKnownBrowserIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: behindProxy})
	b, page := w.at(onPassword)
	if b.Cookie(w.URL, "device") != "" {
		t.Error("a provisional password makes a browser known")
	}
	w.walk(page, onPartner)
	cookie := b.Cookie(w.URL, "device")
	if cookie == "" {
		t.Fatal("the browser has no device cookie")
	}
	w.Import("45675320380012;physique;69;;;M.;Paul;Petit;paul@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	his, provisional := w.Credentials("paul@exemple.fr")
	visitor(t, w.Provider).walk(tryPassword(w.Provider, w.Browser(), his, provisional), onAccount)
	lockOut(t, w.Provider, his)
	thief := w.Browser()
	thief.SetCookie(w.URL, "device", cookie)
	if page := tryPassword(w.Provider, thief, his, own); page.Status != http.StatusTooManyRequests {
		t.Errorf("Odile's browser is known for Paul: %d", page.Status)
	}
	forged := w.Browser()
	forged.SetCookie(w.URL, "device", cookie[:len(cookie)-4]+"AAAA")
	lockOut(t, w.Provider, w.identifier)
	if page := tryPassword(w.Provider, forged, w.identifier, own); page.Status != http.StatusTooManyRequests {
		t.Errorf("a forged cookie is believed: %d", page.Status)
	}
	for after, status := range map[time.Duration]int{365*24*time.Hour - time.Hour: http.StatusOK, 366 * 24 * time.Hour: http.StatusTooManyRequests} {
		old := w.Browser()
		old.SetCookie(w.URL, "device", cookie)
		execute(t, outside(t, w.Provider), `UPDATE known_browsers SET expires_at = $1`, storage.At(w.Clock.Now().Add(365*24*time.Hour-after)))
		if page := tryPassword(w.Provider, old, w.identifier, own); page.Status != status {
			t.Errorf("%v after the last sign-in: %d, want %d", after, page.Status, status)
		}
	}
}

// During a wait only a provisional password is looked at, and never more often
// than the limits say: for accounts that exist, for others, for suspended ones.
func TestProvisionalPasswordsAreTriedWithinLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: behindProxy})
	w.activate()
	b := w.Browser()
	outcomes := map[string][]int{}
	for i, identifier := range []string{w.identifier, "LOG99999999"} {
		lockOut(t, w.Provider, identifier)
		for j := range 8 {
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", 10*i+j))
			outcomes[identifier] = append(outcomes[identifier], tryPassword(w.Provider, b, identifier, "cdfg-hjkm-npqr").Status)
		}
		w.Clock.Advance(25 * time.Hour)
	}
	want := []int{422, 422, 422, 422, 422, 429, 429, 429}
	for identifier, got := range outcomes {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", identifier, got, want)
		}
	}
}

// A slip in copying a provisional password is told: it shows in the text alone.
func TestSlipIsToldWhoeverTypesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	for _, identifier := range []string{w.identifier, "LOG99999999"} {
		for typed, says := range map[string]string{"CDFG-HJKM-NPQ": "Vous en avez saisi 11.", "CDFG-HJKM-NPQ0": "Il ne contient jamais les lettres"} {
			page := tryPassword(w.Provider, w.Browser(), identifier, typed)
			if !page.Says(wrongCouple) || !page.Says(says) {
				t.Errorf("%s, %s:\n%s", identifier, typed, page.Find("main").Text())
			}
		}
		if page := tryPassword(w.Provider, w.Browser(), identifier, "CDFG-HJKM-NPQR"); page.Says("mot de passe provisoire ?") {
			t.Errorf("%s: a wrong code is told apart from a wrong password", identifier)
		}
	}
}

// class 8: of a hundred wrong passwords at once, five reach the hash, on two
// replicas together.
//
// Not parallel: the work is counted by what it allocates.
func TestHundredGuessesAtOnceReachTheHashFiveTimes(t *testing.T) {
	const memory = 8 << 20
	hasher := password.NewHasher(100, password.Params{Memory: memory >> 10, Time: 1, Threads: 1})
	p := providertest.Start(t, providertest.Options{Hasher: hasher, Change: behindProxy})
	p.Import(odile)
	identifier, _ := p.Credentials("odile@exemple.fr")
	page := p.Browser().Get(p.URL + "/connexion")
	address, form := fill(page, "identifiant", identifier, "mot_de_passe", "un mot de passe faux")
	b := p.Browser()
	b.Get(p.URL + "/connexion")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	looked := 0
	for _, a := range atOnce(100, func(int) answered { return post(b, address, form) }) {
		if a.err != nil {
			t.Fatal(a.err)
		}
		if a.status == http.StatusUnprocessableEntity {
			looked++
		}
	}
	runtime.ReadMemStats(&after)
	hashes := (after.TotalAlloc - before.TotalAlloc) / memory
	if looked != 5 || hashes < 5 || hashes > 8 {
		t.Errorf("%d guesses were looked at, after about %d hash computations: want 5", looked, hashes)
	}
}
