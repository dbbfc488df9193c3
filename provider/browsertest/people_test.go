//go:build browser

package browsertest

import (
	"regexp"
	"strings"
	"testing"
)

// TestPeople plays the four invented people from the mailbox to the partner's
// page, on every screen.
func TestPeople(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			t.Run("odile", func(t *testing.T) {
				v := visit(t, browser, s, "odile")
				v.open(d.Mailbox)
				v.look("people")
				v.follow("Odile Perrin")
				identifier, provisional := v.credentials(d, odile)
				v.look("mailbox")
				v.mails()
				v.follow("Ouvrir Loyers")
				v.look("partner")
				v.follow("Se connecter avec Mon Compte Partenaire")
				v.on("Connexion à l’Espace bailleur")
				v.look("login")
				v.signIn(identifier, provisional)
				v.firstSteps(d, odile)
				v.press("Autoriser")
				v.received(odile)
				v.look("claims")

				v.press("Quitter Loyers")
				v.look("left")
				v.follow("Se connecter avec Mon Compte Partenaire")
				v.received(odile) // the session goes on: straight through

				v.open(d.Issuer)
				v.look("account")
				v.open(d.Issuer + "/deconnexion")
				v.look("logout")
				v.press("Me déconnecter")
				v.look("loggedout")
				v.signedOutOf(d) // the application was told
				v.begin(d)
				v.signIn(strings.ToLower(identifier[3:]), odile.password)
				v.received(odile) // without a session: identifier and password only

				v.press("Me déconnecter partout") // out of the application, out of the provider, and back
				v.look("closed")
				if text := v.read("main"); !strings.Contains(text, "Vous êtes sorti de Loyers et de Mon Compte Partenaire.") {
					v.t.Errorf("at %s: %s", v.address(), text)
				}
				v.open(d.Issuer)
				v.on("Connexion à l’Espace bailleur")
			})
			t.Run("marcel", func(t *testing.T) {
				v := visit(t, browser, s, "marcel")
				identifier, provisional := v.credentials(d, marcel)
				v.look("mailbox")
				v.begin(d)
				v.signIn(identifier, provisional)
				v.firstSteps(d, marcel)
				v.press("Refuser")
				v.on("Vous n’avez pas partagé vos renseignements")
				v.look("refused")
				v.follow("Se connecter avec Mon Compte Partenaire")
				v.on("Loyers demande vos renseignements") // refusing loses nothing
				v.press("Autoriser")
				v.received(marcel)
				v.look("claims")
			})
			t.Run("habitat", func(t *testing.T) {
				v := visit(t, browser, s, "habitat")
				identifier, provisional := v.credentials(d, habitat)
				v.look("mailbox")
				v.begin(d)
				v.signIn(identifier, provisional)
				v.press("Ce n’est pas à moi de le faire")
				v.look("declined")
				v.begin(d)
				v.signIn(identifier, strings.ToLower(strings.ReplaceAll(provisional, "-", " ")))
				v.firstSteps(d, habitat)
				v.press("Autoriser")
				v.received(habitat)
				v.look("claims")
				v.open(d.Issuer)
				v.look("account")
				v.open(d.Mailbox + "/habitat") // the organisation is told by letter
				v.message("Habitat des Trois Rivières", regexp.MustCompile(`(Samira Benali) est administrateur`))
				v.look("mailbox-notice")
			})
			t.Run("jeanne", func(t *testing.T) {
				v := visit(t, browser, s, "jeanne")
				identifier, provisional := v.credentials(d, jeanneJura)
				v.look("mailbox")
				other, otherProvisional := v.credentials(d, jeanneDoubs)
				v.begin(d)
				v.signIn(identifier, otherProvisional) // each identifier has its own password
				v.on("Connexion à l’Espace bailleur")
				v.look("wrong")
				v.signIn(identifier, provisional)
				v.firstSteps(d, jeanneJura)
				v.press("Autoriser")
				v.received(jeanneJura)
				v.look("claims")
				v.follow("Entrer avec un autre compte")
				v.on("Connexion à l’Espace bailleur")
				v.signIn(other, otherProvisional)
				v.firstSteps(d, jeanneDoubs)
				v.press("Autoriser")
				v.received(jeanneDoubs)
				v.look("claims-other")
			})
		})
	}
}
