package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/config"
	"loge/provider/factor"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

const onInvite = "Une double vérification est nécessaire"

// wants has the application's next requests want the double vérification.
func wants(levels ...string) []oauth2.AuthCodeOption {
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("acr_values", strings.Join(levels, " "))}
}

func methods(r providertest.Result) string {
	text, _ := json.Marshal(r.Claims["amr"])
	return string(text)
}

// An application steps up: a person without any factor adds one on the way, or
// goes back and the application is told.
func TestAnApplicationStepsUp(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	plain := w.partner.Last()
	if plain.Claims["acr"] != factor.LevelPassword || methods(plain) != `["pwd"]` {
		t.Errorf("a sign-in by password: acr %v, amr %s", plain.Claims["acr"], methods(plain))
	}
	w.Clock.Advance(time.Minute)
	w.partner.Options = append(wants("urn:x", factor.LevelFactor), oauth2.SetAuthURLParam("prompt", "none"))
	b.Get(w.partner.URL + "/login")
	if got := w.partner.Last(); got.Error != "interaction_required" {
		t.Errorf("prompt=none: %s", got)
	}
	w.partner.Options = wants("urn:x", factor.LevelFactor)
	page := b.Get(w.partner.URL + "/login")
	expect(t, page, onInvite)
	if !page.Says("Loyers demande une double vérification.") {
		t.Errorf("the page says:\n%s", page.Find("main").Text())
	}
	// The steps behind it are closed, typed addresses too.
	expect(t, b.Get(w.URL+"/oauth2/authorize/suite?"+page.URL.RawQuery), onInvite)
	expect(t, b.Get(w.URL+"/connexion/codes-de-secours?"+page.URL.RawQuery), onInvite)
	expect(t, b.Get(w.URL+"/connexion/verification?"+page.URL.RawQuery), onInvite)
	expect(t, page.Press("Revenir à Loyers"), onPartner)
	if got := w.partner.Last(); got.Error != "unmet_authentication_requirements" {
		t.Errorf("after going back: %s", got)
	}
	page = b.Get(w.partner.URL + "/login")
	page = b.Get(w.URL + page.Find(`main a[href*="/application"]`).AttrOr("href", ""))
	app := scan(t, page)
	cookie := b.Cookie(w.URL, "session")
	page = page.Submit("code", app.code(w.Clock.Now()))
	expect(t, page, onCodes)
	expect(t, page.Press("J’ai noté mes codes"), onPartner)
	got := w.partner.Last()
	if got.Claims["acr"] != factor.LevelFactor || methods(got) != `["pwd","otp","mfa"]` || got.Claims["auth_time"] != plain.Claims["auth_time"] || got.Claims["sid"] != plain.Claims["sid"] {
		t.Errorf("after the step up: %s\nbefore: %s", got, plain)
	}
	if b.Cookie(w.URL, "session") == cookie {
		t.Error("the session has more power and the same cookie")
	}
	// What the session has shown is enough for the next request, silently.
	for name, options := range map[string][]oauth2.AuthCodeOption{
		"acr_values": wants(factor.LevelFactor),
		"essential":  {oauth2.SetAuthURLParam("claims", `{"id_token":{"acr":{"essential":true,"value":"`+factor.LevelFactor+`"}}}`)},
	} {
		w.partner.Options = append(options, oauth2.SetAuthURLParam("prompt", "none"))
		b.Get(w.partner.URL + "/login")
		if again := w.partner.Last(); again.Claims["acr"] != factor.LevelFactor {
			t.Errorf("%s: %s", name, again)
		}
	}
	// An application that accepts only the weaker level is told that it was reached too.
	w.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("claims", `{"id_token":{"acr":{"essential":true,"value":"`+factor.LevelPassword+`"}}}`)}
	b.Get(w.partner.URL + "/login")
	if got := w.partner.Last(); got.Claims["acr"] != factor.LevelPassword || methods(got) != `["pwd","otp","mfa"]` {
		t.Errorf("the weaker level: %s", got)
	}
	// Signing in again means showing both again.
	w.Clock.Advance(time.Minute)
	w.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login")}
	page = b.Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own)
	expect(t, page, onVerify)
	expect(t, page.Submit("code", app.code(w.Clock.Now())), onPartner)
	if again := w.partner.Last(); again.Claims["acr"] != factor.LevelFactor || again.Claims["auth_time"] == plain.Claims["auth_time"] {
		t.Errorf("a new sign-in: %s", again)
	}
}

