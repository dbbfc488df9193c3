package provider_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// startsAt is where the test application begins a sign-in.
func startsAt(n *operator.NewClient) string {
	return n.RedirectURIs[0][:strings.LastIndex(n.RedirectURIs[0], "/")] + "/login"
}

func service(page *providertest.Page, name string) *goquery.Selection {
	return page.Find("ul.services li").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Find("a").Text() == name })
}

// The home page shows the services that the person may open, each with its
// sentence, publisher and logo. Opening one ends in it: with the question once,
// then without any.
func TestServicesAreOpenedFromHome(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 64, 64)))
		}))
		t.Cleanup(site.Close)
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		p.Operator.Outbound = http.DefaultClient
		partner := p.Partner(func(n *operator.NewClient) {
			n.Publisher, n.Purpose = "Gestion Valmont", "déclarer les loyers de juillet"
			n.Metadata.InitiateLoginURI, n.Metadata.LogoURI = startsAt(n), site.URL+"/logo.png"
		})
		p.Partner(func(n *operator.NewClient) { n.ID, n.Name, n.Metadata.InitiateLoginURI = "aides", "aides", startsAt(n) })
		p.Partner(func(n *operator.NewClient) { n.ID, n.Name = "muet", "Muet" })
		closed := p.Partner(func(n *operator.NewClient) {
			n.ID, n.Name, n.Metadata.InitiateLoginURI = "ferme", "Fermé", startsAt(n)
		})
		if err := p.Operator.DisableClient(t.Context(), closed.Client.ID); err != nil {
			t.Fatal(err)
		}
		w := world{walker: visitor(t, p), partner: partner}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		b := p.Browser()
		expect(t, b.Get(p.URL+"/"), onLogin)
		page := w.walk(b.Get(p.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", w.provisional), onAccount)
		var names []string
		page.Find("ul.services .name").Each(func(_ int, s *goquery.Selection) { names = append(names, s.Text()) })
		if !slices.Equal(names, []string{"aides", "Loyers"}) {
			t.Fatalf("services %q", names)
		}
		loyers := service(page, "Loyers")
		if text := providertest.Squeeze(loyers.Text()); !strings.Contains(text, "Déclarer les loyers de juillet.") || !strings.Contains(text, "Un service de Gestion Valmont") {
			t.Errorf("the service says: %s", text)
		}
		if logo := b.Get(p.URL + loyers.Find("img").AttrOr("src", "/none")); logo.Header.Get("Content-Type") != "image/png" {
			t.Errorf("logo: %d %s", logo.Status, logo.Header.Get("Content-Type"))
		}
		if service(page, "aides").Find("img").Length() != 0 {
			t.Error("a logo for an application without one")
		}
		start := loyers.Find("a").AttrOr("href", "")
		to := parse(t, start)
		if query := to.Query(); len(query) != 1 || query.Get("iss") != p.URL || strings.Contains(start, "LOG") {
			t.Errorf("the link tells more than who asks: %s", start)
		}
		expect(t, b.Get(start), onConsent)
		expect(t, b.Get(start).Press("Autoriser"), onPartner)
		before := partner.Results()
		for range 2 {
			expect(t, b.Get(start), onPartner) // without another question
		}
		if result := partner.Last(); partner.Results() != before+2 || result.Err != nil || result.Error != "" {
			t.Errorf("the application got %s", result)
		}
	})
}

