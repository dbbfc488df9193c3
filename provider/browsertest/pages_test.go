//go:build browser

package browsertest

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"loge/provider/demo"
)

// TestPagesBeside looks at the pages that no sign-in passes.
func TestPagesBeside(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			d, clock := demonstration(t)
			v := visit(t, browser, s, "pages")
			for name, path := range map[string]string{
				"help":          "/aide",
				"accessibility": "/accessibilite",
				"legal":         "/mentions-legales",
				"privacy":       "/donnees-personnelles",
				"cookies":       "/cookies",
				"forgotten":     "/mot-de-passe-oublie",
				"problem":       "/probleme-de-connexion",
				"rules-text":    "/textes/rules/1",
				"terms-text":    "/textes/terms/1",
				"missing":       "/nulle-part",
				"flow-expired":  "/connexion/suite?demande=01990000-0000-7000-8000-000000000000",
				"bad-request":   "/oauth2/authorize?client_id=inconnu&response_type=code",
			} {
				v.open(d.Issuer + path)
				v.look(name)
			}
			v.open(d.Partner + "/politique")
			v.look("partner-policy")
			v.open(d.Partner + "/retour?state=inconnu")
			v.look("partner-problem")
			v.open(d.Mailbox + "/nulle-part")
			v.look("mailbox-missing")

			identifier, provisional := v.credentials(d, jeanneJura)
			v.begin(d)
			v.signIn(identifier, provisional)
			v.on("Vérifiez vos renseignements")
			clock.forward(31 * time.Minute)
			v.reload()
			v.look("session-expired")

			other, otherProvisional := v.credentials(d, jeanneDoubs)
			clock.forward(8 * 24 * time.Hour)
			v.begin(d)
			v.signIn(other, otherProvisional)
			v.on("Ce mot de passe provisoire n’est plus valable")
			v.look("provisional-expired")
		})
	}
}

// TestBarredAccounts looks at the pages of accounts that are suspended, asleep
// or closed, which only the right password shows.
func TestBarredAccounts(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range []screen{{320, 640, false}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			v := visit(t, browser, s, "barred")
			identifier, provisional := v.credentials(d, odile)
			v.begin(d)
			v.signIn(identifier, provisional)
			v.firstSteps(d, odile)
			for _, state := range []string{"suspended", "dormant", "closed"} {
				setState(t, d, identifier, state)
				v := visit(t, browser, s, "barred")
				v.open(d.Issuer + "/connexion")
				v.signIn(identifier, odile.password)
				v.look(state)
			}
		})
	}
}

// setState changes a user behind the provider's back.
func setState(t *testing.T, d *demo.Demo, identifier, state string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(d.Dir, "loge.db")+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE users SET state = ? WHERE identifier = ?`, state, identifier); err != nil {
		t.Fatal(err)
	}
}
