package provider_test

import (
	"context"
	"testing"

	"loge/provider/providertest"
	"loge/storage"
)

// team is an organisation with its administrator, Claire, and a colleague who
// chose a password of 13 characters.
type team struct {
	walker
	partner           *providertest.Partner
	claire, marc      storage.User
	clairesB, marcsB  *providertest.Browser
	marcsWord         string
	identifierOfMarc  string
	identifierOfFirst string
}

const onForced = "Choisissez un nouveau mot de passe"

func newTeam(t *testing.T, opts providertest.Options) team {
	t.Helper()
	p := providertest.Start(t, opts)
	p.Import(house)
	m := team{walker: visitor(t, p), partner: p.Partner(), marcsWord: "treize signes"}
	m.email, m.password = "claire.vidal@rives.example", "seize caractères au moins pour elle"
	var provisional string
	m.identifierOfFirst, provisional = p.Credentials("contact@rives.example")
	m.clairesB = p.Browser()
	m.walk(m.clairesB.Get(m.partner.URL+"/login").Submit("identifiant", m.identifierOfFirst, "mot_de_passe", provisional), onPartner)
	m.claire = userOf(t, p, m.identifierOfFirst)
	a, err := p.DB.Account(t.Context(), m.claire.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	marc := storage.User{ID: storage.NewID(), AccountID: a.ID, Identifier: "LOGMARC7777", GivenName: "Marc", FamilyName: "Roussel", Email: "marc@rives.example",
		EmailKey: "marc@rives.example", Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: m.claire.CreatedAt}
	err = p.DB.InTx(t.Context(), func(q *storage.Queries) error {
		if err := q.CreateUser(t.Context(), marc); err != nil {
			return err
		}
		return q.EnqueueCredentials(t.Context(), a, marc, storage.At(p.Now()))
	})
	if err != nil {
		t.Fatal(err)
	}
	m.identifierOfMarc, provisional = p.Credentials("marc@rives.example")
	m.marcsB = p.Browser()
	his := walker{Provider: p, t: t, password: m.marcsWord}
	page := m.marcsB.Get(m.partner.URL+"/login").Submit("identifiant", m.identifierOfMarc, "mot_de_passe", provisional)
	expect(t, page, onDetails) // nobody asks a colleague to become administrator
	his.walk(page, onPartner)
	m.marc = userOf(t, p, m.identifierOfMarc)
	return m
}

// Somebody who becomes administrator with a password that would not have done
// for one chooses another before he goes on, and is asked once.
func TestNewAdministratorChoosesALongerPassword(t *testing.T) {
	t.Parallel()
	m := newTeam(t, providertest.Options{})
	err := m.DB.InTx(t.Context(), func(q *storage.Queries) error {
		_, err := q.MakeAdministrator(context.Background(), m.marc.AccountID, m.marc.ID, 2, storage.At(m.Now()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := m.marcsB.Get(m.URL + "/compte")
	expect(t, page, onForced)
	if !page.Says("Vous êtes maintenant administrateur de Habitat des Rives. Un administrateur a besoin d’un mot de passe de 16 caractères au moins.") {
		t.Errorf("the page does not say why:\n%s", page.Text())
	}
	short := page.Submit("nouveau_mot_de_passe", "quinze signes !")
	expect(t, short, onForced)
	if !short.Says("Le mot de passe doit avoir 16 caractères au moins. Il en a 15.") {
		t.Errorf("a short one says:\n%s", short.Text())
	}
	expect(t, m.Browser().Get(m.partner.URL+"/login").Submit("identifiant", m.identifierOfMarc, "mot_de_passe", m.marcsWord), onForced)
	expect(t, short.Submit("nouveau_mot_de_passe", m.marcsWord+" et encore quelques-uns"), "Mon compte")
	page = m.Browser().Get(m.partner.URL+"/login").Submit("identifiant", m.identifierOfMarc, "mot_de_passe", m.marcsWord+" et encore quelques-uns")
	expect(t, page, onPartner)
	if got := m.partner.Last().UserInfo["role"]; got != "administrateur" {
		t.Errorf("the application is told the role %v", got)
	}
	// Who chose a long one as a first administrator is asked nothing.
	expect(t, m.clairesB.Get(m.URL+"/compte"), "Mon compte")
}
