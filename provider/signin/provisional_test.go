package signin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"loge/storage"
)

func TestProvisionalPasswordExpires(t *testing.T) {
	for _, test := range []struct {
		at time.Duration
		h1 string
	}{{-time.Second, onDetails}, {0, "Ce mot de passe provisoire n’est plus valable"}, {time.Second, "Ce mot de passe provisoire n’est plus valable"}} {
		w := newWorld(t, nil)
		u := w.person(storage.Individual, "odile@example.org")
		byLetter := w.person(storage.Individual, "")
		w.move(7*24*time.Hour + test.at)
		p := w.browser().login(u, provisional).shows(test.h1)
		if test.h1 != onDetails {
			p.says("Il était valable jusqu’au 30 novembre 2026.").says("o•••@e•••.org")
			w.browser().login(byLetter, provisional).shows(test.h1).says("Demandez un nouveau courrier.")
		}
		w.browser().login(u, "CDFG-HJKM-NPQT").shows(onLogin).says(wrongCouple)
	}
}

func TestProvisionalPasswordExpiresBetweenTwoSteps(t *testing.T) {
	for _, test := range []struct {
		at time.Duration
		h1 string
	}{{-time.Second, onAccount}, {0, "Ce mot de passe provisoire n’est plus valable"}, {time.Second, "Ce mot de passe provisoire n’est plus valable"}} {
		w := newWorld(t, nil)
		u := w.person(storage.Individual, "odile@example.org")
		w.move(7*24*time.Hour - time.Minute)
		b := w.browser()
		p := b.login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", u.Email).shows(onPassword)
		w.move(time.Minute + test.at)
		p.submit("nouveau_mot_de_passe", own).shows(test.h1)
		if activated := w.reload(u).PasswordHash != ""; activated != (test.h1 == onAccount) {
			t.Errorf("at %v: password saved = %v", test.at, activated)
		}
	}
}

func TestNewerProvisionalPasswordEndsWhatTheOlderOneOpened(t *testing.T) {
	w := newWorld(t, nil)
	u := w.person(storage.Individual, "odile@example.org")
	old := w.browser().login(u, provisional).shows(onDetails)
	w.send(u, "WWWW-WWWW-WWWW")
	latest, err := w.DB.ProvisionalsOf(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.write(func(ctx context.Context, q *storage.Queries) error {
		return q.SupersedeOtherProvisionals(ctx, u.ID, latest[0].ID, storage.At(w.Now()))
	})
	old.submit("prenom", "Odile", "nom", "Martin", "email", u.Email).shows(onLogin)
	w.browser().login(u, provisional).says(wrongCouple)
	w.browser().login(u, "wwww wwww wwww").finish(u).shows(onAccount)
}

func TestForgottenPasswordIsReplacedByAProvisionalOne(t *testing.T) {
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	elsewhere := w.browser()
	elsewhere.login(u, own).shows(onAccount)
	w.send(u, "WWWW-WWWW-WWWW")
	w.browser().login(u, own).shows(onAccount) // the own one stays good until the other is used
	b := w.browser()
	p := b.login(u, "WWWW-WWWW-WWWW").shows(onNewPassword).says("Vous vous êtes connecté avec un mot de passe provisoire.")
	b.get("/").shows(onNewPassword)
	p = p.submit("nouveau_mot_de_passe", own).says("Choisissez un mot de passe différent de l’ancien.")
	p = p.submit("nouveau_mot_de_passe", "wwww wwww wwww").says("Choisissez un mot de passe différent du mot de passe provisoire.")
	p.submit("nouveau_mot_de_passe", "huit lézards verts").shows(onAccount)
	elsewhere.get("/").shows("Votre session a expiré")
	w.browser().login(u, own).says(wrongCouple)
	w.browser().login(u, "WWWW-WWWW-WWWW").says(wrongCouple)
	w.browser().login(u, "huit lézards verts").shows(onAccount)
	messages, err := w.DB.MessagesOf(t.Context(), u.ID, 20)
	messages = slices.DeleteFunc(messages, func(m storage.Message) bool { return m.Kind == storage.MessageNewDevice })
	if err != nil || len(messages) != 1 || messages[0].Kind != storage.MessagePasswordChanged || messages[0].Channel != storage.ByEmail {
		t.Errorf("messages = %+v, %v; want one that tells of the change", messages, err)
	}
}

func TestOrderedChangeOfPassword(t *testing.T) {
	w := newWorld(t, nil)
	u := w.active("odile@example.org")
	w.exec(`UPDATE users SET password_must_change = TRUE WHERE id = $1`, u.ID)
	p := w.browser().login(u, own).shows(onNewPassword).says("Par sécurité, l’Agence vous demande de changer votre mot de passe.")
	p.submit("nouveau_mot_de_passe", "huit lézards verts").shows(onAccount)
}