// An application that registered itself is nobody's service until he has used it.
func TestSelfRegisteredApplicationIsNoServiceBeforeItsUse(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import(odile)
	partner := p.Partner(func(n *operator.NewClient) { n.Metadata.InitiateLoginURI = startsAt(n) })
	w := world{walker: visitor(t, p), partner: partner}
	w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
	execute(t, outside(t, p), `UPDATE clients SET registration_hash = X'01' WHERE id = ?`, partner.Client.ID)
	b := p.Browser()
	page := w.walk(b.Get(p.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", w.provisional), onAccount)
	if service(page, "Loyers").Length() != 0 || !page.Says("Aucun service ne s’ouvre depuis cette page.") {
		t.Errorf("before its use:\n%s", page.Find("main").Text())
	}
	w.walk(b.Get(partner.URL+"/login"), onPartner)
	if page = b.Get(p.URL + "/"); service(page, "Loyers").Length() != 1 {
		t.Errorf("after its use:\n%s", page.Find("main").Text())
	}
}

// « Changer de compte »: the one who is signed in stays so until the other
// account has been proven, then « / » shows the other number.
func TestPersonChangesAccount(t *testing.T) {
	t.Parallel()
	w, odiles, _ := selfWorld(t, "")
	page := odiles.Get(w.URL + "/")
	if who := page.Find("header .who"); !strings.Contains(who.Text(), "45675320380001") || who.Find(`a[href="/connexion/changer"]`).Text() != "Changer de compte" {
		t.Fatalf("the header says %q", who.Text())
	}
	page = odiles.Get(w.URL + "/connexion/changer")
	if expect(t, page, onLogin); !page.Says("Vous êtes connecté avec le numéro utilisateur 45675320380001.") || page.Find(`main a[href="/"]`).Text() != "Rester dans ce compte" {
		t.Errorf("the page:\n%s", page.Find("main").Text())
	}
	his, err := w.DB.AccountByNumber(t.Context(), "45675320380002")
	if err != nil {
		t.Fatal(err)
	}
	people, err := w.DB.UsersOfAccount(t.Context(), his.ID)
	if err != nil || len(people) != 1 {
		t.Fatal(people, err)
	}
	marcels := people[0]
	wrong := page.Submit("identifiant", marcels.Identifier, "mot_de_passe", "pas le bon du tout")
	if expect(t, wrong, onLogin); !wrong.Says(wrongCouple) || !wrong.Says("Rester dans ce compte") {
		t.Errorf("after a wrong password:\n%s", wrong.Find("main").Text())
	}
	expect(t, odiles.Get(w.URL+"/compte"), onSelf)
	page = wrong.Submit("identifiant", marcels.Identifier, "mot_de_passe", own)
	if expect(t, page, onAccount); page.URL.Path != "/" || !strings.Contains(page.Find("header .who").Text(), "45675320380002") || page.Says("45675320380001") {
		t.Errorf("at %s:\n%s", page.URL, page.Text())
	}
	if left, err := w.DB.SessionsOfUser(t.Context(), w.user().ID); err != nil || len(left) != 0 {
		t.Errorf("%d sessions of the former account live on, %v", len(left), err)
	}
	expect(t, w.Browser().Get(w.URL+"/connexion/changer"), onLogin)
}

// Every page of a signed-in person says in its header in which account he is.
func TestEverySignedInPageSaysWhichAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	seen := 0
	for _, r := range routes(t, w.Provider) {
		if !slices.Contains(r.methods, "HEAD") || strings.HasPrefix(r.template, "/static/") {
			continue
		}
		page := b.Get(w.URL + r.path)
		if page.Find("header a.mine").Length() == 0 { // a public page, a download, an address that leads nowhere
			if page.Status == http.StatusOK && (strings.HasPrefix(r.path, "/compte") || strings.HasPrefix(r.path, "/organisme")) && strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") && page.Find("header").Length() == 1 {
				t.Errorf("%s does not lead to « Mon compte »", r.path)
			}
			continue
		}
		seen++
		if who := page.Find("header .who"); !strings.Contains(who.Text(), "45675320380001") || who.Find("a").Length() != 1 {
			t.Errorf("%s: the header says %q", r.path, who.Text())
		}
	}
	if seen < 8 {
		t.Errorf("only %d pages were seen", seen)
	}
}

// BenchmarkHome is GET / with twenty applications, through the whole handler, on
// durable SQLite. The goal is a median under 5 ms.
func BenchmarkHome(b *testing.B) {
	w := newWorld(b, providertest.Options{})
	browser := w.activate()
	for i := range 20 {
		c := storage.Client{ID: fmt.Sprint("service-", i), Name: fmt.Sprint("Service ", i), Publisher: "Gestion Valmont", Purpose: "Suivre les aides versées pour vos locataires.", AuthMethod: "none",
			SubjectType: "pairwise", IDTokenAlg: "RS256", Consent: "ask", Metadata: storage.ClientMetadata{InitiateLoginURI: "https://service.example/connexion"}}
		if err := w.DB.InTx(context.Background(), func(q *storage.Queries) error { return q.CreateClient(context.Background(), c) }); err != nil {
			b.Fatal(err)
		}
	}
	median(b, w, browser, "/")
}

// median runs GET of a page of a signed-in person, one after the other, through
// the whole handler, and reports the median time.
func median(b *testing.B, w world, browser *providertest.Browser, path string) {
	b.Helper()
	cookie := &http.Cookie{Name: "loge-session", Value: browser.Cookie(w.URL, "session")}
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		r := httptest.NewRequest("GET", w.URL+path, nil)
		r.AddCookie(cookie)
		answer := httptest.NewRecorder()
		w.Handler().ServeHTTP(answer, r)
		took = append(took, time.Since(start))
		if err := ok(answer); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}
