package signin_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestFirstSignInOfAnIndividual(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.client()
		rules := w.publish(storage.Rules, "1.0", "# Règles\n\nSoyez **gentils**.")
		w.publish(storage.Terms, "2026-11", "Les conditions.")
		u := w.person(storage.Individual, "odile@example.org")
		b := w.browser()

		p := b.get("/depart").shows(onLogin).says("Vous venez de : Loyers.")
		p = p.submit("identifiant", strings.ToLower(" "+u.Identifier[:3]+" "+u.Identifier[3:]), "mot_de_passe", "cdfg hjkm npqr")
		p.shows(onDetails).says("Étape 1 sur 4").says("jusqu’au 30 novembre 2026")
		if got := p.Find("#prenom").AttrOr("value", ""); got != "Odile" {
			t.Errorf("prénom is filled in with %q", got)
		}
		p = p.submit("prenom", " Odile ", "nom", "Martin", "email", "Odile@Example.org", "telephone", "0612345678")
		p = p.shows(onPassword).says("Étape 2 sur 4").says("12 caractères au moins")
		before := b.session()
		p = p.submit("nouveau_mot_de_passe", own).shows(onRules).says("Étape 3 sur 4").says("Soyez gentils.").says("Version 1.0 du 23 novembre 2026.")
		if strings.Contains(p.Text(), "même mot de passe provisoire") {
			t.Error("the page still speaks of the provisional password")
		}
		if after := b.session(); after == before || after == "" {
			t.Error("the session's secret did not change with the password")
		}
		p = p.submit("accepte", "oui").shows(onTerms).says("Étape 4 sur 4").says("En bref")
		p = p.submit("accepte", "oui").shows(onConsent).says("Votre compte est prêt").says("LOG " + u.Identifier[3:])
		p.says("votre nom et votre prénom").says("votre numéro utilisateur, votre type de bailleur et votre département")
		if strings.Contains(p.Text(), "votre adresse e-mail") {
			t.Error("the page names what is not asked for")
		}
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https:") {
			t.Errorf("the form cannot end at the application: %s", csp)
		}
		p.press("Autoriser").shows("arrived as " + u.ID)

		u = w.reload(u)
		if u.State != storage.StateActive || u.Phone != "06 12 34 56 78" || u.Email != "Odile@Example.org" || u.EmailVerifiedAt.IsZero() ||
			u.ActivatedAt.IsZero() || u.DetailsAt.IsZero() || u.LastSignInAt.IsZero() {
			t.Errorf("user is %+v", u)
		}
		accepted, err := db.Acceptances(t.Context(), u.ID)
		if err != nil || len(accepted) != 2 || accepted[0].SHA256 != rules.SHA256 || accepted[0].Version != "1.0" {
			t.Errorf("acceptances = %+v, %v", accepted, err)
		}
		want := []string{"consent.granted", "document.accepted", "document.accepted", "password.changed", "email.confirmed", "signin.succeeded"}
		if got := w.actions(u); !slices.Equal(got, want) {
			t.Errorf("journal = %v, want %v", got, want)
		}
		if messages, err := db.MessagesOf(t.Context(), u.ID, 5); err != nil || len(messages) != 0 {
			t.Errorf("messages = %v, %v; nobody has to be told", messages, err)
		}

		// The next visit asks nothing; without a session it asks only who it is.
		b.get("/depart").shows("arrived as " + u.ID)
		b.get("/connexion").shows(onAccount).says("Odile Martin – numéro utilisateur")
		w.browser().get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", own).shows("arrived as " + u.ID)
		w.browser().login(u, provisional).says("L’identifiant ou le mot de passe n’est pas correct.")
	})
}

