package provider_test

import (
	"strings"
	"testing"

	"loge/provider/providertest"
)

// Odile gives another address than the agency has: it counts once its code was
// typed, and only the latest code does.
func TestNewEmailAddressIsConfirmedByCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	_, page := w.at(onDetails)
	page = page.Submit("email", "odile.marchand@exemple.fr")
	expect(t, page, onEmail)
	first := w.Code("odile.marchand@exemple.fr")
	wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, first)
	page = page.Submit("code", wrong)
	if expect(t, page, onEmail); !page.Says("Ce code n’est pas correct ou n’est plus valable.") || page.Status != 422 {
		t.Errorf("a wrong code gets %d:\n%s", page.Status, page.Text())
	}

	page = page.Press("Renvoyer le code")
	if expect(t, page, onEmail); !page.Says("Un nouveau code a été envoyé.") {
		t.Errorf("resending says:\n%s", page.Text())
	}
	second := w.Code("odile.marchand@exemple.fr")
	if first != second {
		expect(t, page.Submit("code", first), onEmail)
	}
	page = page.Submit("code", " "+second[:3]+" "+second[3:]+" ") // as people paste
	expect(t, page, onPassword)
	w.walk(page, onPartner)
	if result := w.partner.Last(); result.UserInfo["email"] != "odile.marchand@exemple.fr" || result.UserInfo["email_verified"] != true {
		t.Errorf("the application got %s", result)
	}
	for _, m := range w.MailsTo("odile.marchand@exemple.fr") {
		if strings.Contains(m.Subject, first) || strings.Contains(m.Subject, second) {
			t.Errorf("the code stands in the subject: %s", m.Subject)
		}
	}
}

func TestAnotherAddressWhileACodeIsAwaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	_, page := w.at(onDetails)
	page = page.Submit("email", "odile@exemple.example") // misspelt
	expect(t, page, onEmail)
	misspelt := w.Code("odile@exemple.example")
	page = page.Press("Changer d’adresse e-mail")
	expect(t, page, onDetails)
	if got := page.Find("#email").AttrOr("value", ""); got != "odile@exemple.example" {
		t.Errorf("the form holds %q", got)
	}
	page = page.Submit("email", "odile.m@exemple.fr")
	expect(t, page, onEmail)
	if code := w.Code("odile.m@exemple.fr"); code != misspelt {
		expect(t, page.Submit("code", misspelt), onEmail)
	}
	expect(t, page.Submit("code", w.Code("odile.m@exemple.fr")), onPassword)
}

func TestFiveTriesForACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	_, page := w.at(onDetails)
	page = page.Submit("email", "odile.m@exemple.fr")
	code := w.Code("odile.m@exemple.fr")
	for i := range 5 {
		wrong := strings.Repeat(string(rune('0'+i)), 6)
		if wrong == code {
			wrong = "999998"
		}
		expect(t, page.Submit("code", wrong), onEmail)
	}
	page = page.Submit("code", code)
	if expect(t, page, onEmail); !page.Says("Demandez un nouveau code.") {
		t.Errorf("the sixth try says:\n%s", page.Text())
	}
	page = page.Press("Renvoyer le code")
	expect(t, page.Submit("code", w.Code("odile.m@exemple.fr")), onPassword)
}

// The address of somebody else's account is refused, in words that do not say
// whose it is.
func TestAddressOfAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.Import("45675320380011;physique;69;;;M.;Paul;Petit;paul@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;")
	_, page := w.at(onDetails)
	page = page.Submit("email", "PAUL@exemple.fr")
	if expect(t, page, onDetails); !page.Says("Cette adresse e-mail ne peut pas être utilisée pour ce compte.") || page.Status != 422 {
		t.Errorf("status %d:\n%s", page.Status, page.Text())
	}
	expect(t, page.Submit("email", "odile@exemple.fr"), onPassword) // known to be hers: no code
}
