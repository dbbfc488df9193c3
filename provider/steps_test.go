package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"loge/provider/providertest"
	"loge/storage"
)

// stage is one page of the first sign-in of an organisation's first person,
// which has them all, with a form that it would take.
type stage struct {
	h1, path string
	form     url.Values
}

func stages(t *testing.T, p *providertest.Provider) []stage {
	t.Helper()
	document := func(kind string) string {
		d, err := p.DB.DocumentByVersion(t.Context(), kind, "1")
		if err != nil {
			t.Fatal(err)
		}
		return d.ID
	}
	return []stage{
		{onLogin, "/connexion", values("identifiant", "LOG00000000", "mot_de_passe", "")},
		{onAdministrator, "/connexion/administrateur", values("choix", "continuer")},
		{onDetails, "/connexion/renseignements", values("prenom", "Claire", "nom", "Vidal", "email", "autre@rives.example")},
		{onEmail, "/connexion/code", values("code", "123456")},
		{onPassword, "/connexion/mot-de-passe", values("nouveau_mot_de_passe", "seize caractères au moins pour elle")},
		{onRules, "/connexion/regles", values("accepte", "oui", "document", document(storage.Rules))},
		{onTerms, "/connexion/conditions", values("accepte", "oui", "document", document(storage.Terms))},
		{onConsent, "/connexion/partage", values("choix", "autoriser")},
	}
}

// class 8: at every stage, every step's address and every step's form, out of
// turn, lead back to the stage; nothing is stored, and the application is not
// answered.
func TestNoStepIsReachedOutOfTurn(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	all := stages(t, w.Provider)
	db := outside(t, w.Provider)
	b := w.Browser()
	page := b.Get(partner.URL + "/login")
	for i, here := range all {
		demande := page.URL.Query().Get("demande")
		expect(t, page, here.h1)
		if here.h1 == onEmail {
			w.Deliver()
		}
		before := dump(t, db)
		for _, address := range []string{"/connexion/suite", "/oauth2/authorize/suite"} {
			expect(t, b.Get(w.URL+address+"?demande="+demande), here.h1)
		}
		for j, other := range all {
			expect(t, b.Get(w.URL+other.path+"?demande="+demande), here.h1)
			if i == j || other.h1 == onLogin {
				continue
			}
			other.form.Set("demande", demande)
			expect(t, b.Post(w.URL+other.path, other.form), here.h1)
			other.form.Del("demande") // as in a tab without an application
			if back := b.Post(w.URL+other.path, other.form); back.Status != http.StatusOK || back.H1() != here.h1 && here.h1 != onConsent {
				t.Errorf("at « %s », %s without a request shows « %s » (%d)", here.h1, other.path, back.H1(), back.Status)
			}
		}
		if here.h1 != onEmail {
			for _, path := range []string{"/connexion/code/renvoyer", "/connexion/adresse"} {
				expect(t, b.Post(w.URL+path, values("demande", demande)), here.h1)
			}
		}
		if after := dump(t, db); after != before {
			t.Errorf("at « %s » something was stored:\n%s", here.h1, difference(before, after))
		}
		if partner.Results() != 0 {
			t.Fatalf("at « %s » the application got %s", here.h1, partner.Last())
		}
		page = b.Get(w.URL + "/connexion/suite?demande=" + demande)
		if here.h1 == onLogin {
			page = page.Submit("identifiant", identifier, "mot_de_passe", provisional)
		} else if i+1 < len(all) {
			page = w.walk(page, all[i+1].h1)
		}
	}
	expect(t, page.Press("Autoriser"), onPartner)
	if result := partner.Last(); result.Err != nil {
		t.Errorf("the application got %s", result)
	}
}

// class 8: an application cannot ask its way past a step: prompt=none is told
// that a page is needed, at every stage.
func TestSilentRequestWaitsForEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.partner.Hold = true
	silent := func(b *providertest.Browser) string {
		q := parse(t, w.partner.OAuth.AuthCodeURL("s")).Query()
		q.Set("prompt", "none")
		q.Set("code_challenge", strings.Repeat("A", 43))
		q.Set("code_challenge_method", "S256")
		b.Stay = true
		defer func() { b.Stay = false }()
		page := b.Get(w.URL + "/oauth2/authorize?" + q.Encode())
		to := parse(t, page.Header.Get("Location"))
		if !strings.HasPrefix(to.String(), w.partner.URL+"/callback?") || to.Query().Get("code") != "" || to.Query().Get("iss") != w.URL || to.Query().Get("state") != "s" {
			t.Errorf("prompt=none leads to %s", to)
		}
		return to.Query().Get("error")
	}
	for _, stage := range []struct{ h1, want string }{{onLogin, "login_required"}, {onDetails, "interaction_required"}, {onPassword, "interaction_required"},
		{onRules, "interaction_required"}, {onTerms, "interaction_required"}, {onConsent, "consent_required"}} {
		page := &providertest.Page{}
		b := w.Browser()
		if stage.h1 != onLogin {
			secret := w.provisional
			if w.user().PasswordHash != "" {
				secret = own
			}
			page = b.Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", secret)
			w.walk(page, stage.h1)
		}
		if got := silent(b); got != stage.want {
			t.Errorf("at « %s » prompt=none gets %q, want %q", stage.h1, got, stage.want)
		}
	}
}

// difference shows the lines that two dumps do not share.
func difference(before, after string) string {
	var b strings.Builder
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, side := range []struct {
		sign       string
		lines, not []string
	}{{"-", was, is}, {"+", is, was}} {
		for _, line := range side.lines {
			if !strings.Contains(strings.Join(side.not, "\n"), line) {
				b.WriteString(side.sign + " " + line + "\n")
			}
		}
	}
	return b.String()
}
