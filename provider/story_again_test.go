package provider_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// decide has the agency decide who is administrator; it fails the test unless
// that is done.
func (m team) decide(t *testing.T, do func(o *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error), whom string, change func(*operator.AdministratorOrder)) operator.AdministratorDone {
	t.Helper()
	target, err := m.Operator.Find(t.Context(), whom)
	if err != nil {
		t.Fatal(err)
	}
	order := operator.AdministratorOrder{Target: target, Most: 2, Reason: "written request of the legal representative"}
	if change != nil {
		change(&order)
	}
	done, err := do(m.Operator, order)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// The administrator has left: the agency puts a colleague in her place. She is
// signed out everywhere at once, both are told, and so is the organisation.
func TestAgencyPutsAColleagueInTheAdministratorsPlace(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		m := newTeam(t, providertest.Options{Database: database})
		expect(t, m.clairesB.Get(m.partner.URL+"/login"), onPartner)
		hers := m.partner.Last()
		m.decide(t, func(o *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
			return o.Appoint(t.Context(), order)
		}, m.identifierOfMarc, func(order *operator.AdministratorOrder) {
			former, err := m.Operator.Find(t.Context(), m.identifierOfFirst)
			if err != nil {
				t.Fatal(err)
			}
			order.InsteadOf, order.Suspend = former, true
		})
		if answer := m.partner.UserInfo(t, m.URL, hers.Token.AccessToken); answer.Status != http.StatusUnauthorized {
			t.Errorf("her application still gets %+v", answer)
		}
		expect(t, m.clairesB.Get(m.URL+"/compte"), onExpired)
		expect(t, tryPassword(m.Provider, m.Browser(), m.identifierOfFirst, m.password), onSuspended)
		expect(t, m.marcsB.Get(m.URL+"/compte"), onForced)
		expect(t, m.marcsB.Get(m.URL+"/compte").Submit("nouveau_mot_de_passe", "vingt lampes bleues sous la pluie"), "Mon compte")
		told := m.marcsB.Get(m.URL + "/organisme/journal")
		for _, line := range []string{"L’agence de Valmont a nommé Marc Roussel administrateur, à la demande de l’organisme.",
			"L’agence de Valmont a retiré le rôle d’administrateur à Claire Vidal, à la demande de l’organisme.", "L’agence de Valmont a suspendu l’accès de Claire Vidal."} {
			if !told.Says(line) {
				t.Errorf("the journal does not say « %s »:\n%s", line, told.Find("main").Text())
			}
		}
		if agent := strings.TrimPrefix(m.Operator.Actor, "agent:"); agent == "" || told.Says(agent) {
			t.Errorf("the journal names the agent %q:\n%s", agent, told.Find("main").Text())
		}
		if got := subjects(m.Provider, "claire.vidal@rives.example"); !slices.Contains(got, "Vous n’êtes plus administrateur de Habitat des Rives") ||
			!slices.Contains(got, "Votre accès à l’Espace bailleur est suspendu") {
			t.Errorf("Claire was told %q", got)
		}
		if got := subjects(m.Provider, "marc@rives.example"); got[len(got)-1] != "Vous êtes administrateur de Habitat des Rives" {
			t.Errorf("Marc was told %q", got)
		}
		mails := m.MailsTo("contact@rives.example")
		notice := mails[len(mails)-1]
		if notice.Subject != "Un administrateur a été nommé pour Habitat des Rives" || !strings.Contains(providertest.Squeeze(notice.Text), "Marc Roussel est administrateur depuis le") {
			t.Errorf("the organisation was told:\n%s\n%s", notice.Subject, notice.Text)
		}
		events, err := m.DB.AuditOf(t.Context(), m.claire.ID, 10)
		events = slices.DeleteFunc(events, func(e storage.AuditEvent) bool { return e.Actor != m.Operator.Actor })
		if err != nil || len(events) != 1 || events[0].Action != "access.suspended" || events[0].Details["reason"] != "written request of the legal representative" {
			t.Errorf("journal: %+v, %v", events, err)
		}
		events, err = m.DB.AuditOf(t.Context(), m.claire.AccountID, 2)
		if err != nil || events[0].Action != "administrator.replaced" || events[0].Details["user"] != m.marc.ID || events[0].Actor != m.Operator.Actor ||
			events[1].Action != "administrator.demoted" || events[1].Details["user"] != m.claire.ID {
			t.Errorf("journal of the organisation: %+v, %v", events, err)
		}
	})
}

