package signin_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/password"
	"loge/provider/throttle"
	"loge/storage"
	"loge/storage/storagetest"
)

const wrongCouple = "L’identifiant ou le mot de passe n’est pas correct. Vérifiez les deux, puis recommencez."

// active stores a user who has finished the first sign-in.
func (w *world) active(email string) storage.User {
	w.t.Helper()
	u := w.person(storage.Individual, email)
	w.browser().login(u, provisional).finish(u).shows(onAccount)
	w.move(time.Minute)
	return w.reload(u)
}

// set changes the user's state as an agent would.
func (w *world) set(u storage.User, state string) {
	w.t.Helper()
	w.exec(`UPDATE users SET state = $1 WHERE id = $2`, state, u.ID)
}

// answer is all a stranger can compare: status, headers and body, without what
// he typed himself.
func answer(p page, typed string) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.status)
	header := p.header.Clone()
	header.Del("Date")
	for _, name := range slices.Sorted(maps.Keys(header)) {
		fmt.Fprintln(&b, name, header[name])
	}
	return b.String() + strings.ReplaceAll(p.body, typed, "TYPED")
}

func TestAnswersTellNothing(t *testing.T) {
	w := newWorld(t, nil)
	known := w.active("known@example.org")
	suspended := w.active("suspended@example.org")
	w.set(suspended, storage.StateSuspended)
	closed := w.active("closed@example.org")
	w.set(closed, storage.StateClosed)
	dormant := w.active("dormant@example.org")
	w.set(dormant, storage.StateDormant)
	issued := w.person(storage.Individual, "issued@example.org")
	late := w.person(storage.Individual, "late@example.org")
	w.move(8 * 24 * time.Hour)
	identifiers := map[string]string{"unknown": "LOG99999999", "known": known.Identifier, "suspended": suspended.Identifier,
		"closed": closed.Identifier, "dormant": dormant.Identifier, "never activated": issued.Identifier, "expired": late.Identifier}
	browsers := map[string]*browser{}
	for name := range identifiers {
		browsers[name] = w.browser()
		browsers[name].get("/connexion")
	}
	for try := 1; try <= 7; try++ {
		want := ""
		for _, name := range []string{"unknown", "known", "suspended", "closed", "dormant", "never activated", "expired"} {
			typed := identifiers[name]
			got := answer(browsers[name].post("/connexion", url.Values{"identifiant": {typed}, "mot_de_passe": {"wrong wrong"}}), typed)
			if name == "unknown" {
				want = got
				if (try <= 5) != strings.Contains(got, wrongCouple) || (try > 5) != strings.Contains(spaced(got), "Trop d’essais. Par sécurité, attendez 2 minutes") ||
					(try >= 3 && try <= 5) != strings.Contains(got, "Demandez-en un nouveau avec") {
					t.Errorf("try %d answers:\n%s", try, got)
				}
			}
			if got != want {
				t.Errorf("try %d: %s is told apart:\n%s\nfrom unknown:\n%s", try, name, got, want)
			}
		}
		if try == 4 {
			w.exec(`DELETE FROM throttles`) // the limit of the network address is another test's
		}
	}
}

func TestParallelGuessesAreCounted(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		u := w.active("odile@example.org")
		b := w.browser()
		b.get("/connexion")
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				spelling := []string{u.Identifier, strings.ToLower(u.Identifier), u.Identifier[3:], "LOG " + u.Identifier[3:], "log-" + u.Identifier[3:]}[i%5]
				form := url.Values{"identifiant": {spelling}, "mot_de_passe": {fmt.Sprint("guess number ", i)}}
				r, err := http.NewRequest("POST", w.server.URL+"/connexion", strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i)) // a hundred machines
				response, err := b.client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
			})
		}
		wg.Wait()
		looked := 0
		for _, action := range w.actions(u) {
			if action == "signin.failed" {
				looked++
			}
		}
		if looked > 5 || looked == 0 {
			t.Errorf("%d of 100 guesses at once reached Argon2, want 5 at most", looked)
		}
		// A restart forgets nothing, and even the right password waits.
		again := newWorld(t, db)
		again.clock = w.Now()
		again.browser().login(u, own).says("Trop d’essais. Par sécurité, attendez 2 minutes, puis recommencez.")
		again.move(2*time.Minute - time.Second)
		if p := again.browser().login(u, own); p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") != "1" {
			t.Errorf("one second before the end of the wait: %d, Retry-After %q", p.status, p.header.Get("Retry-After"))
		}
		again.move(time.Second)
		again.browser().login(u, own).shows(onAccount)
		again.browser().login(u, "wrong again").says(wrongCouple) // the counter began anew
	})
}

