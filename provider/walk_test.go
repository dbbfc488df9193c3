package provider_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

// The h1 of each page.
const (
	onLogin         = "Connexion à l’Espace bailleur"
	onAdministrator = "Vous allez devenir administrateur"
	onDetails       = "Vérifiez vos renseignements"
	onEmail         = "Confirmez votre adresse e-mail"
	onPassword      = "Choisissez votre mot de passe"
	onRules         = "Acceptez les règles d’usage"
	onTerms         = "Acceptez les conditions d’utilisation"
	onConsent       = "Loyers demande vos renseignements"
	onPartner       = "Loyers"
	onAccount       = "Mon Compte Partenaire"
	onLoggedOut     = "Vous êtes déconnecté"
	onExpired       = "Votre session a expiré"
	onFlowExpired   = "Cette demande de connexion a expiré"
	onInternal      = "Désolé, le service rencontre un problème"

	wrongCouple = "L’identifiant ou le mot de passe n’est pas correct. Vérifiez les deux, puis recommencez."
)

const own = "quatre lampes sous la pluie"

// walker answers every page of the sign-in as one person would.
type walker struct {
	*providertest.Provider
	t             testing.TB
	given, family string // where the form is empty
	email         string // typed, if not empty
	password      string
}

// walk goes on from page to the page with the h1 until.
func (w walker) walk(page *providertest.Page, until string) *providertest.Page {
	w.t.Helper()
	for range 12 {
		if page.H1() == until {
			return page
		}
		switch page.H1() {
		case onAdministrator:
			page = page.Press("Je continue")
		case onDetails:
			page = page.Submit(w.details(page)...)
		case onEmail:
			page = page.Submit("code", w.Code(w.email))
		case onPassword:
			page = page.Submit("nouveau_mot_de_passe", w.password)
		case onRules, onTerms:
			page = page.Submit("accepte", "oui")
		case onConsent:
			page = page.Press("Autoriser")
		default:
			w.t.Fatalf("on the way to « %s »: %s (%d) shows « %s »\n%s", until, page.URL, page.Status, page.H1(), providertest.Squeeze(page.Find("main").Text()))
		}
	}
	w.t.Fatalf("the steps do not end: %s shows « %s »", page.URL, page.H1())
	return nil
}

func (w walker) details(page *providertest.Page) (pairs []string) {
	for _, field := range [][2]string{{"prenom", w.given}, {"nom", w.family}} {
		if page.Find("#"+field[0]).AttrOr("value", "") == "" {
			pairs = append(pairs, field[0], field[1])
		}
	}
	if w.email != "" {
		pairs = append(pairs, "email", w.email)
	}
	return pairs
}

// visitor is a walker for somebody whose details the agency knows.
func visitor(t testing.TB, p *providertest.Provider) walker {
	return walker{Provider: p, t: t, given: "Claire", family: "Vidal", password: own}
}

// world is a provider with its application and Odile, not signed in yet.
type world struct {
	walker
	partner                 *providertest.Partner
	identifier, provisional string
}

func newWorld(t testing.TB, opts providertest.Options) world {
	t.Helper()
	p := providertest.Start(t, opts)
	p.Import(odile)
	w := world{walker: visitor(t, p), partner: p.Partner()}
	w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
	return w
}

// at brings a fresh browser, on Odile's first sign-in through the application,
// to the page with that h1.
func (w world) at(h1 string) (*providertest.Browser, *providertest.Page) {
	w.t.Helper()
	b := w.Browser()
	page := b.Get(w.partner.URL + "/login")
	if h1 == onLogin {
		return b, page
	}
	return b, w.walk(page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional), h1)
}

// activate has Odile finish the first sign-in, and returns her browser.
func (w world) activate() *providertest.Browser {
	w.t.Helper()
	b, _ := w.at(onPartner)
	if result := w.partner.Last(); result.Err != nil || result.Error != "" {
		w.t.Fatalf("the application got %s", result)
	}
	return b
}

func (w world) user() storage.User {
	w.t.Helper()
	return userOf(w.t, w.Provider, w.identifier)
}

func userOf(t testing.TB, p *providertest.Provider, identifier string) storage.User {
	t.Helper()
	u, err := p.DB.UserByIdentifier(t.Context(), strings.ReplaceAll(identifier, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// outside opens a SQLite database beside the provider that uses it.
func outside(t testing.TB, p *providertest.Provider) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(p.Database, "sqlite:")+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// tables lists the tables of a SQLite database.
func tables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil || len(names) < 15 {
		t.Fatalf("tables %v: %v", names, err)
	}
	return names
}

// dump is everything stored, one row a line, tables named in without left out.
func dump(t *testing.T, db *sql.DB, without ...string) string {
	t.Helper()
	var b strings.Builder
	for _, table := range tables(t, db) {
		if !slices.Contains(without, table) {
			dumpTable(t, db, table, &b)
		}
	}
	return b.String()
}

func dumpTable(t *testing.T, db *sql.DB, table string, b *strings.Builder) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(b, table, values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