// The wrong person came first: the agency starts again. Nobody who was there
// becomes administrator by the way, neither with new codes nor with an
// invitation; the next one is who has the new letters.
func TestAgencyStartsAgainWithNewCodes(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		m := newTeam(t, providertest.Options{Database: database})
		a, err := m.DB.Account(t.Context(), m.claire.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		invited := storage.User{ID: storage.NewID(), AccountID: a.ID, Identifier: "LOGNORA7777", Email: "nora@rives.example", EmailKey: "nora@rives.example",
			Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: 1}
		if err := m.DB.InTx(t.Context(), func(q *storage.Queries) error {
			if err := q.CreateUser(t.Context(), invited); err != nil {
				return err
			}
			return q.EnqueueCredentials(t.Context(), a, invited, storage.At(m.Now()))
		}); err != nil {
			t.Fatal(err)
		}
		invitedAs, invitedWith := m.Credentials("nora@rives.example")

		done := m.decide(t, func(o *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
			return o.StartAgain(t.Context(), order)
		}, a.Number, nil)
		if done.Channel != storage.ByLetter || len(done.Released) != 2 {
			t.Errorf("done: %+v", done)
		}
		expect(t, m.clairesB.Get(m.URL+"/compte"), onExpired)
		expect(t, tryPassword(m.Provider, m.Browser(), m.identifierOfFirst, m.password), onSuspended)
		expect(t, tryPassword(m.Provider, m.Browser(), invitedAs, invitedWith), onSuspended)

		// Marc keeps his access, and starting it again makes him no administrator.
		expect(t, m.marcsB.Get(m.URL+"/compte"), "Mon compte")
		order(t, m.Provider, "reset", m.identifierOfMarc)
		_, again := m.Credentials("marc@rives.example")
		expect(t, tryPassword(m.Provider, m.Browser(), m.identifierOfMarc, again), onForced)

		identifier, provisional := m.PrintedCredentials(a.Number)
		if identifier == m.identifierOfFirst {
			t.Fatal("the letter names the former identifier")
		}
		next := visitor(t, m.Provider)
		next.given, next.family, next.email, next.password = "Paul", "Adam", "paul.adam@rives.example", "seize caractères au moins pour lui"
		page := tryPassword(m.Provider, m.Browser(), identifier, provisional)
		expect(t, page, onAdministrator)
		next.walk(page, onAccount)
		if u := userOf(t, m.Provider, identifier); u.Role != storage.RoleAdministrator {
			t.Errorf("the next one is %s", u.Role)
		}
		m.Deliver()
		mails := m.MailsTo("contact@rives.example")
		if !strings.Contains(providertest.Squeeze(mails[len(mails)-1].Text), "Paul Adam est administrateur depuis le") {
			t.Errorf("the organisation was told:\n%s", mails[len(mails)-1].Text)
		}
	})
}

// The legal representative names who it is to be: the codes go to that address.
func TestAgencyStartsAgainByEmail(t *testing.T) {
	t.Parallel()
	m := newTeam(t, providertest.Options{})
	again := func(o *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
		return o.StartAgain(t.Context(), order)
	}
	target, err := m.Operator.Find(t.Context(), "45675320380003")
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"nobody", "marc@rives.example", "MARC@rives.example"} {
		if _, err := m.Operator.StartAgain(t.Context(), operator.AdministratorOrder{Target: target, Email: wrong}); err == nil {
			t.Errorf("started again with the address %q", wrong)
		}
	}
	expect(t, m.clairesB.Get(m.URL+"/compte"), "Mon compte")
	m.decide(t, again, "45675320380003", func(order *operator.AdministratorOrder) { order.Email = "paul.adam@rives.example" })
	identifier, provisional := m.Credentials("paul.adam@rives.example")
	expect(t, tryPassword(m.Provider, m.Browser(), identifier, provisional), onAdministrator)
}
