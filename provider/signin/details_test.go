package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"loge/storage"
)

func TestDetailsAreChecked(t *testing.T) {
	w := newWorld(t, nil)
	other := w.active("taken@example.org")
	u := w.person(storage.Organisation, "")
	p := w.browser().login(u, provisional).press("Je continue").shows(onDetails)
	for _, test := range []struct {
		name string
		form []string
		says string
	}{
		{"no given name", []string{"nom", "Martin", "email", "a@example.org"}, "Saisissez votre prénom."},
		{"spaces", []string{"prenom", "  ", "nom", "Martin", "email", "a@example.org"}, "Saisissez votre prénom."},
		{"no family name", []string{"prenom", "Odile", "email", "a@example.org"}, "Saisissez votre nom."},
		{"long given name", []string{"prenom", strings.Repeat("é", 81), "nom", "Martin", "email", "a@example.org"}, "Le prénom ne doit pas dépasser 80 caractères."},
		{"long family name", []string{"prenom", "Odile", "nom", strings.Repeat("é", 81), "email", "a@example.org"}, "Le nom ne doit pas dépasser 80 caractères."},
		{"no address", []string{"prenom", "Odile", "nom", "Martin"}, "Saisissez votre adresse e-mail."},
		{"half an address", []string{"prenom", "Odile", "nom", "Martin", "email", "odile"}, "Saisissez une adresse e-mail complète, avec un @, par exemple nom@exemple.fr."},
		{"another user's address", []string{"prenom", "Odile", "nom", "Martin", "email", "TAKEN@example.org"}, "Cette adresse e-mail ne peut pas être utilisée pour ce compte. Choisissez-en une autre."},
		{"telephone", []string{"prenom", "Odile", "nom", "Martin", "email", "a@example.org", "telephone", "12"}, "Saisissez un numéro de téléphone, par exemple 06 12 34 56 78, ou laissez vide."},
		{"long function", []string{"prenom", "Odile", "nom", "Martin", "email", "a@example.org", "fonction", strings.Repeat("x", 81)}, "La fonction ne doit pas dépasser 80 caractères."},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := p.submit(test.form...).shows(onDetails).says(test.says)
			if got.status != http.StatusUnprocessableEntity {
				t.Errorf("status %d", got.status)
			}
			for i := 0; i+1 < len(test.form); i += 2 {
				if value := got.Find("#"+test.form[i]).AttrOr("value", ""); value != test.form[i+1] {
					t.Errorf("%s is filled in with %q, typed was %q", test.form[i], value, test.form[i+1])
				}
			}
		})
	}
	if now := w.reload(u); !now.DetailsAt.IsZero() {
		t.Error("wrong details were saved")
	}
	if now := w.reload(other); now.EmailKey != "taken@example.org" {
		t.Errorf("the other user's address is %q", now.EmailKey)
	}
}

func TestOperatorMayDoWithoutEmail(t *testing.T) {
	w := newWorld(t, nil)
	w.Service.EmailRequired = false
	u := w.person(storage.Individual, "")
	p := w.browser().login(u, provisional).shows(onDetails).says("Adresse e-mail (facultatif)")
	p.submit("prenom", "Odile", "nom", "Martin").shows(onPassword).submit("nouveau_mot_de_passe", own).shows(onAccount)
	// The same operator cannot be given an address that is not proven.
	v := w.person(storage.Individual, "")
	p = w.browser().login(v, provisional).submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org").shows(onEmail)
	p.press("Changer d’adresse e-mail").shows(onDetails).submit("prenom", "Odile", "nom", "Martin").shows(onPassword)
	if now := w.reload(v); now.Email != "" || !now.EmailVerifiedAt.IsZero() {
		t.Errorf("address is %q, verified at %d", now.Email, now.EmailVerifiedAt)
	}
}

