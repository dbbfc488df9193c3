//go:build browser

package browsertest

import (
	"regexp"
	"testing"
	"time"
)

var undoPattern = regexp.MustCompile(`(http\S+/adresse-e-mail/annuler\?lien=[0-9A-Za-z._-]+)`)

// TestMyAccount plays what people do with their own access, on every screen: the
// services, the details, another e-mail address and taking that back, the copy
// of the data, the request to close, and « Changer de compte ».
func TestMyAccount(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			d, c := demonstration(t)
			v := visit(t, browser, s, "mycompte")
			identifier, provisional := v.credentials(d, odile)
			v.begin(d)
			v.signIn(identifier, provisional)
			v.firstSteps(d, odile)
			v.press("Autoriser")

			v.open(d.Issuer)
			v.on("Mon Compte Partenaire")
			v.look("services")
			v.follow("Loyers")
			v.received(odile) // without another question

			v.open(d.Issuer + "/compte")
			v.look("compte")
			v.follow("Modifier mes renseignements")
			v.fill("telephone", "12")
			v.press("Enregistrer")
			v.on("Modifier mes renseignements")
			v.look("details-wrong")
			v.fill("telephone", "06 12 34 56 78")
			v.press("Enregistrer")
			v.on("Mon compte")
			v.look("details-saved")

			v.follow("Changer mon adresse e-mail")
			v.look("email")
			moved := odile
			moved.email = "odile.nouvelle@courriel.example"
			v.fill("email", moved.email)
			v.fill("mot_de_passe", odile.password)
			v.press("Recevoir un code")
			v.on("Confirmez votre adresse e-mail")
			v.look("code")
			v.fill("code", v.code(d, moved))
			v.press("Continuer")
			v.on("Mon compte")
			v.look("email-changed")

			owner := visit(t, browser, s, "undo")
			owner.open(d.Mailbox + "/" + odile.key)
			link := owner.message("Nouvelle adresse", undoPattern)
			owner.open(link)
			owner.on("Annuler le changement d’adresse e-mail")
			owner.look("undo")

			c.forward(11 * time.Minute)
			v.open(d.Issuer + "/compte/donnees")
			v.on("Confirmez que c’est vous")
			v.look("confirm")
			v.fill("mot_de_passe", odile.password)
			v.press("Continuer")
			v.on("Mes données")
			v.look("data")

			v.open(d.Issuer + "/compte/fermeture")
			v.look("closing")
			v.fill("raison", "Je ne loue plus.")
			v.press("Continuer")
			v.look("closing-confirm")
			v.press("Confirmer ma demande")
			v.look("closing-asked")
			v.press("Retirer ma demande")
			v.on("Mon compte")
			v.look("closing-withdrawn")

			v.follow("Changer de compte")
			v.on("Connexion à l’Espace bailleur")
			v.look("change")
			v.follow("Rester dans ce compte")
			v.on("Mon Compte Partenaire")

			owner.press("Annuler le changement")
			owner.on("Le changement est annulé")
			owner.look("undone")
			owner.open(link)
			owner.on("Ce lien ne marche plus")
			owner.look("dead")
			v.open(d.Issuer + "/compte/mot-de-passe")
			v.on("Votre session a expiré")
			v.look("expired")
		})
	}
}
