package provider_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// office is an organisation with an administrator who is signed in.
type office struct {
	walker
	t       *testing.T
	partner *providertest.Partner
	boss    *providertest.Browser
}

func newOffice(t *testing.T, opts providertest.Options) office {
	t.Helper()
	p := providertest.Start(t, opts)
	p.Import(house)
	w := visitor(t, p)
	w.email, w.password = "claire.vidal@rives.example", "seize caractères au moins pour elle"
	partner := p.Partner(rights)
	identifier, provisional := p.Credentials("contact@rives.example")
	boss := p.Browser()
	w.walk(boss.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	return office{w, t, partner, boss}
}

const memberPassword = "lampes bleues"

// invite has the administrator invite somebody with a right, and returns the
// person.
func (w office) invite(given, email, right string) storage.User {
	w.t.Helper()
	form := w.boss.Get(w.URL + "/organisme/ajouter")
	expect(w.t, form, "Ajouter un collaborateur")
	page := form.SubmitForm(form.Find(`form[action="/organisme/ajouter"]`), "prenom", given, "nom", "Roux", "email", email, "fonction", "Gestion", "droit:loyers:"+right, "oui")
	expect(w.t, page, given+" Roux")
	if !page.Says("Deux e-mails partent à " + email) {
		w.t.Errorf("after inviting, the page says:\n%s", page.Find("main").Text())
	}
	u, err := w.DB.UserByEmail(w.t.Context(), email)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// joins has an invited person finish the first sign-in at the application.
func (w office) joins(u storage.User) *providertest.Browser {
	w.t.Helper()
	identifier, provisional := w.Credentials(u.Email)
	b := w.Browser()
	own := w.walker
	own.email, own.password = "", memberPassword
	own.walk(b.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	return b
}

// does opens the person's page and presses a button there.
func (w office) does(b *providertest.Browser, u storage.User, button string, pairs ...string) *providertest.Page {
	w.t.Helper()
	return b.Get(w.URL+"/organisme/personnes/"+u.ID).Press(button, pairs...)
}

// An administrator invites a colleague, who gets two mails of her own, signs in
// with what she was given, is suspended and reopened, and removed.
func TestAdministratorLooksAfterAColleague(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newOffice(t, providertest.Options{Database: database})
		page := w.boss.Get(w.URL + "/organisme")
		expect(t, page, "Les accès de Habitat des Rives")
		if !page.Says("Vous êtes administrateur. Une personne a un accès.") {
			t.Errorf("the list says:\n%s", page.Find("main").Text())
		}
		nina := w.invite("Nina", "nina@rives.example", "lire")
		if nina.InvitedBy == "" || nina.Role != storage.RoleMember || nina.State != storage.StateIssued {
			t.Errorf("the invited person is %+v", nina)
		}
		if page := w.boss.Get(w.URL + "/organisme"); !page.Says("Invitation envoyée") || !page.Says("2 personnes ont un accès") {
			t.Errorf("the list says:\n%s", page.Find("main").Text())
		}
		b := w.joins(nina)
		mails := w.MailsTo("nina@rives.example")
		if len(mails) < 2 || mails[0].Subject != "Habitat des Rives vous ouvre un accès à l’Espace bailleur" ||
			!strings.Contains(providertest.Squeeze(mails[0].Text), "Claire Vidal, administrateur de Habitat des Rives, vous a créé un accès.") ||
			!strings.Contains(providertest.Squeeze(mails[0].Text), "Vous pourrez : Consulter les loyers") || strings.Contains(mails[0].Text, "Mot de passe provisoire :") {
			t.Errorf("she got %+v", mails)
		}
		token := w.partner.Last().Token
		held := func() any { return w.partner.UserInfo(t, w.URL, token.AccessToken).JSON["habilitations"] }
		if got := held(); !same(got, "lire") {
			t.Errorf("habilitations: %v", got)
		}

		// Another right, told by mail, in the claim at once.
		page = w.does(w.boss, nina, "Modifier ses droits", "droit:loyers:lire", "oui", "droit:loyers:declarer", "oui")
		if got := held(); !page.Says("Les droits sont enregistrés.") || !same(got, "lire", "declarer") {
			t.Errorf("habilitations: %v; the page says:\n%s", got, page.Find("main").Text())
		}

		// Suspended: nothing works any more, and the application is told.
		w.does(w.boss, nina, "Suspendre l’accès")
		if answer := w.partner.UserInfo(t, w.URL, token.AccessToken); answer.Status != 401 {
			t.Errorf("userinfo of a suspended person: %+v", answer)
		}
		if page := b.Get(w.URL + "/compte"); page.H1() == "Mon compte" {
			t.Error("she is still signed in")
		}
		if err := w.SendLogouts(t.Context()); err != nil || len(w.partner.SignedOut()) == 0 {
			t.Errorf("the application was not told: %v", err)
		}
		identifier := strings.ReplaceAll(nina.Identifier, "LOG", "LOG ")
		signIn := func() *providertest.Page {
			return w.Browser().Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", memberPassword)
		}
		expect(t, signIn(), "L’accès à ce compte est suspendu")
		page = w.does(w.boss, nina, "Rouvrir l’accès")
		if !page.Says("L’accès est rouvert.") {
			t.Errorf("the page says:\n%s", page.Find("main").Text())
		}
		expect(t, signIn(), onAccount)

		// What the agency suspends, only it reopens.
		order(t, w.Provider, account.Suspend, nina.Identifier)
		page = w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID)
		if page.Find(`form[action$="/rouvrir"]`).Length() != 0 || !page.Says("Seule l’agence de Valmont peut le rouvrir.") {
			t.Errorf("the page says:\n%s", page.Find("main").Text())
		}
		w.boss.Post(w.URL+"/organisme/personnes/"+nina.ID+"/rouvrir", nil)
		if u := userOf(t, w.Provider, nina.Identifier); u.State != storage.StateSuspended {
			t.Errorf("an administrator reopened what the agency suspended: %s", u.State)
		}
		order(t, w.Provider, account.Reopen, nina.Identifier)

		// Removed, after a question.
		page = w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/retirer")
		expect(t, page, "Retirer Nina Roux de l’organisme")
		if u := userOf(t, w.Provider, nina.Identifier); u.State != storage.StateActive {
			t.Errorf("asking has changed the access to %s", u.State)
		}
		if page = page.Press("Retirer de l’organisme"); !page.Says("L’accès est retiré.") || page.Says("Nina") {
			t.Errorf("the list says:\n%s", page.Find("main").Text())
		}
		if page := w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID); page.Status != 404 {
			t.Errorf("her page answers %d", page.Status)
		}
		expect(t, signIn(), "Ce compte est fermé")

		// The journal tells all of it.
		page = w.boss.Get(w.URL + "/organisme/journal")
		for _, line := range []string{"Claire Vidal a invité Nina Roux.", "Claire Vidal a donné à Nina Roux, dans Loyers : Déclarer les loyers, Consulter les loyers.",
			"Claire Vidal a suspendu l’accès de Nina Roux.", "Claire Vidal a rouvert l’accès de Nina Roux.", "Claire Vidal a retiré Nina Roux de l’organisme."} {
			if !strings.Contains(providertest.Squeeze(page.Find("main").Text()), line) {
				t.Errorf("the journal does not say « %s »:\n%s", line, page.Find("main").Text())
			}
		}
		w.Deliver()
		told := subjects(w.Provider, "nina@rives.example")
		for _, subject := range []string{"Vos droits ont changé", "Votre accès à l’Espace bailleur est suspendu", "Votre accès à l’Espace bailleur est rouvert", "Votre accès à l’Espace bailleur est fermé"} {
			if !strings.Contains(providertest.Squeeze(strings.Join(told, "\n")), providertest.Squeeze(subject)) {
				t.Errorf("she was not told « %s »: %q", subject, told)
			}
		}
		if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Faults of the invitation lose nothing that was typed, and tell nothing.
func TestFaultsOfAnInvitation(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	w.Import(odile)
	form := func() *providertest.Page { return w.boss.Get(w.URL + "/organisme/ajouter") }
	send := func(pairs ...string) *providertest.Page {
		page := form()
		return page.SubmitForm(page.Find(`form[action="/organisme/ajouter"]`), pairs...)
	}
	page := send("prenom", "Nina", "nom", "", "email", "nina", "fonction", "")
	for _, says := range []string{"Saisissez le nom de cette personne.", "Saisissez une adresse e-mail complète", "Choisissez au moins un droit."} {
		if !page.Says(says) {
			t.Errorf("the page does not say « %s »:\n%s", says, page.Find("main").Text())
		}
	}
	if page.Find("#prenom").AttrOr("value", "") != "Nina" {
		t.Error("the form lost what was typed")
	}
	taken := send("prenom", "Nina", "nom", "Roux", "email", "ODILE@exemple.fr", "droit:loyers:lire", "oui")
	if !taken.Says("Cette adresse e-mail ne peut pas être utilisée. Choisissez-en une autre.") || taken.Says("Odile") || taken.Find("#droits").AttrOr("checked", "-") == "-" {
		t.Errorf("a used address:\n%s", taken.Find("main").Text())
	}
	// A right that the organisation does not hold was never offered.
	page = w.boss.Post(w.URL+"/organisme/ajouter", values("prenom", "Nina", "nom", "Roux", "email", "nina@rives.example", "droit:loyers:payer", "oui"))
	if !page.Says("Vous ne pouvez pas donner un droit que votre organisme n’a pas.") {
		t.Errorf("a right that is not held:\n%s", page.Find("main").Text())
	}
	if _, err := w.DB.UserByEmail(t.Context(), "nina@rives.example"); err == nil {
		t.Error("she was invited all the same")
	}
}

func TestOrganisationIsFull(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{Change: peopleAtMost(2)})
	w.invite("Nina", "nina@rives.example", "lire")
	page := w.boss.Post(w.URL+"/organisme/ajouter", values("prenom", "Paul", "nom", "Roux", "email", "paul@rives.example", "droit:loyers:lire", "oui"))
	if !page.Says("Vous avez atteint le nombre maximum d’accès (2). Contactez l’agence de Valmont.") {
		t.Errorf("the page says:\n%s", page.Find("main").Text())
	}
}

// An invitation that has expired says so, and is sent again.
func TestInvitationIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	nina := w.invite("Nina", "nina@rives.example", "lire")
	w.Deliver()
	w.Clock.Advance(9 * 24 * time.Hour)
	w.signsIn()
	if page := w.boss.Get(w.URL + "/organisme"); !page.Says("Invitation expirée") {
		t.Errorf("the list says:\n%s", page.Find("main").Text())
	}
	page := w.does(w.boss, nina, "Renvoyer un mot de passe provisoire")
	if !page.Says("Un mot de passe provisoire part à nina@rives.example.") {
		t.Errorf("the page says:\n%s", page.Find("main").Text())
	}
	w.boss.Post(w.URL+"/organisme/personnes/"+nina.ID+"/mot-de-passe", nil) // pressed twice
	w.joins(nina)
	secrets := 0
	for _, m := range w.MailsTo("nina@rives.example") {
		if m.Subject == "Votre mot de passe provisoire" {
			secrets++
		}
	}
	if secrets != 2 {
		t.Errorf("%d provisional passwords were sent, want the first and one more", secrets)
	}
}

