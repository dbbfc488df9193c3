package signin_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/signin"
	"loge/storage"
)

// stage is a browser in front of one step, with nothing after it done.
type stage struct {
	step signin.Step
	path string
	h1   string
	form url.Values // that the step would take
}

var stages = []stage{
	{signin.Login, "/connexion", onLogin, url.Values{"identifiant": {""}, "mot_de_passe": {""}}},
	{signin.Administrator, "/connexion/administrateur", onAdministrator, url.Values{"choix": {"continuer"}}},
	{signin.Details, "/connexion/renseignements", onDetails, url.Values{"prenom": {"Odile"}, "nom": {"Martin"}, "email": {"new@example.org"}}},
	{signin.Email, "/connexion/code", onEmail, url.Values{"code": {code}}},
	{signin.Password, "/connexion/mot-de-passe", onPassword, url.Values{"nouveau_mot_de_passe": {own}}},
	{signin.Rules, "/connexion/regles", onRules, url.Values{"accepte": {"oui"}, "document": {"?"}}},
	{signin.Terms, "/connexion/conditions", onTerms, url.Values{"accepte": {"oui"}, "document": {"?"}}},
	{signin.Consent, "/connexion/partage", onConsent, url.Values{"choix": {"autoriser"}}},
}

// at brings a new browser of a new organisation's first person to the stage.
func at(w *world, s stage) (*browser, storage.User, string) {
	w.t.Helper()
	u := w.person(storage.Organisation, "")
	b := w.browser()
	p := b.get("/depart").shows(onLogin)
	demande := p.url.Query().Get("demande")
	for _, before := range stages {
		if before.step == s.step {
			return b, u, demande
		}
		p.shows(before.h1)
		switch before.step {
		case signin.Login:
			p = p.submit("identifiant", u.Identifier, "mot_de_passe", provisional)
		case signin.Email:
			w.deliver(u)
			p = p.submit("code", code)
		default:
			var pairs []string
			for name, values := range before.form {
				if values[0] != "?" {
					pairs = append(pairs, name, values[0])
				}
			}
			for i, value := range pairs {
				if value == "new@example.org" {
					pairs[i] = strings.ToLower(u.Identifier) + "@example.org"
				}
			}
			p = p.submit(pairs...)
		}
	}
	w.t.Fatalf("no stage %q", s.step)
	return nil, u, ""
}

// snapshot is everything stored, except when a session was last seen.
func (w *world) snapshot() string {
	w.t.Helper()
	outside, err := sql.Open("sqlite3", "file:"+w.file+"?_busy_timeout=5000")
	if err != nil {
		w.t.Fatal(err)
	}
	defer outside.Close()
	var b strings.Builder
	for _, table := range []string{"accounts", "users", "provisionals", "sessions", "email_changes", "acceptances", "consents", "flows", "messages", "failures", "audit"} {
		rows, err := outside.Query("SELECT * FROM " + table)
		if err != nil {
			w.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			w.t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				w.t.Fatal(err)
			}
			fmt.Fprintln(&b, table, values)
		}
		if err := rows.Err(); err != nil {
			w.t.Fatal(err)
		}
		rows.Close()
	}
	return b.String()
}

// TestNoStepIsSkipped asks for every page from every stage: the answer is the
// page of the stage, and nothing is stored.
func TestNoStepIsSkipped(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	rules, terms := w.publish(storage.Rules, "1", "r"), w.publish(storage.Terms, "1", "c")
	for _, here := range stages {
		t.Run(string(here.step), func(t *testing.T) {
			b, u, demande := at(w, here)
			if here.step == signin.Email {
				w.deliver(u)
			}
			before := w.snapshot()
			for _, other := range stages {
				b.get(other.path + "?demande=" + demande).shows(here.h1)
				if other.step == here.step || other.step == signin.Login {
					continue
				}
				form := url.Values{"demande": {demande}}
				for name, values := range other.form {
					form[name] = values
				}
				if form.Has("document") {
					form.Set("document", map[signin.Step]string{signin.Rules: rules.ID, signin.Terms: terms.ID}[other.step])
				}
				b.post(other.path, form).shows(here.h1)
			}
			for _, path := range []string{"/connexion/code/renvoyer", "/connexion/adresse"} {
				if here.step != signin.Email {
					b.post(path, url.Values{"demande": {demande}}).shows(here.h1)
				}
			}
			b.get("/connexion/suite?demande=" + demande).shows(here.h1)
			b.get("/oauth2/authorize/suite?demande=" + demande).shows(here.h1)
			if here.step == signin.Consent {
				b.get("/").shows(onAccount) // an application's consent does not bar the way home
			} else {
				b.get("/").shows(here.h1)
				b.get("/connexion").shows(here.h1)
			}
			if after := w.snapshot(); after != before {
				t.Errorf("something was stored: before\n%s\nafter\n%s", before, after)
			}
		})
	}
}

