//go:build browser

package browsertest

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"loge/provider/demo"
)

// within does something behind the provider's back.
func within(t *testing.T, d *demo.Demo, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(d.Dir, "loge.db")+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

const someRights = `UPDATE clients SET metadata = '{"rights":[{"name":"consulter","sentence":"Consulter les loyers"},{"name":"declarer","sentence":"Déclarer les loyers de juillet"}]}'`

// TestOrganisation looks at every page of « Mon organisme », as an administrator
// and as somebody to whom the role is offered.
func TestOrganisation(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			within(t, d, someRights)
			v := visit(t, browser, s, "organisation")
			v.activated(d, habitat)
			v.open(d.Issuer)
			v.look("home")
			v.follow("Gérer les accès de mon organisme")
			v.on("Les accès de Habitat des Trois Rivières")
			v.look("alone")
			v.follow("Ajouter un collaborateur")
			v.look("invite")
			v.press("Envoyer l’invitation")
			v.wrong("prenom", "prenom", "Saisissez le prénom de cette personne.")
			v.look("invite-wrong")
			v.fill("prenom", "Nina")
			v.fill("nom", "Roux")
			v.fill("email", "nina.roux@trois-rivieres.example")
			v.tap("droits")
			v.press("Envoyer l’invitation")
			v.on("Nina Roux")
			v.look("person")
			v.tap("droits-2")
			v.press("Modifier ses droits")
			v.look("rights-changed")
			v.press("Suspendre l’accès")
			v.look("suspended")
			v.press("Rouvrir l’accès")
			v.follow("Retirer de l’organisme")
			v.on("Retirer Nina Roux de l’organisme")
			v.look("remove")
			v.follow("Annuler")

			within(t, d, `UPDATE users SET state = 'active', activated_at = 1, details_at = 1 WHERE family_name = 'Roux'`)
			v.reload()
			v.look("person-active")
			v.follow("Nommer administrateur")
			v.look("appoint")
			v.follow("Annuler")
			v.follow("Retour à la liste")
			within(t, d, `UPDATE accounts SET claimed_at = 1, reviewed_at = 1 WHERE kind = 'organisation'`)
			v.reload()
			v.look("list-review")
			v.follow("Passer votre rôle à une autre personne")
			v.look("handover")
			v.follow("Choisir")
			v.press("Continuer")
			v.look("handover-wrong")
			v.tap("garder")
			v.press("Continuer")
			v.on("Passer votre rôle à Nina Roux")
			v.look("offer")
			v.press("Confirmer")
			v.look("offered")
			v.follow("Retour à la liste")
			v.press("La liste est à jour")
			v.look("list-offer")
			v.follow("Adresse e-mail de l’organisme")
			v.look("address")
			v.press("Recevoir un code")
			v.wrong("email", "email", "Saisissez l’adresse e-mail de l’organisme.")
			v.fill("email", "accueil@trois-rivieres.example")
			v.press("Recevoir un code")
			v.on("Confirmez l’adresse e-mail de l’organisme")
			v.look("address-code")
			mailbox := v.another()
			mailbox.open(d.Mailbox + "/" + habitat.key)
			v.fill("code", mailbox.message("accueil@trois-rivieres.example", codePattern))
			v.press("Continuer")
			v.on("Adresse e-mail de l’organisme")
			v.look("address-changed")
			v.follow("Retour à la liste")
			v.follow("Journal de l’organisme")
			v.look("journal")

			// The other way round: somebody else is the administrator, and offers.
			within(t, d, `UPDATE users SET role = CASE WHEN family_name = 'Roux' THEN 'administrator' ELSE 'member' END WHERE role IN ('administrator', 'member')`,
				`UPDATE role_offers SET from_id = to_id, to_id = from_id`)
			v.open(d.Issuer)
			v.look("home-offered")
			v.follow("Répondre")
			v.look("role")

			// A member without a right.
			v.open(d.Partner + "/connexion")
			v.on("Vous n’avez pas accès à Loyers")
			v.look("access")
		})
	}
}

// tap clicks on the element of that id.
func (v *visitor) tap(id string) {
	v.t.Helper()
	v.do("tap "+id, chromedp.Click(chromedp.CSS(`main [id="`+id+`"]`)))
}
