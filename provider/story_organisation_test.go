package provider_test

import (
	"strings"
	"testing"

	"loge/provider/providertest"
)

// organisation is a provider with an organisation that has been written to.
func organisation(t *testing.T, row string) (w walker, partner *providertest.Partner) {
	t.Helper()
	p := providertest.New(t)
	p.Import(row)
	w = visitor(t, p)
	w.email, w.password = "claire.vidal@rives.example", "seize caractères au moins pour elle"
	return w, p.Partner()
}

func TestFirstPersonOfAnOrganisationBecomesAdministrator(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	page := w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	expect(t, page, onAdministrator)
	if !page.Says("Habitat des Rives") || !page.Says("45675320380003") {
		t.Errorf("the page does not say of what:\n%s", page.Text())
	}
	page = w.walk(page, onPassword)
	if short := page.Submit("nouveau_mot_de_passe", "douze signes!"); short.H1() != onPassword || !short.Says("16 caractères") {
		t.Errorf("an administrator may choose a short password:\n%s", short.Text())
	}
	if len(w.MailsTo("contact@rives.example")) != 2 {
		t.Error("the organisation was told of an administrator who is none yet")
	}
	page = w.walk(page, onTerms)
	if !page.Says("J’ai lu les conditions d’utilisation et je les accepte au nom de Habitat des Rives") {
		t.Errorf("the terms are not accepted in the organisation's name:\n%s", page.Text())
	}
	w.walk(page, onPartner)
	result := partner.Last()
	for claim, want := range map[string]any{"raison_sociale": "Habitat des Rives", "siret": "12345678900011", "role": "administrateur", "type_bailleur": "moral",
		"given_name": "Claire", "email": "claire.vidal@rives.example"} {
		if result.UserInfo[claim] != want {
			t.Errorf("userinfo %s = %v, want %v", claim, result.UserInfo[claim], want)
		}
	}

	// The notice M12 goes to the organisation, not to her.
	w.Deliver()
	mails := w.MailsTo("contact@rives.example")
	notice := mails[len(mails)-1]
	if notice.Subject != "Un administrateur a été nommé pour Habitat des Rives" ||
		!strings.Contains(providertest.Squeeze(notice.Text), "Claire Vidal est administrateur depuis le") {
		t.Errorf("the organisation was told:\n%s\n%s", notice.Subject, notice.Text)
	}
}

// An organisation without an e-mail address gets the notice by letter.
func TestNoticeOfTheAdministratorByLetter(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, "45675320380004;moral;69;Régie du Parc;12345678900029;;;;;5 avenue du Parc;69006 Lyon;;;;;")
	identifier, provisional := w.PrintedCredentials("45675320380004")
	w.email = "claire.vidal@parc.example"
	w.walk(w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
	letters := w.Print()
	if len(letters) != 1 || !strings.Contains(letters[0].Object, "un administrateur a été nommé pour Régie du Parc") || letters[0].Secret != "" {
		t.Errorf("the notice reads %+v", letters)
	}
}

// Whoever opened the organisation's post by mistake declines; nothing of it
// stays, and the right person goes on with the same two messages.
func TestDecliningTheAdministratorsRole(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	stranger := w.Browser()
	page := stranger.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	expect(t, page, onAdministrator)
	page = page.Press("Ce n’est pas à moi de le faire")
	expect(t, page, "Rien n’a été enregistré")
	if !page.Says("Le mot de passe provisoire reste valable jusqu’au") {
		t.Errorf("the page does not say until when:\n%s", page.Text())
	}
	if stranger.Cookie(w.URL, "session") != "" {
		t.Error("the stranger is still signed in")
	}
	expect(t, stranger.Get(w.URL+"/"), onLogin)

	page = w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	w.walk(page, onPartner)
	if result := partner.Last(); result.UserInfo["role"] != "administrateur" || result.UserInfo["given_name"] != "Claire" {
		t.Errorf("the application got %s", result)
	}
}

// Two people of one organisation hold the same two messages and go on at the
// same time: one becomes administrator, the other one's way ends with words.
func TestTwoFirstPeopleAtOnceMakeOneAdministrator(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	open := func() *providertest.Page {
		page := w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
		return w.walk(page, onPassword)
	}
	first, second := open(), open()
	expect(t, first.Submit("nouveau_mot_de_passe", w.password), onRules)
	late := second.Submit("nouveau_mot_de_passe", "seize autres caractères que les siens")
	if late.Status >= 500 || late.H1() != onExpired && late.H1() != onLogin {
		t.Errorf("the second person sees « %s » (%d)", late.H1(), late.Status)
	}
	page := w.Browser().Get(partner.URL + "/login")
	expect(t, page, onLogin)
	if again := page.Submit("identifiant", identifier, "mot_de_passe", provisional); !again.Says(wrongCouple) {
		t.Errorf("the spent password says:\n%s", again.Text())
	}
	administrators := 0
	if err := outside(t, w.Provider).QueryRow(`SELECT COUNT(*) FROM audit WHERE action = 'administrator.appointed'`).Scan(&administrators); err != nil || administrators != 1 {
		t.Errorf("%d administrators were appointed, %v", administrators, err)
	}
	w.Deliver()
	notices := 0
	for _, m := range w.MailsTo("contact@rives.example") {
		if strings.HasPrefix(m.Subject, "Un administrateur a été nommé") {
			notices++
		}
	}
	if notices != 1 {
		t.Errorf("the organisation was told %d times", notices)
	}
}