// TestRepeatedInputChangesNothing sends each step's form a second time, as a
// double click or the back button does.
func TestRepeatedInputChangesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	w.publish(storage.Rules, "1", "r")
	w.publish(storage.Terms, "1", "c")
	u := w.person(storage.Individual, "odile@example.org")
	b := w.browser()
	p := b.get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", provisional)
	for _, s := range []struct{ h1, name, value string }{
		{onDetails, "prenom", "Odile"}, {onPassword, "nouveau_mot_de_passe", own}, {onRules, "accepte", "oui"}, {onTerms, "accepte", "oui"},
	} {
		pairs := []string{s.name, s.value, "nom", "Martin", "email", u.Email}
		next := p.shows(s.h1).submit(pairs...)
		before := w.snapshot()
		p.submit(pairs...).shows(next.h1())
		if after := w.snapshot(); after != before {
			t.Errorf("%s: repeated input was stored: before\n%s\nafter\n%s", s.h1, before, after)
		}
		p = next
	}
	p.press("Autoriser").shows("arrived as " + u.ID)
	p.press("Autoriser").shows("Cette demande de connexion a expiré").says("Retournez dans Loyers et recommencez.")
}

func TestSessionThatExpiredIsTold(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	for _, here := range stages[1:5] {
		b, _, demande := at(w, here)
		page := b.get(here.path + "?demande=" + demande).shows(here.h1)
		w.move(31 * time.Minute)
		before := w.snapshot()
		var pairs []string
		for name, values := range here.form {
			pairs = append(pairs, name, values[0])
		}
		p := page.submit(pairs...).shows("Votre session a expiré").says("après 30 minutes sans activité")
		if p.status != http.StatusForbidden {
			t.Errorf("%s: status %d", here.step, p.status)
		}
		if after := w.snapshot(); after != before {
			t.Errorf("%s: late input was stored", here.step)
		}
		b.get("/connexion/suite?demande=" + demande).shows(onLogin).says("Vous venez de : Loyers.") // told once, the request lives on
	}
}

func TestStoppingAndResuming(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(storage.Rules, "1", "r")
	u := w.person(storage.Individual, "odile@example.org")
	b := w.browser()
	p := b.login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", u.Email).shows(onPassword)
	p.press("Arrêter et me déconnecter").shows("Vous êtes déconnecté")
	if b.session() != "" {
		t.Error("the browser is still signed in")
	}
	p.submit("nouveau_mot_de_passe", own).shows(onLogin)
	w.browser().login(u, provisional).shows(onPassword).finish(u).shows(onAccount)
}

func TestSigningOut(t *testing.T) {
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	b := w.browser()
	account := b.login(u, own).shows(onAccount)
	value := b.session()
	p := b.get("/deconnexion").shows("Voulez-vous vous déconnecter ?")
	p.submit().shows("Vous êtes déconnecté")
	if b.session() != "" {
		t.Error("the cookie is still there")
	}
	b.get("/deconnexion").shows("Vous êtes déconnecté")
	account.press("Me déconnecter").shows("Vous êtes déconnecté") // twice is no error
	address, _ := url.Parse(w.server.URL)
	b.jar.SetCookies(address, []*http.Cookie{{Name: "loge-session", Value: value}})
	b.get("/").shows("Votre session a expiré")
}