// The essential claim steps up as acr_values does.
func TestAnEssentialLevelStepsUp(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("claims", `{"id_token":{"acr":{"essential":true,"values":["`+factor.LevelFactor+`"]}}}`)}
	page := b.Get(w.partner.URL + "/login")
	expect(t, page, onInvite)
	expect(t, page.Press("Revenir à Loyers"), onPartner)
	if got := w.partner.Last(); got.Error != "unmet_authentication_requirements" {
		t.Errorf("after going back: %s", got)
	}
	// A sign-in that is no longer fresh does not let whoever sits there add a factor.
	w.Clock.Advance(21 * time.Minute)
	page = b.Get(w.partner.URL + "/login")
	expect(t, page, onLogin)
	expect(t, page.Submit("identifiant", w.identifier, "mot_de_passe", own), onInvite)
}

// What an application is registered for is a floor, for requests and at userinfo.
func TestAnApplicationsLevelIsAFloor(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	weak := w.partner.Last()
	strict := w.Partner(func(n *operator.NewClient) {
		n.ID, n.Name = "coffre", "Coffre"
		n.Metadata.DefaultACRValues = []string{"urn:x", factor.LevelFactor}
	})
	strict.Options = wants(factor.LevelPassword)
	expect(t, b.Get(strict.URL+"/login"), onInvite)

	// Loyers is registered so by now: what was issued before is not enough.
	if answer := w.partner.UserInfo(t, w.URL, weak.Token.AccessToken); answer.Status != http.StatusOK {
		t.Fatalf("userinfo before: %d", answer.Status)
	}
	execute(t, outside(t, w.Provider), `UPDATE clients SET metadata = '{"default_acr_values":["urn:loge:acr:two-factor"],"default_max_age":3600}' WHERE id = ?`, w.partner.Client.ID)
	answer := w.partner.UserInfo(t, w.URL, weak.Token.AccessToken)
	challenge := answer.Header.Get("WWW-Authenticate")
	if answer.Status != http.StatusUnauthorized || answer.JSON["error"] != "insufficient_user_authentication" {
		t.Errorf("userinfo: %d %v", answer.Status, answer.JSON)
	}
	for _, want := range []string{`Bearer `, `error="insufficient_user_authentication"`, `acr_values="urn:loge:acr:two-factor"`, `max_age="3600"`} {
		if !strings.Contains(challenge, want) {
			t.Errorf("WWW-Authenticate lacks %s: %s", want, challenge)
		}
	}
	// The application does as it was told.
	w.partner.Options = append(wants(factor.LevelFactor), oauth2.SetAuthURLParam("max_age", "3600"))
	page := b.Get(w.partner.URL + "/login")
	page = b.Get(w.URL + page.Find(`main a[href*="/application"]`).AttrOr("href", ""))
	page = page.Submit("code", scan(t, page).code(w.Clock.Now()))
	expect(t, page.Press("J’ai noté mes codes"), onPartner)
	strong := w.partner.Last()
	if strong.Err != nil || strong.UserInfo["sub"] != strong.Claims["sub"] {
		t.Fatalf("after the step up: %s", strong)
	}
	if answer := w.partner.UserInfo(t, w.URL, strong.Token.AccessToken); answer.Status != http.StatusOK {
		t.Errorf("userinfo after the step up: %d %v", answer.Status, answer.JSON)
	}
}