// signsIn signs the administrator in again, who was away for long.
func (w office) signsIn() {
	w.t.Helper()
	u, err := w.DB.UserByEmail(w.t.Context(), "claire.vidal@rives.example")
	if err != nil {
		w.t.Fatal(err)
	}
	expect(w.t, w.boss.Get(w.URL+"/connexion").Submit("identifiant", u.Identifier, "mot_de_passe", w.password), onAccount)
}

// The role passes when the other accepts, with a password of an administrator's
// length; the one who gave it keeps what he wanted.
func TestRoleIsHandedOver(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newOffice(t, providertest.Options{Database: database})
		nina := w.invite("Nina", "nina@rives.example", "lire")
		b := w.joins(nina)
		if page := b.Get(w.URL + "/organisme"); page.Status != 404 {
			t.Errorf("a member sees the list: %d", page.Status)
		}
		if page := b.Get(w.URL + "/organisme/role"); page.Status != 404 {
			t.Errorf("a member to whom nothing was offered: %d", page.Status)
		}
		page := w.boss.Get(w.URL + "/organisme/passer-le-role")
		expect(t, page, "Passer votre rôle à une autre personne")
		if again := w.boss.Post(w.URL+"/organisme/passer-le-role", nil); !again.Says("Choisissez une personne de la liste.") {
			t.Errorf("nobody chosen:\n%s", again.Find("main").Text())
		}
		page = w.boss.Get(w.URL + page.Find(`main a[aria-label^="Choisir Nina Roux"]`).AttrOr("href", ""))
		if !page.Says("Vous passez votre rôle à : Nina Roux") {
			t.Errorf("the page of the one chosen says:\n%s", page.Find("main").Text())
		}
		if again := page.Press("Continuer"); !again.Says("Choisissez ce que vous voulez garder.") || !again.Says("Nina Roux") {
			t.Errorf("nothing chosen to keep:\n%s", again.Find("main").Text())
		}
		page = page.Press("Continuer", "garder", "member")
		expect(t, page, "Passer votre rôle à Nina Roux")
		if !page.Says("Dès que Nina Roux se connectera et acceptera, vous ne serez plus administrateur.") {
			t.Errorf("the page says:\n%s", page.Find("main").Text())
		}
		page.Press("Confirmer")
		if u := userOf(t, w.Provider, nina.Identifier); u.Role != storage.RoleMember {
			t.Errorf("the role passed before it was accepted: %s", u.Role)
		}
		if page := b.Get(w.URL + "/"); !page.Says("On vous propose de devenir administrateur de votre organisme.") {
			t.Errorf("her page says:\n%s", page.Find("main").Text())
		}

		page = b.Get(w.URL + "/organisme/role")
		expect(t, page, "On vous propose de devenir administrateur")
		cookie := b.Cookie(w.URL, "session")
		page = page.Press("Accepter")
		expect(t, page, "Choisissez un nouveau mot de passe")
		if !page.Says("16 caractères") {
			t.Errorf("the page of the longer password says:\n%s", page.Find("main").Text())
		}
		page.Submit("nouveau_mot_de_passe", "vingt lampes bleues sous la pluie")
		expect(t, b.Get(w.URL+"/organisme"), "Les accès de Habitat des Rives")
		if b.Cookie(w.URL, "session") == cookie {
			t.Error("the session kept its secret although its power has risen")
		}
		expect(t, b.Get(w.URL+"/organisme/role"), "Les accès de Habitat des Rives") // the back button

		claire, err := w.DB.UserByEmail(t.Context(), "claire.vidal@rives.example")
		if err != nil || claire.Role != storage.RoleMember || claire.State != storage.StateActive {
			t.Errorf("the one before is %s, %s: %v", claire.Role, claire.State, err)
		}
		if page := w.boss.Get(w.URL + "/organisme"); page.Status != 404 {
			t.Errorf("she still sees the list: %d", page.Status)
		}
		// She keeps her rights.
		w.boss.Get(w.partner.URL + "/login")
		if got := w.partner.UserInfo(t, w.URL, w.partner.Last().Token.AccessToken).JSON["habilitations"]; !same(got, "lire", "declarer") {
			t.Errorf("habilitations of the one before: %v", got)
		}
		w.Deliver()
		if mails := w.MailsTo("contact@rives.example"); mails[len(mails)-1].Subject != "Un administrateur a été nommé pour Habitat des Rives" ||
			!strings.Contains(mails[len(mails)-1].Text, "Nina Roux") {
			t.Errorf("the organisation was told %q", mails[len(mails)-1].Text)
		}
	})
}

