package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

// noticed counts the mails with a subject, and returns the text of the last.
func noticed(p *providertest.Provider, subject string) (n int, text string) {
	p.Deliver()
	for _, m := range p.MailsTo("odile@exemple.fr") {
		if m.Subject == subject {
			n, text = n+1, m.Text
		}
	}
	return n, text
}

// The first sign-in is no news, nor is one in a known browser; each other browser
// is told of once, whatever it calls itself. Too many wrong passwords are told of
// once a day. Neither mail holds a secret or a link, and without its row nothing
// happens.
func TestNotices(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: behindProxy})
		p.Import(odile)
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		known := w.activate()
		expect(t, known.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
		expect(t, tryPassword(p, known, w.identifier, own), onAccount)
		const device, attempts = "Nouvelle connexion à votre compte", "Plusieurs essais de connexion sur votre compte"
		if n, _ := noticed(p, device); n != 0 {
			t.Errorf("%d mails about the person's own browser", n)
		}
		fresh := p.Browser()
		fresh.Header.Set("User-Agent", "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0")
		expect(t, tryPassword(p, fresh, w.identifier, own), onAccount)
		expect(t, fresh.Get(p.URL+"/deconnexion").Submit(), onLoggedOut)
		expect(t, tryPassword(p, fresh, w.identifier, own), onAccount)
		n, text := noticed(p, device)
		if n != 1 || !strings.Contains(text, "Firefox sur Android") || strings.Contains(text, "http") || strings.Contains(text, "LOG ") {
			t.Errorf("%d mails about a new browser:\n%s", n, text)
		}

		for day := 1; day <= 2; day++ {
			for i := range 8 {
				b := p.Browser()
				b.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
				tryPassword(p, b, w.identifier, "un mot de passe faux")
				if n, _ := noticed(p, attempts); day == 1 && i < 4 && n != 0 {
					t.Errorf("told after %d failures", i+1)
				}
				p.Clock.Advance(time.Hour)
			}
			if n, text := noticed(p, attempts); n != day || strings.Contains(text, "http") || strings.Contains(text, "LOG ") {
				t.Errorf("day %d: %d mails about failures:\n%s", day, n, text)
			}
			p.Clock.Advance(25 * time.Hour)
		}
	})
}

// A sign-in and a failure without the row of their notice do not happen.
func TestNoActWithoutItsNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	db := outside(t, w.Provider)
	repair := breakWrites(t, db, "messages", "ABORT")
	failed(t, "sign-in in a new browser", tryPassword(w.Provider, w.Browser(), w.identifier, own))
	repair()
	expect(t, tryPassword(w.Provider, w.Browser(), w.identifier, own), onAccount)
	repair = breakWrites(t, db, "audit", "ABORT")
	failed(t, "sign-in in a new browser", tryPassword(w.Provider, w.Browser(), w.identifier, own))
	repair()
	if n, _ := noticed(w.Provider, "Nouvelle connexion à votre compte"); n != 1 {
		t.Errorf("%d notices of one sign-in", n)
	}
}
