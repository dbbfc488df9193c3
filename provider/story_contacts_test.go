package provider_test

import (
	"strings"
	"testing"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

func ownContacts(c *config.Config) {
	c.Service.Contacts = config.Contacts{
		"69": {Mail: "rhone@agence.example", Phone: "04 99 00 00 69"},
		"2A": {Phone: "04 99 00 00 20", Hours: "le matin"},
	}
}

// Odile's account is in a département with its own contact, Marcel's is not, and
// Ange's has a telephone of its own only. What we send and what we show to who
// typed the right password names the contact of the account; the pages for
// everybody let people choose.
func TestContactIsThatOfTheDepartment(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: ownContacts})
		p.Import(odile, marcel, "45675320380050;physique;2A;;;M.;Ange;Leca;;3 cours Napoléon;20000 Ajaccio;;;;;")
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		for _, m := range p.MailsTo("odile@exemple.fr") {
			if !strings.Contains(m.Header.Get("Reply-To"), "<rhone@agence.example>") || strings.Contains(m.Text, "aide@agence.example") ||
				!strings.Contains(m.Text, "rhone@agence.example, 04 99 00 00 69.") {
				t.Errorf("« %s » does not name the contact of the département; Reply-To: %s\n%s", m.Subject, m.Header.Get("Reply-To"), m.Text)
			}
		}
		want := map[string]string{"45675320380002": "aide@agence.example, 01 23 45 67 89", "45675320380050": "aide@agence.example, 04 99 00 00 20"}
		letters := p.Print()
		for _, l := range letters {
			for number, contact := range want {
				if footer := strings.Join(l.Footer, " "); strings.Contains(l.Number, number) && !strings.Contains(footer, contact) {
					t.Errorf("letter of %s: footer %q, want %q in it", number, footer, contact)
				}
			}
		}
		if len(letters) != 4 {
			t.Errorf("%d letters, want 4", len(letters))
		}

		b := p.Browser()
		for _, path := range []string{problem + "/contact", problem + "/administrateur-parti", "/aide"} {
			page := b.Get(p.URL + path)
			if got := page.Find("main details").Length(); got != 2 {
				t.Errorf("%s offers %d départements, want 2", path, got)
			}
			for i, says := range []string{
				"Département 2A Par e-mail : aide@agence.example. Par téléphone : 04 99 00 00 20, le matin.",
				"Département 69 Par e-mail : rhone@agence.example. Par téléphone : 04 99 00 00 69, du lundi au vendredi, de 9 h à 17 h.",
			} {
				if got := providertest.Squeeze(page.Find("main details").Eq(i).Text()); got != says {
					t.Errorf("%s: %q, want %q", path, got, says)
				}
			}
			if !page.Says("Par e-mail : aide@agence.example.") || page.Find("a[href='tel:0499000069']").Length() != 1 {
				t.Errorf("%s lacks the general contact, or a number that dials:\n%s", path, page.Find("main").Text())
			}
		}

		own69 := func(page *providertest.Page, h1 string) {
			t.Helper()
			expect(t, page, h1)
			if !page.Says("Par e-mail : rhone@agence.example.") || page.Says("aide@agence.example") || page.Find("details").Length() != 0 {
				t.Errorf("« %s » does not name the contact of the département alone:\n%s", h1, page.Find("main").Text())
			}
		}
		w.activate()
		order(t, p, account.Suspend, w.identifier)
		wrong := tryPassword(p, p.Browser(), w.identifier, "un mot de passe faux")
		if html, err := wrong.Html(); err != nil || strings.Contains(html, "agence.example") || strings.Contains(html, "04 99") {
			t.Errorf("a wrong password shows a contact (%v):\n%s", err, html)
		}
		own69(tryPassword(p, p.Browser(), w.identifier, own), onSuspended)
		order(t, p, account.Close, w.identifier)
		own69(tryPassword(p, p.Browser(), w.identifier, own), onClosed)
		for _, m := range p.MailsTo("odile@exemple.fr") {
			if !strings.Contains(m.Header.Get("Reply-To"), "<rhone@agence.example>") {
				t.Errorf("« %s » is answered to %s", m.Subject, m.Header.Get("Reply-To"))
			}
		}
	})
}