// An offer can be withdrawn, declined, and expires; then there is no such page.
func TestOfferOfTheRoleEnds(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	nina := w.invite("Nina", "nina@rives.example", "lire")
	b := w.joins(nina)
	offer := func() {
		t.Helper()
		page := w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/administrateur")
		expect(t, page, "Nommer Nina Roux administrateur")
		expect(t, page.Press("Confirmer"), "Nina Roux")
		expect(t, b.Get(w.URL+"/organisme/role"), "On vous propose de devenir administrateur")
	}
	gone := func(what string) {
		t.Helper()
		if page := b.Get(w.URL + "/organisme/role"); page.Status != 404 {
			t.Errorf("%s: the page answers %d", what, page.Status)
		}
		page := b.Post(w.URL+"/organisme/role", nil)
		if u := userOf(t, w.Provider, nina.Identifier); u.Role != storage.RoleMember || page.Status != 404 {
			t.Errorf("%s: accepted all the same: %s, %d", what, u.Role, page.Status)
		}
	}
	offer()
	if page := w.boss.Get(w.URL + "/organisme").Press("Annuler la proposition"); !page.Says("La proposition est annulée.") {
		t.Errorf("the list says:\n%s", page.Find("main").Text())
	}
	gone("withdrawn")
	offer()
	b.Get(w.URL + "/organisme/role").Press("Je n’accepte pas")
	gone("declined")
	offer()
	w.does(w.boss, nina, "Suspendre l’accès")
	w.does(w.boss, nina, "Rouvrir l’accès")
	own := b.Get(w.URL+"/connexion").Submit("identifiant", nina.Identifier, "mot_de_passe", memberPassword)
	expect(t, own, onAccount)
	w.Clock.Advance(16 * 24 * time.Hour)
	w.signsIn()
	expect(t, b.Get(w.URL+"/connexion").Submit("identifiant", nina.Identifier, "mot_de_passe", memberPassword), onAccount)
	gone("expired")
	if err := w.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A second administrator, up to the number set; then each may take the role from
// the other, and nobody from himself.
func TestSecondAdministrator(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	nina := w.invite("Nina", "nina@rives.example", "lire")
	b := w.joins(nina)
	w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/administrateur").Press("Confirmer")
	b.Get(w.URL+"/organisme/role").Press("Accepter").Submit("nouveau_mot_de_passe", "vingt lampes bleues sous la pluie")
	expect(t, b.Get(w.URL+"/organisme"), "Les accès de Habitat des Rives")
	claire, err := w.DB.UserByEmail(t.Context(), "claire.vidal@rives.example")
	if err != nil || claire.Role != storage.RoleAdministrator {
		t.Fatalf("the first administrator is %s, %v", claire.Role, err)
	}
	paul := w.invite("Paul", "paul@rives.example", "lire")
	w.joins(paul)
	if page := w.boss.Get(w.URL + "/organisme/personnes/" + paul.ID + "/administrateur"); !page.Says("Votre organisme a déjà le nombre maximum d’administrateurs.") {
		t.Errorf("a third one:\n%s", page.Find("main").Text())
	}
	w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/collaborateur").Press("Confirmer")
	if u := userOf(t, w.Provider, nina.Identifier); u.Role != storage.RoleMember {
		t.Errorf("the other is still %s", u.Role)
	}
	if page := w.boss.Get(w.URL + "/organisme/personnes/" + claire.ID + "/retirer"); !page.Says("Vous êtes le seul administrateur. Nommez d’abord une autre personne.") {
		t.Errorf("removing the last one:\n%s", page.Find("main").Text())
	}
	for _, act := range []string{"suspendre", "retirer", "collaborateur"} {
		page := w.boss.Post(w.URL+"/organisme/personnes/"+claire.ID+"/"+act, nil)
		if u := userOf(t, w.Provider, claire.Identifier); u.Role != storage.RoleAdministrator || u.State != storage.StateActive || page.Status >= 500 {
			t.Errorf("%s of oneself: %s, %s, %d", act, u.Role, u.State, page.Status)
		}
	}
}

// Two administrators act on each other at the same moment: one remains, who has
// access.
func TestTwoAdministratorsActOnEachOther(t *testing.T) {
	for _, act := range []string{"suspendre", "retirer", "collaborateur"} {
		t.Run(act, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, database string) {
				w := newOffice(t, providertest.Options{Database: database})
				nina := w.invite("Nina", "nina@rives.example", "lire")
				b := w.joins(nina)
				w.boss.Get(w.URL + "/organisme/personnes/" + nina.ID + "/administrateur").Press("Confirmer")
				b.Get(w.URL+"/organisme/role").Press("Accepter").Submit("nouveau_mot_de_passe", "vingt lampes bleues sous la pluie")
				expect(t, b.Get(w.URL+"/organisme"), "Les accès de Habitat des Rives")
				claire, err := w.DB.UserByEmail(t.Context(), "claire.vidal@rives.example")
				if err != nil {
					t.Fatal(err)
				}
				var group sync.WaitGroup
				start := make(chan struct{})
				for _, one := range []struct {
					by   *providertest.Browser
					whom string
				}{{w.boss, nina.ID}, {b, claire.ID}} {
					group.Go(func() {
						<-start
						if page := one.by.Post(w.URL+"/organisme/personnes/"+one.whom+"/"+act, nil); page.Status >= 500 {
							t.Errorf("%s answers %d", act, page.Status)
						}
					})
				}
				close(start)
				group.Wait()
				left, err := w.DB.AdministratorsOf(t.Context(), claire.AccountID)
				active := 0
				for _, u := range left {
					if u.State == storage.StateActive {
						active++
					}
				}
				if err != nil || active != 1 {
					t.Errorf("%d administrators have access: %+v, %v", active, left, err)
				}
			})
		})
	}
}

