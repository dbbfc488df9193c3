package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"loge/storage"
)

// corpus are texts on which careless code breaks.
var corpus = []string{
	`"><script>alert(1)</script>`, `' OR '1'='1`, `'; DROP TABLE users; --`, `{{.}}`, `${7*7}`, `%s%n`, `../../etc/passwd`,
	"Odile\r\nBcc: x@example.org", "\u202eeliO", "\ufeffOdile", "\U0001f600", strings.Repeat("é", 500), "javascript:alert(1)", "&lt;b&gt;", "\t", "\u2028",
}

func TestOddTextsDoNoHarm(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	w.publish(storage.Rules, "1", "r")
	for i, odd := range corpus {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			u := w.person(storage.Organisation, fmt.Sprintf("odd%d@example.org", i))
			b := w.browser()
			look := func(p page) page {
				t.Helper()
				if p.status >= 500 {
					t.Errorf("%q: status %d on %s", odd, p.status, p.url)
				}
				if p.Find("main script").Length() > 0 || p.Find("main b").Length() > 0 || strings.Contains(p.body, "<script>alert") {
					t.Errorf("%q became markup on %s", odd, p.url)
				}
				return p
			}
			look(b.get("/connexion").submit("identifiant", odd, "mot_de_passe", odd)).shows(onLogin)
			look(b.get("/depart?login_hint=" + url.QueryEscape(odd)))
			p := b.login(u, provisional).press("Je continue").shows(onDetails)
			p = look(p.submit("prenom", odd, "nom", odd, "email", odd, "telephone", odd, "fonction", odd)).shows(onDetails)
			p = look(p.submit("prenom", "Odile"+odd, "nom", "Martin", "email", u.Email, "fonction", odd))
			if p.h1() == onDetails {
				p = p.submit("prenom", "Odile", "nom", "Martin", "email", u.Email)
			}
			p = look(p.shows(onPassword).submit("nouveau_mot_de_passe", odd))
			if p.h1() == onPassword {
				p = p.submit("nouveau_mot_de_passe", own)
			}
			look(p.shows(onRules).submit("accepte", odd, "document", odd)).shows(onRules)
			look(b.get("/connexion/refus?texte=" + url.QueryEscape(odd))).shows("Vous n’avez pas accepté")
			look(b.get("/connexion/suite?demande=" + url.QueryEscape(odd)))
			look(p.shows(onRules).submit("accepte", "oui")).shows(onAccount)
			look(b.post("/connexion/partage", url.Values{"choix": {odd}, "demande": {odd}}))
			w.exec(`DELETE FROM throttles`)
		})
	}
}

func TestUnreadableFormsGetAPage(t *testing.T) {
	w := newWorld(t, nil)
	b := w.browser()
	b.get("/connexion")
	for name, body := range map[string]string{
		"not UTF-8": "identifiant=%ff&mot_de_passe=x",
		"NUL":       "identifiant=%00&mot_de_passe=x",
		"twice":     "identifiant=a&identifiant=b&mot_de_passe=x",
		"oversized": "identifiant=" + strings.Repeat("a", 70<<10),
		"broken":    "identifiant=%zz",
	} {
		r, err := http.NewRequestWithContext(context.Background(), "POST", w.server.URL+"/connexion", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := b.client.Do(r)
		p := b.read(answer, err)
		if p.status < 400 || p.status >= 500 || p.h1() == "" {
			t.Errorf("%s: status %d, h1 %q", name, p.status, p.h1())
		}
	}
}