func TestNetworkAddressIsLimited(t *testing.T) {
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	b := w.browser()
	b.get("/connexion")
	for i := range 30 {
		b.post("/connexion", url.Values{"identifiant": {fmt.Sprintf("LOG%08d", i)}, "mot_de_passe": {"wrong"}}).says(wrongCouple)
	}
	p := w.browser().login(u, own).says("Trop de demandes viennent de votre connexion internet. Attendez 20 secondes, puis recommencez.")
	if p.status != http.StatusTooManyRequests {
		t.Errorf("status %d", p.status)
	}
	w.move(20 * time.Second)
	for range 5 { // right passwords cost nothing
		w.browser().login(u, own).shows(onAccount)
	}
}

func TestRightSecretOfAClosedDoorSaysWhy(t *testing.T) {
	for _, test := range []struct{ state, h1 string }{
		{storage.StateSuspended, "L’accès à ce compte est suspendu"},
		{storage.StateClosed, "Ce compte est fermé"},
		{storage.StateDormant, "Ce compte a été désactivé"},
	} {
		w := newWorld(t, nil)
		u := w.active("odile@example.org")
		inside := w.browser()
		inside.login(u, own).shows(onAccount)
		w.set(u, test.state)
		for range 7 { // as often as he asks
			w.browser().login(u, own).shows(test.h1)
		}
		inside.get("/").shows(test.h1)
		inside.get("/").shows(onLogin)
	}
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	w.exec(`UPDATE accounts SET suspended_at = 5 WHERE id = $1`, u.AccountID)
	w.browser().login(u, own).shows("L’accès à ce compte est suspendu")
}

func TestSigningInChangesTheSession(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.active("a@example.org"), w.active("b@example.org")
	b := w.browser()
	page := b.get("/connexion")
	b.login(first, own).shows(onAccount)
	stolen := b.session()
	// The sign-in page was still open, and somebody else sits down.
	page.submit("identifiant", second.Identifier, "mot_de_passe", own).shows(onAccount).says(second.Identifier[3:])
	if b.session() == stolen {
		t.Error("the second person got the first one's session")
	}
	thief := w.browser()
	address, _ := url.Parse(w.server.URL)
	thief.jar.SetCookies(address, []*http.Cookie{{Name: "loge-session", Value: stolen}})
	thief.get("/").shows("Votre session a expiré")
}

func TestMissingInputIsNamed(t *testing.T) {
	w := newWorld(t, nil)
	p := w.browser().get("/connexion").submit("identifiant", "", "mot_de_passe", "")
	p.says("Saisissez votre identifiant.").says("Saisissez votre mot de passe.")
	if p.status != http.StatusUnprocessableEntity || !strings.HasPrefix(p.Find("title").Text(), "Erreur") {
		t.Errorf("status %d, title %q", p.status, p.Find("title").Text())
	}
	p = p.submit("identifiant", "LOG 12345678", "mot_de_passe", "my secret phrase")
	if p.Find("#identifiant").AttrOr("value", "") != "LOG 12345678" || strings.Contains(p.body, "my secret phrase") {
		t.Error("the identifier is lost, or the password is shown")
	}
}

func TestBrowserWithoutCookiesIsTold(t *testing.T) {
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	b := w.browser()
	b.client.Jar = nil
	b.login(u, own).shows(onLogin).says("Votre navigateur refuse les cookies.")
}

func TestBusyHasherAsksToComeBack(t *testing.T) {
	w := newWorld(t, nil)
	w.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	w.Hasher = password.NewHasher(1, password.Params{Memory: 32 * 1024, Time: 2, Threads: 1})
	b := w.browser()
	b.get("/connexion")
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	const tries = 80
	for i := range tries {
		wg.Go(func() {
			form := url.Values{"identifiant": {fmt.Sprintf("LOG%08d", i)}, "mot_de_passe": {"x"}}
			r, err := http.NewRequest("POST", w.server.URL+"/connexion", strings.NewReader(form.Encode()))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i))
			response, err := b.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[response.StatusCode]++
			if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
	wg.Wait()
	refused := statuses[http.StatusServiceUnavailable]
	if refused == 0 || statuses[http.StatusUnprocessableEntity]+refused != tries {
		t.Fatalf("statuses = %v", statuses)
	}
	keys := throttle.Keys(w.Master.Derive("throttle"))
	counted := 0
	for i := range tries {
		if f, err := w.DB.Failures(t.Context(), keys.Unknown(fmt.Sprintf("LOG%08d", i))); err == nil {
			counted += f.Streak
		} else if !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if counted != tries-refused {
		t.Errorf("%d tries counted, want %d: those that were not looked at are given back", counted, tries-refused)
	}
}