// security-classes.md 10: every page of Mon organisme, for everybody who has no
// business there, and for an administrator with a person of another organisation.
func TestNobodyReachesAnotherOrganisation(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	nina := w.invite("Nina", "nina@rives.example", "lire")
	member := w.joins(nina)
	w.Import(odile, "45675320380009;moral;69;Régie du Parc;12345678900029;;;;contact@parc.example;;;;;;;")
	other := w.walker
	other.email = "chef@parc.example"
	foreign := w.Browser()
	identifier, provisional := w.Credentials("contact@parc.example")
	other.walk(foreign.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	individual := w.Browser()
	single := visitor(t, w.Provider)
	identifier, provisional = w.Credentials("odile@exemple.fr")
	single.walk(individual.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	halfway := w.Browser()
	paul := w.invite("Paul", "paul@rives.example", "lire")
	identifier, provisional = w.Credentials(paul.Email)
	expect(t, halfway.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onDetails)
	eve := w.invite("Eve", "eve@rives.example", "lire")
	stopped := w.joins(eve)
	w.does(w.boss, eve, "Suspendre l’accès")

	db := outside(t, w.Provider)
	form := values("droit:loyers:lire", "oui", "prenom", "X", "nom", "Y", "email", "x@y.example", "personne", nina.ID, "garder", "member", "confirme", "oui",
		"nouveau_mot_de_passe", "vingt lampes bleues sous la pluie")
	for who, b := range map[string]*providertest.Browser{"anonymous": w.Browser(), "individual": individual, "member": member, "administrator of another organisation": foreign,
		"mid-sign-in": halfway, "suspended": stopped} {
		for _, r := range routes(t, w.Provider) {
			if !strings.HasPrefix(r.template, "/organisme") {
				continue
			}
			own := who == "administrator of another organisation" && !strings.Contains(r.template, "{id}")
			path := strings.Replace(r.template, "{id}", nina.ID, 1)
			for _, method := range r.methods {
				if own && r.template != "/organisme/role" && r.template != "/organisme/passer-le-role" || method == "HEAD" {
					continue
				}
				if own && method == "GET" {
					continue
				}
				without := []string{"sessions", "throttles", "failures", "known_browsers"}
				before := dump(t, db, without...)
				var page *providertest.Page
				if method == "POST" {
					page = b.Post(w.URL+path, form)
				} else {
					page = b.Get(w.URL + path)
				}
				signIn := page.H1() == onLogin || page.H1() == onDetails || page.H1() == onExpired || page.H1() == "L’accès à ce compte est suspendu"
				if page.Status != 404 && !signIn && !own {
					t.Errorf("%s: %s %s answers %d « %s »", who, method, path, page.Status, page.H1())
				}
				if after := dump(t, db, without...); after != before && !signIn {
					t.Errorf("%s: %s %s changed:\n%s", who, method, path, difference(before, after))
				}
				if strings.Contains(string(page.Body), "Nina") && who != "member" {
					t.Errorf("%s: %s %s names somebody:\n%s", who, method, path, page.Find("main").Text())
				}
			}
		}
	}
}

// A page of fifty of a thousand people, the next one, and a search.
func TestListOfManyPeople(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	claire, err := w.DB.UserByEmail(t.Context(), "claire.vidal@rives.example")
	if err != nil {
		t.Fatal(err)
	}
	colleagues(t, w.Provider, claire.AccountID, 120)
	page := w.boss.Get(w.URL + "/organisme")
	names := page.Find("main ul.rows li strong").Map(func(_ int, s *goquery.Selection) string { return s.Text() })
	if len(names) != 50 || names[0] != "Personne Numéro0000" || !page.Says("Page 1 sur 3") || !page.Says("121 personnes ont un accès.") {
		t.Errorf("%d people, %.2q:\n%s", len(names), names, page.Find("nav").Text())
	}
	next := w.boss.Get(w.URL + page.Find(`a[rel=next]`).AttrOr("href", ""))
	if first := next.Find("main ul.rows li strong").First().Text(); first != "Personne Numéro0050" {
		t.Errorf("the second page begins with %q", first)
	}
	found := w.boss.Get(w.URL + "/organisme?recherche=numéro0077")
	if found.Find("main ul.rows li").Length() != 1 || !found.Says("Une personne correspond à « numéro0077 ».") {
		t.Errorf("the search finds:\n%s", found.Find("main").Text())
	}
	for _, odd := range []string{"page=-3", "page=9999999999999999999", "page=x", "recherche=%25", "recherche=%ff", "recherche=" + strings.Repeat("a", 300), "recherche=%27%22%3Cb%3E"} {
		if page := w.boss.Get(w.URL + "/organisme?" + odd); page.Status != 200 {
			t.Errorf("?%s answers %d", odd, page.Status)
		}
	}
}

// Among three hundred colleagues each may be chosen to receive the role: from
// the pages, by the search, or from the page of the person.
func TestRoleIsHandedOverAmongMany(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	claire, err := w.DB.UserByEmail(t.Context(), "claire.vidal@rives.example")
	if err != nil {
		t.Fatal(err)
	}
	invited := w.invite("Zoé", "zoe@rives.example", "lire")
	colleagues(t, w.Provider, claire.AccountID, 300)
	choice := func(page *providertest.Page) []string {
		return page.Find("main ul.rows li a").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
	}
	seen := map[string]bool{}
	page := w.boss.Get(w.URL + "/organisme/passer-le-role")
	for range 6 {
		if n := len(choice(page)); n != 50 {
			t.Errorf("%d people on a page", n)
		}
		for _, href := range choice(page) {
			seen[href] = true
		}
		if next := page.Find("a[rel=next]").AttrOr("href", ""); next != "" {
			page = w.boss.Get(w.URL + next)
		}
	}
	if len(seen) != 300 || !page.Says("Page 6 sur 6") {
		t.Errorf("%d people can be chosen:\n%s", len(seen), page.Find("nav").Text())
	}
	for _, id := range []string{claire.ID, invited.ID, storage.NewID(), "x"} {
		if page := w.boss.Get(w.URL + "/organisme/passer-le-role?personne=" + id); !page.Says("Choisissez une personne de la liste.") || page.Find(`main input[name="garder"]`).Length() != 0 {
			t.Errorf("somebody who cannot have the role:\n%s", page.Find("main").Text())
		}
		if page := w.boss.Get(w.URL + "/organisme/personnes/" + id); page.Says("Passer mon rôle à cette personne") {
			t.Error("the page of somebody who cannot have the role offers it")
		}
	}

	search := page.Find(`main form[role="search"]`)
	found := w.boss.Get(w.URL + search.AttrOr("action", "") + "?" + search.Find(`input[type="search"]`).AttrOr("name", "") + "=numéro0299")
	if len(choice(found)) != 1 || !found.Says("Une personne correspond à « numéro0299 ».") {
		t.Fatalf("the search finds:\n%s", found.Find("main").Text())
	}
	if none := w.boss.Get(w.URL + "/organisme/passer-le-role?recherche=claire"); len(choice(none)) != 0 || !none.Says("Personne ne correspond à « claire ».") {
		t.Errorf("the search finds who has the role:\n%s", none.Find("main").Text())
	}
	last, err := w.DB.UserByEmail(t.Context(), "p0299@rives.example")
	if err != nil {
		t.Fatal(err)
	}
	person := w.boss.Get(w.URL + "/organisme/personnes/" + last.ID)
	link := person.Find(`main a[href^="/organisme/passer-le-role"]`)
	if link.Text() != "Passer mon rôle à cette personne" || link.AttrOr("href", "") != choice(found)[0] {
		t.Errorf("the person's page leads to %q", link.AttrOr("href", ""))
	}
	page = w.boss.Get(w.URL+link.AttrOr("href", "")).Press("Continuer", "garder", "nothing")
	expect(t, page, "Passer votre rôle à Personne Numéro0299")
	page.Press("Confirmer")
	offer, err := w.DB.RoleOfferOf(t.Context(), claire.AccountID, storage.At(w.Now()))
	if err != nil || offer.ToID != last.ID || offer.Keeps != storage.KeepsNothing {
		t.Errorf("the offer is %+v, %v", offer, err)
	}
}

// colleagues adds n members to an organisation.
func colleagues(t testing.TB, p *providertest.Provider, accountID string, n int) {
	t.Helper()
	err := p.DB.InTx(t.Context(), func(q *storage.Queries) error {
		for i := range n {
			key := fmt.Sprintf("p%04d@rives.example", i)
			u := storage.User{ID: storage.NewID(), AccountID: accountID, Identifier: fmt.Sprintf("LOGZZZZ%04d", i), GivenName: "Personne", FamilyName: fmt.Sprintf("Numéro%04d", i),
				Email: key, EmailKey: key, EmailVerifiedAt: 1000, Role: storage.RoleMember, State: storage.StateActive, ActivatedAt: 1000, LastSignInAt: 1000, CreatedAt: 1000}
			if err := q.CreateUser(t.Context(), u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The journal tells what the agency, and time, did to somebody's access; the
// agent's name is nobody's business there.
func TestJournalTellsWhatTheAgencyDid(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newOffice(t, providertest.Options{Database: database})
		nina := w.invite("Nina", "nina@rives.example", "lire")
		w.joins(nina)
		says := func(lines ...string) *providertest.Page {
			t.Helper()
			page := w.boss.Get(w.URL + "/organisme/journal")
			told := page.Find("main ul.rows li").Map(func(_ int, s *goquery.Selection) string { return providertest.Squeeze(s.Text()) })
			for i, line := range lines {
				if i >= len(told) || !strings.HasSuffix(told[i], providertest.Squeeze(line)) {
					t.Errorf("line %d is not « %s »:\n%s", i, line, strings.Join(told, "\n"))
				}
			}
			return page
		}
		order(t, w.Provider, account.Suspend, nina.Identifier)
		order(t, w.Provider, account.Reopen, nina.Identifier)
		order(t, w.Provider, account.Reset, nina.Identifier)
		page := says("L’agence de Valmont a envoyé un mot de passe provisoire à Nina Roux.", "L’agence de Valmont a rouvert l’accès de Nina Roux.",
			"L’agence de Valmont a suspendu l’accès de Nina Roux.", "Claire Vidal a donné à Nina Roux, dans Loyers : Consulter les loyers.")
		if agent := strings.TrimPrefix(w.Operator.Actor, "agent:"); agent == "" || page.Says(agent) {
			t.Errorf("the journal names the agent %q:\n%s", agent, page.Find("main").Text())
		}
		order(t, w.Provider, account.Reissue, nina.Identifier)
		order(t, w.Provider, account.Close, nina.Identifier)
		says("L’agence de Valmont a fermé l’accès de Nina Roux.", "L’agence de Valmont a envoyé un identifiant et un mot de passe provisoire à Nina Roux.")

		paul := w.invite("Paul", "paul@rives.example", "lire")
		w.joins(paul)
		for _, action := range []string{"access.dormant", "access.closed"} {
			err := w.DB.InTx(t.Context(), func(q *storage.Queries) error {
				return q.Audit(t.Context(), storage.AuditEvent{At: storage.At(w.Now()), Actor: "system", Action: action, Subject: paul.ID})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		says("L’accès de Paul Roux est fermé, car il n’a pas servi depuis trop longtemps.", "L’accès de Paul Roux est désactivé, car il n’a pas servi depuis longtemps.",
			"Claire Vidal a donné à Paul Roux, dans Loyers : Consulter les loyers.")
	})
}

// Once a year the administrators are asked whether the list is right.
func TestYearlyReview(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	w.invite("Nina", "nina@rives.example", "lire")
	const banner = "Vérifiez la liste des accès. Retirez les personnes parties."
	if page := w.boss.Get(w.URL + "/organisme"); page.Says(banner) {
		t.Error("the review is asked on the first day")
	}
	w.Clock.Advance(366 * 24 * time.Hour)
	w.signsIn()
	page := w.boss.Get(w.URL + "/organisme")
	if !page.Says(banner) {
		t.Fatalf("a year later the list says:\n%s", page.Find("main").Text())
	}
	page = page.Press("La liste est à jour")
	if page.Says(banner) || !page.Says("Dernière revue des accès : le") {
		t.Errorf("afterwards:\n%s", page.Find("main").Text())
	}
	if journal := w.boss.Get(w.URL + "/organisme/journal"); !journal.Says("Claire Vidal a confirmé que la liste des accès est à jour.") {
		t.Errorf("the journal:\n%s", journal.Find("main").Text())
	}
}

func peopleAtMost(n int) func(*config.Config) {
	return func(c *config.Config) { c.Organisations.People = n }
}

// BenchmarkPeople is GET /organisme among a thousand people, through the whole
// handler, on durable SQLite. The goal is a median under 5 ms.
func BenchmarkPeople(b *testing.B) {
	w := newWorld(b, providertest.Options{})
	browser := w.activate()
	u := w.user()
	db := outside(b, w.Provider)
	for _, statement := range []string{`UPDATE accounts SET kind = 'organisation', company_name = 'Habitat des Rives', claimed_at = 1`,
		`UPDATE users SET role = 'administrator', password_long = TRUE`} {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	colleagues(b, w.Provider, u.AccountID, 1000)
	b.Run("first page", func(b *testing.B) { median(b, w, browser, "/organisme") })
	b.Run("last page", func(b *testing.B) { median(b, w, browser, "/organisme?page=21") })
	b.Run("search", func(b *testing.B) { median(b, w, browser, "/organisme?recherche=0777") })
}

// An organisation may have more rights to choose from than any other form has
// fields.
func TestManyRightsAreChosen(t *testing.T) {
	t.Parallel()
	w := newOffice(t, providertest.Options{})
	form := values("prenom", "Nina", "nom", "Roux", "email", "nina@rives.example", "droit:loyers:lire", "oui")
	for c := range 4 {
		name := fmt.Sprintf("appli%d", c)
		w.Partner(func(n *operator.NewClient) {
			n.ID, n.Name = name, name
			for i := range 20 {
				right := fmt.Sprintf("droit%02d", i)
				n.Metadata.Rights = append(n.Metadata.Rights, storage.Right{Name: right, Sentence: "Faire la chose " + right})
				form.Set("droit:"+name+":"+right, "oui")
			}
		})
	}
	page := w.boss.Post(w.URL+"/organisme/ajouter", form)
	expect(t, page, "Nina Roux")
	if n := page.Find(`main input[type=checkbox]:checked, main input[type=checkbox][checked]`).Length(); n != 81 {
		t.Errorf("%d rights were given, want 81", n)
	}
	w.Deliver()
	if mails := w.MailsTo("nina@rives.example"); len(mails) != 2 || !strings.Contains(mails[0].Text, "…") {
		t.Errorf("she got %d mails", len(mails))
	}
}
