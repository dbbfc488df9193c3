package provider_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"loge/provider/account"
	"loge/provider/providertest"
	"loge/storage"
)

// role is somebody who asks for every address of the server.
type role struct {
	name    string
	browser *providertest.Browser
	// outside: nothing of the organisation is theirs to see or to change.
	outside bool
	// turned is where they are sent for what only people who have finished the
	// sign-in may see; "" when they have finished it.
	turned []string
}

// everyRole is an organisation with two people, whose objects everybody tries to
// reach, and one browser for each role.
func everyRole(t *testing.T) (w office, victim storage.User, roles []role) {
	t.Helper()
	w = newOffice(t, providertest.Options{})
	victim = w.invite("Nina", "nina@rives.example", "lire")
	member := w.joins(victim)
	gone := w.invite("Paul", "paul@rives.example", "lire")
	suspended := w.joins(gone)
	order(t, w.Provider, account.Suspend, gone.Identifier)

	w.Import(odile)
	identifier, provisional := w.Credentials("odile@exemple.fr")
	individual := w.Browser()
	visitor(t, w.Provider).walk(individual.Get(w.URL+"/").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)

	w.Import(neighbour)
	identifier, provisional = w.Credentials("contact@parc.example")
	other := w.walker
	other.email = "luc.morel@parc.example"
	rival := w.Browser()
	other.walk(rival.Get(w.URL+"/").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)

	w.Import("45675320380041;physique;69;;;M.;Jean;Petit;jean@exemple.fr;1 rue A;69003 Lyon;;;;;")
	identifier, provisional = w.Credentials("jean@exemple.fr")
	midway := w.Browser()
	expect(t, midway.Get(w.URL+"/").Submit("identifiant", identifier, "mot_de_passe", provisional), onDetails)

	return w, victim, []role{
		{"nobody", w.Browser(), true, []string{onLogin}},
		{"individual", individual, true, nil},
		{"administrator of another organisation", rival, true, nil},
		{"suspended member", suspended, false, []string{onLogin, onExpired, "L’accès à ce compte est suspendu"}},
		{"in the middle of the first sign-in", midway, true, []string{onDetails}},
		{"member", member, false, nil},
	}
}

const neighbour = "45675320380051;moral;69;Régie du Parc;12345678900029;;;;contact@parc.example;5 avenue du Parc;69006 Lyon;;;;;"

// leaving are the addresses that end the session of whoever asks: last, so that
// each role is itself for all others.
var leaving = []string{"/connexion", "/connexion/arreter", "/deconnexion", "/oauth2/logout", "/oauth2/logout/suite"}

// aimed is a form with every field that any page has, filled in with what
// belongs to the victim, and nothing that says who asks.
func aimed(t *testing.T, w office, victim storage.User) url.Values {
	t.Helper()
	sessions, err := w.DB.SessionsOfUser(t.Context(), victim.ID)
	if err != nil || len(sessions) == 0 {
		t.Fatalf("sessions of the victim: %v, %v", sessions, err)
	}
	return values("session", sessions[0].ID, "application", w.partner.Client.ID, "client", w.partner.Client.ID, "personne", victim.ID, "facteur", victim.ID,
		"identifiant", victim.Identifier, "numero_utilisateur", "45675320380003", "choix", "oui", "accepte", "oui", "confirme", "oui", "garder", "membre",
		"autres", "oui", "raison", "essai", "lien", victim.ID+".x", "droit:loyers:lire", "oui", "droit:loyers:declarer", "oui")
}

// class 10: every address, by every method, as everybody, with what belongs to
// somebody else. What one may not do is the sign-in or does not exist, and
// nothing is stored; and whatever somebody from outside asks for, no row of the
// organisation changes.
func TestEveryRouteForEveryRole(t *testing.T) {
	t.Parallel()
	w, victim, roles := everyRole(t)
	db := outside(t, w.Provider)
	form := aimed(t, w, victim)
	all := routes(t, w.Provider)
	slices.SortStableFunc(all, func(a, b route) int {
		return compareBool(slices.Contains(leaving, a.template), slices.Contains(leaving, b.template))
	})
	tried := 0
	for _, r := range all {
		// The organisation's pages and those of a person's own access; the rest is
		// the sign-in, whose steps have a test of their own, or public.
		organisation := r.template == "/organisme" || strings.HasPrefix(r.template, "/organisme/")
		own := r.template == "/compte" || strings.HasPrefix(r.template, "/compte/") || r.template == "/"
		path := r.path
		if organisation {
			path = strings.Replace(r.template, "{id}", victim.ID, 1)
		}
		for _, method := range r.methods {
			if method != "GET" && method != "POST" {
				continue
			}
			for _, role := range roles {
				tried++
				what := role.name + ": " + method + " " + path
				before := dump(t, db)
				page := ask(role.browser, method, w.URL+path, form)
				after := dump(t, db)
				if page.Status >= 500 {
					t.Errorf("%s answers %d\n%s", what, page.Status, page.Find("main").Text())
				}
				allowed := !organisation && (!own || role.turned == nil) || // one's own; who has an organisation of his own is judged by its rows
					organisation && role.name == "administrator of another organisation" && !strings.Contains(r.template, "{id}")
				if !allowed {
					if turned := slices.Contains(role.turned, page.H1()); !turned && page.Status != 404 {
						t.Errorf("%s shows « %s » (%d)", what, page.H1(), page.Status)
					}
					if before != after {
						t.Errorf("%s stores something:\n%s", what, difference(before, after))
					}
				}
				if role.outside {
					if was, is := of(before, victim), of(after, victim); was != is {
						t.Errorf("%s changes what is the organisation's:\n%s", what, difference(was, is))
					}
					if page.Says("nina@rives.example") || page.Says(victim.Identifier[3:]) && !strings.HasPrefix(r.template, "/connexion") {
						t.Errorf("%s shows who works there:\n%s", what, page.Find("main").Text())
					}
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d requests were tried", tried)
	}
}

func ask(b *providertest.Browser, method, address string, form url.Values) *providertest.Page {
	if method == "POST" {
		return b.Post(address, form)
	}
	return b.Get(address)
}

// of are the lines of a dump that speak of the victim or of her organisation.
// What anybody may do to an identifier, counting wrong passwords, is not hers.
func of(dump string, victim storage.User) string {
	var b strings.Builder
	for line := range strings.Lines(dump) {
		if strings.Contains(line, victim.ID) || strings.Contains(line, victim.AccountID) {
			b.WriteString(line)
		}
	}
	return b.String()
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Every form refuses what another site sends, kindly, whoever is signed in, and
// stores nothing: the administrator's own forms too.
func TestNoFormIsSentByAnotherSite(t *testing.T) {
	t.Parallel()
	w, victim, _ := everyRole(t)
	db := outside(t, w.Provider)
	form := aimed(t, w, victim)
	w.boss.Header.Set("Sec-Fetch-Site", "cross-site")
	w.boss.Header.Set("Origin", "https://ailleurs.example")
	before := dump(t, db)
	for _, r := range routes(t, w.Provider) {
		if _, endpoint := protocol[r.template]; endpoint || !slices.Contains(r.methods, "POST") {
			continue
		}
		page := w.boss.Post(w.URL+strings.Replace(r.template, "{id}", victim.ID, 1), form)
		if page.Status != 403 || !page.Says("Cette page est restée ouverte trop longtemps") {
			t.Errorf("%s from another site shows « %s » (%d)", r.template, page.H1(), page.Status)
		}
	}
	if after := dump(t, db); after != before {
		t.Errorf("something was stored:\n%s", difference(before, after))
	}
}
