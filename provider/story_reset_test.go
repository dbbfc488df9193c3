package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/config"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

const (
	onForgotten   = "Mot de passe oublié"
	onSent        = "Regardez vos e-mails"
	onNewPassword = "Choisissez un nouveau mot de passe"
	onDeadLink    = "Ce lien ne marche plus"
	onChanged     = "Votre mot de passe est changé"

	another = "trois moulins contre le vent"
)

// forget asks for another password in a fresh browser.
func forget(t *testing.T, p *providertest.Provider, email string) *providertest.Page {
	t.Helper()
	page := p.Browser().Get(p.URL + "/mot-de-passe-oublie")
	expect(t, page, onForgotten)
	return page.Submit("email", email)
}

// freeAddress lets the test's network address ask again.
func freeAddress(t *testing.T, p *providertest.Provider) {
	t.Helper()
	execute(t, outside(t, p), `DELETE FROM throttles WHERE key LIKE 'address:%'`)
}

// tryPassword types identifier and password in a browser.
func tryPassword(p *providertest.Provider, b *providertest.Browser, identifier, password string) *providertest.Page {
	return b.Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", password)
}

// Odile forgot her password: a mail brings a provisional one, the former one goes
// on until it is used; then everything opened with the former one ends.
func TestForgottenPasswordByMail(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) { n.Scopes = append(n.Scopes, "offline_access") })
		w := world{walker: visitor(t, p), partner: partner}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		old := w.activate()
		tokens := partner.Last().Token

		page := forget(t, p, " Odile@Exemple.FR ")
		expect(t, page, onSent)
		for _, text := range []string{"Si un compte utilise cette adresse", "24 heures", "Odile@Exemple.FR", "Votre ancien mot de passe marche encore"} {
			if !page.Says(text) {
				t.Errorf("the page does not say %q:\n%s", text, page.Find("main").Text())
			}
		}
		identifier, provisional := p.Credentials("odile@exemple.fr")
		mails := p.MailsTo("odile@exemple.fr")
		mail := mails[len(mails)-1]
		if mail.Subject != "Votre demande de nouveau mot de passe" || strings.Contains(mail.Text, "LOG") || strings.Contains(mail.Text, strings.TrimPrefix(identifier, "LOG ")) {
			t.Errorf("the mail « %s » reads:\n%s", mail.Subject, mail.Text)
		}
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onAccount) // the former one

		b := p.Browser()
		page = tryPassword(p, b, w.identifier, strings.ToLower(strings.ReplaceAll(provisional, "-", " ")))
		expect(t, page, onNewPassword)
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onAccount) // it is not used up yet
		expect(t, page.Submit("nouveau_mot_de_passe", another), onAccount)

		expect(t, old.Get(p.URL+"/"), onExpired)
		if _, err := partner.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token(); tokens.RefreshToken == "" || err == nil {
			t.Errorf("the refresh token still works: %v", err)
		}
		for _, gone := range []string{own, provisional} {
			if page := tryPassword(p, p.Browser(), w.identifier, gone); !page.Says(wrongCouple) {
				t.Errorf("%q still opens « %s »", gone, page.H1())
			}
		}
		expect(t, tryPassword(p, p.Browser(), w.identifier, another), onAccount)
		if n, _ := noticed(p, "Votre mot de passe a été changé"); n != 1 {
			t.Errorf("%d mails tell of the change", n)
		}
	})
}

var resetLink = regexp.MustCompile(`https?://\S+/mot-de-passe-oublie/choisir\?lien=\S+`)

// linkTo asks for a link and returns it.
func linkTo(t *testing.T, p *providertest.Provider, email string) string {
	t.Helper()
	expect(t, forget(t, p, email), onSent)
	p.Deliver()
	mails := p.MailsTo(email)
	link := resetLink.FindString(mails[len(mails)-1].Text)
	if link == "" || !strings.HasPrefix(link, p.URL+"/") {
		t.Fatalf("no link in:\n%s", mails[len(mails)-1].Text)
	}
	return link
}

func byLink(c *config.Config) { c.Security.Reset = config.ResetLink }

// By link: looking changes nothing, however often a scanner looks; choosing works
// once; a newer link ends the older one, and so does a day.
func TestForgottenPasswordByLink(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: byLink})
		p.Import(odile)
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		old := w.activate()
		stale := linkTo(t, p, "odile@exemple.fr")
		p.Clock.Advance(time.Minute)
		link := linkTo(t, p, "odile@exemple.fr")
		expect(t, p.Browser().Get(stale), onDeadLink)
		for range 5 {
			expect(t, p.Browser().Get(link), onNewPassword)
		}
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onAccount)

		page := p.Browser().Get(link)
		for _, refused := range []string{"", "court", own, "odile marchand habite ici"} {
			page = page.Submit("nouveau_mot_de_passe", refused)
			if page.H1() != onNewPassword || page.Status != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d « %s »", refused, page.Status, page.H1())
			}
		}
		address, form := fill(page, "nouveau_mot_de_passe", another)
		once := atOnce(50, func(int) answered { return post(p.Browser(), address, form) })
		refused := []int{http.StatusGone, http.StatusServiceUnavailable, http.StatusUnprocessableEntity} // too late; too many at once; the former password by now
		changed := 0
		for _, a := range once {
			switch {
			case a.err != nil || a.status != http.StatusSeeOther && !slices.Contains(refused, a.status):
				t.Errorf("answer %+v", a)
			case a.status == http.StatusSeeOther:
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("the link worked %d times", changed)
		}
		expect(t, p.Browser().Get(link), onDeadLink)
		expect(t, old.Get(p.URL+"/"), onExpired)
		expect(t, tryPassword(p, p.Browser(), w.identifier, another), onAccount)

		p.Clock.Advance(25 * time.Hour)
		link = linkTo(t, p, "odile@exemple.fr")
		p.Clock.Advance(24*time.Hour - time.Second)
		expect(t, p.Browser().Get(link), onNewPassword)
		p.Clock.Advance(time.Second)
		expect(t, p.Browser().Get(link), onDeadLink)
		for _, broken := range []string{"", "x", link[strings.Index(link, "=")+1:] + "A", strings.Repeat("a", 5000), url.QueryEscape("' OR 1=1 --")} {
			expect(t, p.Browser().Get(p.URL+"/mot-de-passe-oublie/choisir?lien="+broken), onDeadLink)
		}
	})
}

func TestLinkEndsOnTheLastPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: byLink})
	w.activate()
	expect(t, w.Browser().Get(linkTo(t, w.Provider, "odile@exemple.fr")).Submit("nouveau_mot_de_passe", another), onChanged)
}

// The answer is the same whatever the account is, and nothing leaves for those
// who may not come in; who never came in gets what opens the account.
func TestForgottenPasswordTellsNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{config.ResetPassword, config.ResetLink} {
		p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) { c.Security.Reset = mode }})
		strangers(t, p)
		// The provider's own words for each state are in strangers; here the address counts.
		addresses := map[string]string{"active0@exemple.fr": "Votre demande de nouveau mot de passe", "active1@exemple.fr": "", "active2@exemple.fr": "",
			"active3@exemple.fr": "Votre mot de passe provisoire", "active4@exemple.fr": "", "expired@exemple.fr": "Votre mot de passe provisoire",
			"never@exemple.fr": "Votre mot de passe provisoire", "nobody@exemple.fr": ""}
		p.Deliver()
		before := map[string]int{}
		db := outside(t, p)
		want := ""
		for _, address := range slices.Sorted(maps.Keys(addresses)) {
			before[address] = len(p.MailsTo(address))
			freeAddress(t, p)
			page := forget(t, p, address)
			page.Find("li strong").SetText("TYPED")
			header := page.Header.Clone()
			for _, name := range []string{"X-Request-Id", "Date", "Content-Length"} {
				header.Del(name)
			}
			body, _ := page.Html()
			got := fmt.Sprint(page.Status, headerText(header), body)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s is told apart:\n%s", address, got)
			}
		}
		execute(t, db, `UPDATE messages SET state = 'failed' WHERE state = 'held'`)
		p.Deliver()
		for address, subject := range addresses {
			mails := p.MailsTo(address)[before[address]:]
			switch {
			case subject == "" && len(mails) > 0:
				t.Errorf("%s: %s got « %s »", mode, address, mails[0].Subject)
			case subject != "" && (len(mails) != 1 || mails[0].Subject != subject):
				t.Errorf("%s: %s got %d mails, want « %s »", mode, address, len(mails), subject)
			}
		}
	}
}

func TestForgottenPasswordIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	for range 5 {
		expect(t, forget(t, w.Provider, "nobody@exemple.fr"), onSent)
	}
	page := forget(t, w.Provider, "odile@exemple.fr")
	if page.Status != http.StatusTooManyRequests || !page.Says("Trop de demandes. Attendez 12 minutes, puis recommencez.") || page.Header.Get("Retry-After") != "720" {
		t.Errorf("the sixth of an address: %d, wait %q\n%s", page.Status, page.Header.Get("Retry-After"), page.Find("main").Text())
	}
	w.Clock.Advance(12 * time.Minute)
	expect(t, forget(t, w.Provider, "nobody@exemple.fr"), onSent)

	before := len(w.MailsTo("odile@exemple.fr"))
	for i := 1; i <= 5; i++ { // three a day, whoever asks and from wherever
		freeAddress(t, w.Provider)
		w.Clock.Advance(time.Second)
		expect(t, forget(t, w.Provider, "odile@exemple.fr"), onSent)
		w.Deliver()
		if got := len(w.MailsTo("odile@exemple.fr")) - before; got != min(i, 3) {
			t.Errorf("after %d requests %d mails left", i, got)
		}
	}
	w.Clock.Advance(8 * time.Hour)
	expect(t, forget(t, w.Provider, "odile@exemple.fr"), onSent)
	w.Deliver()
	if got := len(w.MailsTo("odile@exemple.fr")) - before; got != 4 {
		t.Errorf("eight hours later %d mails have left, want 4", got)
	}
	for typed, says := range map[string]string{"": "Saisissez votre adresse e-mail.", "odile": "Saisissez une adresse e-mail complète, avec un @."} {
		if page := forget(t, w.Provider, typed); page.Status != http.StatusUnprocessableEntity || !page.Says(says) {
			t.Errorf("%q: %d\n%s", typed, page.Status, page.Find("main").Text())
		}
	}
}

// Nothing typed stands in the database in clear, not even for the moment before
// it is looked at; and nothing stays when it was.
func TestRequestsAreSealedAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	db := outside(t, w.Provider)
	expect(t, forget(t, w.Provider, "quelquun@nulle-part.example"), onSent)
	if stored := dump(t, db); strings.Contains(stored, "nulle-part") || !strings.Contains(stored, "help_requests") {
		t.Error("a typed address stands in the database in clear, or nothing does")
	}
	w.Deliver()
	if strings.Contains(dump(t, db), "help_requests") {
		t.Error("the request stays after it was looked at")
	}
	if strings.Contains(w.Logged.String(), "nulle-part") {
		t.Error("a typed address stands in the log")
	}
}
