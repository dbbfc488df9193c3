package signin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"loge/storage"
)

// browser is a person's browser: it keeps cookies and follows redirects.
type browser struct {
	w      *world
	jar    *cookiejar.Jar
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w: w, jar: jar, client: &http.Client{Jar: jar}}
}

// page is what the browser shows.
type page struct {
	*goquery.Document
	b      *browser
	url    *url.URL
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) page {
	b.w.t.Helper()
	answer, err := b.client.Get(b.w.server.URL + path)
	return b.read(answer, err)
}

func (b *browser) post(path string, form url.Values) page {
	b.w.t.Helper()
	answer, err := b.client.PostForm(b.w.server.URL+path, form)
	return b.read(answer, err)
}

func (b *browser) read(answer *http.Response, err error) page {
	b.w.t.Helper()
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	document, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if strings.Contains(string(body), "⟦") {
		b.w.t.Errorf("%s shows a text that does not exist:\n%s", answer.Request.URL, document.Text())
	}
	return page{Document: document, b: b, url: answer.Request.URL, status: answer.StatusCode, header: answer.Header, body: string(body)}
}

// session is the value of the session cookie.
func (b *browser) session() string {
	address, _ := url.Parse(b.w.server.URL)
	for _, c := range b.jar.Cookies(address) {
		if c.Name == "loge-session" {
			return c.Value
		}
	}
	return ""
}

// submit sends the page's first form with its hidden fields and the pairs.
func (p page) submit(pairs ...string) page {
	p.b.w.t.Helper()
	return p.send(p.Find("form").First(), pairs)
}

// press submits the form of the button with that label.
func (p page) press(label string) page {
	p.b.w.t.Helper()
	button := p.Find("main button").FilterFunction(func(_ int, s *goquery.Selection) bool { return spaced(strings.TrimSpace(s.Text())) == label })
	if button.Length() != 1 {
		p.b.w.t.Fatalf("%d buttons « %s » on %s:\n%s", button.Length(), label, p.url, p.Text())
	}
	return p.send(button.Closest("form"), []string{button.AttrOr("name", ""), button.AttrOr("value", "")})
}

func (p page) send(form *goquery.Selection, pairs []string) page {
	p.b.w.t.Helper()
	if form.Length() != 1 {
		p.b.w.t.Fatalf("no form on %s:\n%s", p.url, p.Text())
	}
	values := url.Values{}
	form.Find("input[type=hidden]").Each(func(_ int, s *goquery.Selection) { values.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return p.b.post(form.AttrOr("action", ""), values)
}

// spaced makes every space an ordinary one: the typography is tested in text.
func spaced(s string) string { return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s) }

func (p page) h1() string { return spaced(strings.TrimSpace(p.Find("h1").Text())) }

// shows fails the test unless the page has that h1.
func (p page) shows(h1 string) page {
	p.b.w.t.Helper()
	if got := p.h1(); got != h1 {
		p.b.w.t.Fatalf("h1 is %q, want %q on %s (%d):\n%s", got, h1, p.url, p.status, p.Find("main").Text())
	}
	return p
}

// says fails the test unless the page holds the text.
func (p page) says(text string) page {
	p.b.w.t.Helper()
	if !strings.Contains(spaced(p.Text()), text) {
		p.b.w.t.Fatalf("%s does not say %q:\n%s", p.url, text, p.Find("main").Text())
	}
	return p
}

// login signs in at /connexion, from the page that is shown or a new one.
func (b *browser) login(u storage.User, secret string) page {
	b.w.t.Helper()
	return b.get("/connexion").submit("identifiant", u.Identifier, "mot_de_passe", secret)
}

// finish walks the steps that are left of a first sign-in, up to the account
// page or the application.
func (p page) finish(u storage.User) page {
	p.b.w.t.Helper()
	for range 12 {
		switch p.h1() {
		case onAdministrator:
			p = p.press("Je continue")
		case onDetails:
			p = p.submit("prenom", "Odile", "nom", "Martin", "email", u.Email)
		case onPassword, onNewPassword:
			p = p.submit("nouveau_mot_de_passe", own)
		case onRules, onTerms:
			p = p.submit("accepte", "oui")
		case onConsent:
			p = p.press("Autoriser")
		default:
			return p
		}
	}
	p.b.w.t.Fatalf("the steps do not end: %s\n%s", p.url, p.Text())
	return p
}

// The h1 of each page.
const (
	onLogin         = "Connexion à l’Espace bailleur"
	onAdministrator = "Vous allez devenir administrateur"
	onDetails       = "Vérifiez vos renseignements"
	onEmail         = "Confirmez votre adresse e-mail"
	onPassword      = "Choisissez votre mot de passe"
	onNewPassword   = "Choisissez un nouveau mot de passe"
	onRules         = "Acceptez les règles d’usage"
	onTerms         = "Acceptez les conditions d’utilisation"
	onConsent       = "Loyers demande vos renseignements"
	onAccount       = "Mon Compte Partenaire"
)