func TestFirstSignInOfAnOrganisation(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.publish(storage.Rules, "1", "r")
		w.publish(storage.Terms, "1", "c")
		u := w.person(storage.Organisation, "")
		b := w.browser()
		p := b.login(u, provisional).shows(onAdministrator).says("la première personne à se connecter pour SCI des Tilleuls")
		p = p.press("Je continue").shows(onDetails)
		if a, err := db.Account(t.Context(), u.AccountID); err != nil || !a.ClaimedAt.IsZero() {
			t.Errorf("somebody was appointed before the password: %+v, %v", a, err)
		}
		p = p.submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org", "fonction", "Gérante")
		p.shows(onEmail).says("new@example.org")
		w.deliver(u)
		p = p.submit("code", " 27 18 28 ").shows(onPassword).says("16 caractères au moins")
		p = p.submit("nouveau_mot_de_passe", "sept tortues ").says("Le mot de passe doit avoir 16 caractères au moins. Il en a 13.")
		p = p.submit("nouveau_mot_de_passe", own).shows(onRules).submit("accepte", "oui")
		p = p.shows(onTerms).says("au nom de SCI des Tilleuls").submit("accepte", "oui")
		p.shows(onAccount).says("SCI des Tilleuls – Administrateur").says("Votre compte est prêt")

		a, err := db.Account(t.Context(), u.AccountID)
		u = w.reload(u)
		if err != nil || a.ClaimedAt.IsZero() || u.Role != storage.RoleAdministrator || u.JobTitle != "Gérante" {
			t.Errorf("claimed at %d, role %q, %v", a.ClaimedAt, u.Role, err)
		}
		messages, err := db.MessagesOf(t.Context(), u.ID, 5)
		if err != nil || len(messages) != 2 || messages[0].Kind != storage.MessageAdministratorAppointed || messages[0].Channel != storage.ByLetter ||
			messages[1].Kind != storage.MessageEmailCode {
			t.Errorf("messages = %+v, %v", messages, err)
		}
		want := []string{"document.accepted", "document.accepted", "password.changed", "email.confirmed", "signin.succeeded"}
		if got := w.actions(u); !slices.Equal(got, want) {
			t.Errorf("journal = %v, want %v", got, want)
		}
		if events, err := db.AuditOf(t.Context(), u.AccountID, 5); err != nil || len(events) != 1 || events[0].Action != "administrator.appointed" || events[0].Details["user"] != u.ID {
			t.Errorf("journal of the organisation = %v, %v", events, err)
		}
		if w.woken == 0 {
			t.Error("nobody was told that messages wait")
		}
	})
}

func TestDecliningTheRoleLeavesNothing(t *testing.T) {
	w := newWorld(t, nil)
	u := w.person(storage.Organisation, "sci@example.org")
	b := w.browser()
	old := b.login(u, provisional).shows(onAdministrator)
	old.press("Ce n’est pas à moi de le faire").shows("Rien n’a été enregistré").says("Le mot de passe provisoire reste valable jusqu’au 30 novembre 2026.")
	if b.session() != "" {
		t.Error("the browser is still signed in")
	}
	old.press("Je continue").shows(onLogin) // back button
	if got := w.actions(u); !slices.Equal(got, []string{"administrator.declined", "signin.succeeded"}) {
		t.Errorf("journal = %v", got)
	}
	if now := w.reload(u); now.State != storage.StateIssued || !now.DetailsAt.IsZero() {
		t.Errorf("user is %+v", now)
	}
	// The right person signs in with the same messages.
	w.browser().login(u, provisional).shows(onAdministrator).press("Je continue").shows(onDetails)
}

func TestTwoFirstSignInsOfOneOrganisation(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		first := w.person(storage.Organisation, "a@example.org")
		second := w.user(storage.User{AccountID: first.AccountID, Identifier: "LOGCCCCDDDD", Email: "b@example.org", EmailKey: "b@example.org",
			Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: 1})
		var pages []page
		for _, u := range []storage.User{first, second, first} {
			p := w.browser().login(u, provisional).shows(onAdministrator).press("Je continue")
			if p.h1() == onDetails {
				p = p.submit("prenom", "Odile", "nom", "Martin", "email", u.Email)
			}
			pages = append(pages, p.shows(onPassword))
		}
		results := make(chan page, len(pages))
		for _, p := range pages {
			go func() { results <- p.submit("nouveau_mot_de_passe", own) }()
		}
		arrived := 0
		for range pages {
			p := <-results
			switch h1 := p.h1(); h1 {
			case onAccount:
				arrived++
			case "Votre session a expiré", onLogin: // the same password from another browser was faster
			default:
				t.Errorf("page %q (%d)", h1, p.status)
			}
		}
		if arrived != 2 {
			t.Errorf("%d of two persons in three browsers arrived", arrived)
		}
		a, err := db.Account(context.Background(), first.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		administrators := 0
		for _, u := range []storage.User{w.reload(first), w.reload(second)} {
			if u.State != storage.StateActive {
				t.Errorf("%s is %s", u.Identifier, u.State)
			}
			if u.Role == storage.RoleAdministrator {
				administrators++
			}
		}
		if administrators != 1 || a.ClaimedAt.IsZero() {
			t.Errorf("%d administrators, want 1", administrators)
		}
	})
}