func TestEmailCode(t *testing.T) {
	w := newWorld(t, nil)
	u := w.person(storage.Individual, "")
	b := w.browser()
	p := b.login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", "New@Example.org").shows(onEmail).says("New@Example.org")
	p.submit("code", "").says("Saisissez le code reçu par e-mail.")
	p.submit("code", code).says("Ce code n’est pas correct ou n’est plus valable.") // none has left yet
	w.deliver(u)
	for i, typed := range []string{"000000", "27182", "2718281", "abcdef", strings.Repeat("1", 2000)} {
		if got := p.submit("code", typed).says("Ce code n’est pas correct ou n’est plus valable."); got.status != http.StatusUnprocessableEntity {
			t.Errorf("wrong code %d: status %d", i, got.status)
		}
	}
	p.submit("code", code).says("Ce code n’est pas correct ou n’est plus valable.") // five wrong ones killed it
	p = p.press("Renvoyer le code").shows(onEmail).says("Un nouveau code a été envoyé.")
	w.deliver(u)
	p = p.press("Changer d’adresse e-mail").shows(onDetails)
	if got := p.Find("#email").AttrOr("value", ""); got != "New@Example.org" {
		t.Errorf("address is filled in with %q", got)
	}
	p = p.submit("prenom", "Odile", "nom", "Martin", "email", "other@example.org").shows(onEmail).says("other@example.org")
	p.submit("code", code).says("Ce code n’est pas correct ou n’est plus valable.") // sent to the former address
	w.deliver(u)
	p.submit("code", code).shows(onPassword)
	if now := w.reload(u); now.EmailKey != "other@example.org" || now.EmailVerifiedAt.IsZero() {
		t.Errorf("address is %q, verified at %d", now.EmailKey, now.EmailVerifiedAt)
	}
}

func TestEmailCodeExpires(t *testing.T) {
	for _, test := range []struct {
		at time.Duration
		h1 string
	}{{-time.Second, onPassword}, {0, onEmail}, {time.Second, onEmail}} {
		w := newWorld(t, nil)
		u := w.person(storage.Individual, "")
		p := w.browser().login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org").shows(onEmail)
		w.deliver(u)
		w.move(15 * time.Minute)
		p.b.get("/connexion/code").shows(onEmail) // keeps the session awake
		w.move(15*time.Minute + test.at)
		p.submit("code", code).shows(test.h1)
	}
}

func TestFiveCodesADay(t *testing.T) {
	w := newWorld(t, nil)
	u := w.person(storage.Individual, "")
	p := w.browser().login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org").shows(onEmail)
	for range 4 {
		p = p.press("Renvoyer le code").says("Un nouveau code a été envoyé.")
	}
	p.press("Renvoyer le code").shows(onEmail).says("Trop de demandes. Attendez 24 heures, puis recommencez.")
	p = p.press("Changer d’adresse e-mail").shows(onDetails)
	p = p.submit("prenom", "Odile", "nom", "Martin", "email", "victim@example.org").shows(onDetails).says("Trop de demandes. Attendez 24 heures, puis recommencez.")
	messages, err := w.DB.MessagesOf(t.Context(), u.ID, 20)
	if err != nil || len(messages) != 5 {
		t.Errorf("%d messages, %v; want 5", len(messages), err)
	}
	p.submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org").shows(onDetails)
	w.move(24 * time.Hour)
	w.browser().login(u, provisional).shows(onDetails).submit("prenom", "Odile", "nom", "Martin", "email", "new@example.org").shows(onEmail)
}

func TestAddressConfirmedByAnotherUserMeanwhile(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.person(storage.Individual, ""), w.person(storage.Individual, "")
	var pages []page
	for _, u := range []storage.User{first, second} {
		p := w.browser().login(u, provisional).submit("prenom", "Odile", "nom", "Martin", "email", "shared@example.org").shows(onEmail)
		w.deliver(u)
		pages = append(pages, p)
	}
	pages[0].submit("code", code).shows(onPassword)
	p := pages[1].submit("code", code).shows(onDetails).says("Cette adresse e-mail ne peut pas être utilisée pour ce compte.")
	p.submit("prenom", "Odile", "nom", "Martin", "email", "mine@example.org").shows(onEmail).says("mine@example.org")
}
