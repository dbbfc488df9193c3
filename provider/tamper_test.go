package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// tampered are all texts that differ from a secret in one character: another
// one in its place, one cut off, one added.
func tampered(secret string) (all []string) {
	for i := range len(secret) {
		for _, c := range []byte("A9-") {
			if secret[i] != c {
				all = append(all, secret[:i]+string(c)+secret[i+1:])
			}
		}
		if next := secret[i] + 1; next != ';' && next < 0x7f { // the closest neighbour: the same but for the last bits
			all = append(all, secret[:i]+string(next)+secret[i+1:])
		}
	}
	return append(all, secret[:len(secret)-1], secret[1:], secret+"A", secret+"=", "A"+secret, strings.Repeat(secret, 2), "")
}

// class 15: one character off and a cookie is none.
func TestTamperedCookieIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	session := b.Cookie(w.URL, "session")
	for _, value := range tampered(session) {
		answer, _ := send(t, "GET", w.URL+"/", map[string][]string{"Cookie": {"loge-session=" + value}})
		if answer.StatusCode != 303 || answer.Header.Get("Location") != "/connexion" {
			t.Fatalf("the session cookie %q, which is %q, answers %d to %q", value, session, answer.StatusCode, answer.Header.Get("Location"))
		}
	}
	tab := w.Browser()
	demande := tab.Get(w.partner.URL + "/login").URL.Query().Get("demande")
	flow := tab.Cookie(w.URL, "flow")
	for i, value := range tampered(flow) {
		if i%7 != 0 { // each is two reads of the database
			continue
		}
		answer, _ := send(t, "GET", w.URL+"/connexion/suite?demande="+demande, map[string][]string{"Cookie": {"loge-flow=" + value}})
		if answer.StatusCode != 410 {
			t.Fatalf("the flow cookie %q, which is %q, answers %d", value, flow, answer.StatusCode)
		}
	}
}

// class 15: one character off and a code or a token opens nothing.
func TestTamperedTokenOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.partner.Hold = true
	b := w.activate()
	held := w.partner.Last()
	for _, code := range tampered(held.Code) {
		off := held
		off.Code = code
		answer := w.partner.Redeem(t, w.URL, off)
		want := "invalid_grant"
		if code == "" {
			want = "invalid_request"
		}
		if answer.Status != 400 || answer.JSON["error"] != want || answer.JSON["access_token"] != nil {
			t.Fatalf("the code %q, which is %q, answers %+v", code, held.Code, answer)
		}
	}
	b.Get(w.partner.URL + "/login")
	token, _ := w.partner.Redeem(t, w.URL, w.partner.Last()).JSON["access_token"].(string)
	if token == "" {
		t.Fatal("no token")
	}
	for _, value := range tampered(token) {
		if value == "" {
			continue // no token at all is another answer
		}
		if answer := w.partner.UserInfo(t, w.URL, value); answer.Status != 401 || answer.JSON["error"] != "invalid_token" {
			t.Fatalf("the token %q, which is %q, answers %+v", value, token, answer)
		}
	}
	if answer := w.partner.UserInfo(t, w.URL, token); answer.Status != 200 {
		t.Errorf("the token itself: %+v", answer)
	}
}

// class 15: one character off and a typed secret is wrong.
func TestTamperedSecretIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	db := outside(t, w.Provider)
	page := w.Browser().Get(w.URL + "/connexion")
	for i, c := range w.provisional {
		if c == '-' {
			continue
		}
		other := "C"
		if c == 'C' {
			other = "D"
		}
		for _, secret := range []string{w.provisional[:i] + other + w.provisional[i+1:], w.provisional[:i] + w.provisional[i+1:], w.provisional[:i] + other + w.provisional[i:]} {
			wrong := page.Submit("identifiant", w.identifier, "mot_de_passe", secret)
			if expect(t, wrong, onLogin); !wrong.Says(wrongCouple) {
				t.Errorf("%q, which is %q, says:\n%s", secret, w.provisional, wrong.Text())
			}
			execute(t, db, `DELETE FROM failures`)
			execute(t, db, `DELETE FROM throttles`)
		}
	}
	page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
	page = page.Submit("email", "odile.m@exemple.fr")
	code := w.Code("odile.m@exemple.fr")
	for i := range code {
		for _, typed := range []string{code[:i] + fmt.Sprint((code[i]-'0'+1)%10) + code[i+1:], code[:i] + code[i+1:]} {
			expect(t, page.Submit("code", typed), onEmail)
			execute(t, db, `UPDATE email_changes SET attempts = 0`)
		}
	}
	expect(t, page.Submit("code", code), onPassword)
}