// A refresh tells what was done at the sign-in, whatever has happened since.
func TestARefreshKeepsTheLevel(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	w.activate()
	offline := w.Partner(func(n *operator.NewClient) {
		n.ID, n.Name = "agenda", "Agenda"
		n.Scopes = append(n.Scopes, "offline_access")
	})
	b := w.Browser()
	page := b.Get(offline.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own)
	expect(t, page.Press("Autoriser"), onPartner)
	before := offline.Last()
	w.protect(b)
	expect(t, b.Get(offline.URL+"/login"), onPartner)
	after := offline.Last()
	for _, test := range []struct {
		name   string
		result providertest.Result
		acr    string
	}{{"before", before, factor.LevelPassword}, {"after", after, factor.LevelFactor}} {
		source := offline.OAuth.TokenSource(t.Context(), &oauth2.Token{RefreshToken: test.result.Token.RefreshToken})
		token, err := source.Token()
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := token.Extra("id_token").(string)
		claims := payloadOf(t, raw)
		if claims["acr"] != test.acr || claims["auth_time"] != test.result.Claims["auth_time"] {
			t.Errorf("%s: acr %v, auth_time %v, want %s, %v", test.name, claims["acr"], claims["auth_time"], test.acr, test.result.Claims["auth_time"])
		}
	}
}

// payloadOf reads the claims of a token that came from the token endpoint itself.
func payloadOf(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no ID token: %q", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// The operator may want it of administrators, and of nobody else.
func TestTheOperatorWantsItOfAdministrators(t *testing.T) {
	p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) { c.Security.AdministratorFactor = true }})
	p.Import(odile, house)
	v := visitor(t, p)
	identifier, provisional := p.Credentials("odile@exemple.fr")
	v.walk(p.Browser().Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	identifier, provisional = p.Credentials("contact@rives.example")
	b := p.Browser()
	page := v.walk(b.Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onInvite)
	if !page.Says("demande une double vérification aux administrateurs") || page.Find(`main form[action="/connexion/double-verification"]`).Length() != 0 {
		t.Errorf("the page says:\n%s", page.Find("main").Text())
	}
	expect(t, b.Get(p.URL+"/compte"), onInvite)
	page = b.Get(p.URL + page.Find(`main a[href*="/application"]`).AttrOr("href", ""))
	page = page.Submit("code", scan(t, page).code(p.Clock.Now()))
	expect(t, page.Press("J’ai noté mes codes"), onAccount)
}

// Who has lost everything calls the agency: the journal says who helped and why,
// the person is told, and whoever holds a session is out.
func TestTheAgencyHelpsWhoLostAllFactors(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.protect(b)
	target, err := w.Operator.Find(t.Context(), w.identifier)
	if err != nil {
		t.Fatal(err)
	}
	for reason, want := range map[string]string{"": "--reason", "a\nb": "reason", "\xff": "UTF-8", strings.Repeat("x", 400): "reason"} {
		if _, _, err := w.Operator.RemoveFactors(t.Context(), target, reason); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reason %.10q: %v", reason, err)
		}
	}
	if _, removed, err := w.Operator.RemoveFactors(t.Context(), target, "telephone lost, called back at the known number"); err != nil || len(removed) != 1 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if _, _, err := w.Operator.RemoveFactors(t.Context(), target, "again"); err == nil || !strings.Contains(err.Error(), "password is enough already") {
		t.Errorf("a second time: %v", err)
	}
	expect(t, b.Get(w.URL+"/compte"), onExpired)
	expect(t, w.typePassword(w.Browser()), onAccount)
	w.Deliver()
	told := false
	for _, m := range w.MailsTo("odile@exemple.fr") {
		told = told || strings.Contains(m.Text, "a retiré la double vérification de votre compte")
	}
	if !told {
		t.Error("the person is not told")
	}
	events, err := w.DB.AuditOf(t.Context(), w.user().ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	found := storage.AuditEvent{}
	for _, e := range events {
		if e.Action == "factor.removed" {
			found = e
		}
	}
	if found.Actor != "agent:test" || found.Details["reason"] != "telephone lost, called back at the known number" {
		t.Errorf("the journal says %+v", found)
	}
}
