package provider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/mail"
	"loge/provider/providertest"
	"loge/provider/text"
	"loge/storage/storagetest"
)

// reads wants the story to hold each text, in that order.
func reads(t *testing.T, p *providertest.Provider, identifier string, wanted ...string) {
	t.Helper()
	whole := story(t, p, identifier)
	rest := whole
	for _, want := range wanted {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("no %q, or not in that place:\n%s", want, whole)
		}
		rest = after
	}
}

// From the file to the letter that comes back: at each moment the agent reads
// what has happened and what to do next.
func TestStoryOfLettersSaysTheNextStep(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: func(c *config.Config) { c.Letters.Separation = 2 }})
		p.Import(marcel)
		identifier := find(t, p, "45675320380002").Users[0].Identifier
		reads(t, p, identifier, "identifier waits to be printed", "refused: the provisional password has not arrived", "next: print what waits: loge letter print")
		p.Print()
		reads(t, p, identifier, "identifier printed in run 1", "next: post the letters of run 1, then: loge letter printed 1")
		done, err := p.Delivery.Confirm(t.Context(), 1, p.Clock.Now(), "agent:test")
		if err != nil {
			t.Fatal(err)
		}
		reads(t, p, identifier, "next: wait: it can be printed from "+done.Due.Format("2 January 2006")+" on")
		p.Clock.Advance(done.Due.Sub(p.Clock.Now()))
		reads(t, p, identifier, "next: print what waits")
		letters := p.Print()
		reads(t, p, identifier, "provisional password printed in run 2", "refused: \nnext: wait: the provisional password sent last can be used until "+
			text.Local(p.Clock.Now().Add(30*aDay)).Format("2 January 2006"))

		b := p.Browser()
		expect(t, tryPassword(p, b, identifier, letters[0].Secret), onDetails)
		reads(t, p, identifier, "signed in with the provisional password", "refused: \nnext: the first sign-in was begun and can be finished: the provisional password")

		p.Clock.Advance(aDay)
		if _, err := p.Delivery.Returned(t.Context(), "0002-00001", "n'habite pas à l'adresse", "agent:test"); err != nil {
			t.Fatal(err)
		}
		reads(t, p, identifier, "provisional password printed in run 2, came back", "the post brought a letter back: n'habite pas à l'adresse",
			"refused: the provisional password has not arrived", "next: correct the postal address in the file of accounts")

		p.Import(strings.Replace(marcel, "8 chemin du Moulin", "Résidence des Pins", 1))
		reads(t, p, identifier, "next: print what waits")
	})
}

// What stops an e-mail, and a person who typed something right too late, is told.
func TestStoryOfMailsSaysTheNextStep(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		relay := p.Delivery.Sender
		p.Delivery.Sender = refusing{}
		p.Deliver()
		p.Delivery.Sender = relay
		reads(t, p, "LOG1A2B3C4D", "identifier waits to be sent: send mail", "next: wait: the e-mail is tried again by itself; last answer: send mail")
		p.Clock.Advance(2 * time.Minute)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		p.Clock.Advance(8 * aDay)
		expect(t, tryPassword(p, p.Browser(), identifier, provisional), "Ce mot de passe provisoire n’est plus valable")
		reads(t, p, "LOG1A2B3C4D", "provisional password expired, it was not used", "typed the right provisional password, but it had expired", "next: loge account reset 'LOG 1A2B3C4D'")
		expect(t, forget(t, p, "odile@exemple.fr"), onSent)
		p.Deliver()
		reads(t, p, "LOG1A2B3C4D", "asked for another password: sent", "next: wait: the provisional password sent last")
		order(t, p, account.Suspend, "LOG1A2B3C4D")
		_, provisional = providertest.ReadCredentials(p.MailsTo("odile@exemple.fr"))
		expect(t, tryPassword(p, p.Browser(), identifier, provisional), onSuspended)
		reads(t, p, "LOG1A2B3C4D", "typed the right provisional password, but access is suspended", "refused: access is suspended")
		order(t, p, account.Reopen, "LOG1A2B3C4D")
		mails := p.MailsTo("odile@exemple.fr")
		last := slices.IndexFunc(mails, func(m providertest.Mail) bool { return strings.Contains(m.Text, provisional) })
		id := strings.Trim(mails[last].Header.Get("Message-Id"), "<>")
		if _, err := p.Delivery.Bounced(t.Context(), mail.Report{MessageID: id, To: "odile@exemple.fr", Failed: true, Reason: "5.1.1: User unknown"}); err != nil {
			t.Fatal(err)
		}
		reads(t, p, "LOG1A2B3C4D", "an e-mail came back: 5.1.1: User unknown", "next: correct the address in the file of accounts", "loge account reissue")
	})
}

// refusing is a relay that has no time now.
type refusing struct{}

func (refusing) Send(context.Context, *mail.Mail) error {
	return &mail.Error{Code: 451, Err: errors.New("451 4.7.1 greylisted, come back later")}
}
