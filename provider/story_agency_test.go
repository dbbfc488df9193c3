package provider_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const onSuspended, onDormant, onClosed = "L’accès à ce compte est suspendu", "Ce compte a été désactivé", "Ce compte est fermé"

// order has the agency do something; it fails the test unless it is done.
func order(t *testing.T, p *providertest.Provider, act account.Act, whom string) operator.Done {
	t.Helper()
	target, err := p.Operator.Find(t.Context(), whom)
	if err != nil {
		t.Fatal(err)
	}
	done, err := p.Operator.Do(t.Context(), operator.Order{Act: act, Target: target, Reason: "a letter of the landlord"})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// refused wants the agency's order refused with that text.
func refused(t *testing.T, p *providertest.Provider, act account.Act, whom, text string) {
	t.Helper()
	target, err := p.Operator.Find(t.Context(), whom)
	if err == nil {
		_, err = p.Operator.Do(t.Context(), operator.Order{Act: act, Target: target})
	}
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s %s: %v, want %q", act, whom, err, text)
	}
}

// subjects are those of the mails an address got, oldest first.
func subjects(p *providertest.Provider, address string) (list []string) {
	p.Deliver()
	for _, m := range p.MailsTo(address) {
		list = append(list, m.Subject)
	}
	return list
}

// The agency suspends Odile's access: on every replica everything ends, in the
// browser and at the application that works while she is away. Reopened, her own
// password opens it; closed, nothing does.
func TestAgencySuspendsReopensAndCloses(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) { n.Scopes = append(n.Scopes, "offline_access") })
		w := world{walker: visitor(t, p), partner: partner}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		b := w.activate()
		replica := p.Replica()
		got := partner.Last()
		refresh := func() error {
			_, err := partner.OAuth.TokenSource(t.Context(), &oauth2.Token{RefreshToken: got.Token.RefreshToken}).Token()
			return err
		}

		order(t, p, account.Suspend, "456 753 203 80001")
		told(t, p, partner, got)
		for _, r := range []*providertest.Provider{p, replica} {
			if answer := partner.UserInfo(t, r.URL, got.Token.AccessToken); answer.Status != http.StatusUnauthorized {
				t.Errorf("userinfo of a suspended person: %+v", answer)
			}
			expect(t, tryPassword(r, r.Browser(), w.identifier, own), onSuspended)
		}
		expect(t, b.Get(p.URL+"/"), onExpired)
		if err := refresh(); err == nil {
			t.Error("an application refreshed a suspended person's access")
		}
		refused(t, p, account.Suspend, w.identifier, "suspended already")
		refused(t, p, account.Reset, w.identifier, "loge account reopen")

		order(t, p, account.Reopen, w.identifier)
		if err := refresh(); err == nil {
			t.Error("what the suspension ended came back")
		}
		expect(t, tryPassword(p, b, w.identifier, own), onAccount)

		order(t, p, account.Close, w.identifier)
		expect(t, b.Get(p.URL+"/"), onExpired)
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onClosed)
		for _, act := range []account.Act{account.Reopen, account.Reset, account.Reissue, account.Close} {
			refused(t, p, act, w.identifier, "that is final")
		}
		want := []string{"Votre accès à l’Espace bailleur est suspendu", "Votre accès à l’Espace bailleur est rouvert", "Votre accès à l’Espace bailleur est fermé"}
		if mails := subjects(p, "odile@exemple.fr"); !slices.Equal(mails[len(mails)-3:], want) {
			t.Errorf("mails %q, want %q at the end", mails, want)
		}
		user, err := p.DB.UserByIdentifier(t.Context(), "LOG1A2B3C4D")
		if err != nil {
			t.Fatal(err)
		}
		events, err := p.DB.AuditOf(t.Context(), user.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"access.suspended", "access.reopened", "access.closed"} {
			if !slices.ContainsFunc(events, func(e storage.AuditEvent) bool {
				return e.Action == action && e.Actor == "agent:test" && e.Details["reason"] == "a letter of the landlord" && e.Details["number"] == "45675320380001"
			}) {
				t.Errorf("no event %s of the agent with the reason", action)
			}
		}
	})
}

// New codes of the agency: the former password works until the new one is used;
// after that only what the person has chosen then.
func TestAgencySendsCodesAgain(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile, marcel)
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		w.activate()

		if done := order(t, p, account.Reset, w.identifier); done.Channel != storage.ByEmail {
			t.Errorf("channel %s", done.Channel)
		}
		refused(t, p, account.Reset, w.identifier, "on its way already")
		_, provisional := p.Credentials("odile@exemple.fr")
		if provisional == w.provisional {
			t.Fatal("no new password has come")
		}
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onAccount)
		b := p.Browser()
		page := tryPassword(p, b, w.identifier, provisional)
		expect(t, page, onNewPassword)
		expect(t, page.Submit("nouveau_mot_de_passe", another), onAccount)
		if page := tryPassword(p, p.Browser(), w.identifier, own); page.H1() != onLogin {
			t.Errorf("the former password still works: %s", page.H1())
		}

		before := len(subjects(p, "odile@exemple.fr"))
		order(t, p, account.Reissue, w.identifier)
		p.Credentials("odile@exemple.fr")
		if n := len(p.MailsTo("odile@exemple.fr")) - before; n != 2 {
			t.Errorf("%d mails, want the identifier and the password", n)
		}

		// Twice before they are printed: one pair of letters.
		for range 2 {
			if done := order(t, p, account.Reissue, "45675320380002"); done.Channel != storage.ByLetter {
				t.Errorf("channel %s, want letter", done.Channel)
			}
		}
		if identifier, _ := p.PrintedCredentials("45675320380002"); identifier == "" {
			t.Error("nothing was printed")
		}
	})
}

// The number of an organisation is all of it; a wait after wrong passwords ends
// by the agency's hand.
func TestAgencyActsOnAWholeOrganisation(t *testing.T) {
	w, _ := organisation(t, house)
	p := w.Provider
	number := strings.Split(house, ";")[0]
	target, err := p.Operator.Find(t.Context(), number)
	if err != nil || !target.Whole {
		t.Fatalf("target %+v: %v", target, err)
	}
	identifier := target.Users[0].Identifier
	order(t, p, account.Suspend, number)
	refused(t, p, account.Suspend, number, "suspended already")
	refused(t, p, account.Reset, number, "loge account reopen")
	refused(t, p, account.Reopen, identifier, "whole organisation is suspended")
	if a, err := p.DB.AccountByNumber(t.Context(), number); err != nil || a.SuspendedAt.IsZero() {
		t.Errorf("account %+v, %v", a, err)
	}
	order(t, p, account.Reopen, number)
	if u, err := p.DB.UserByIdentifier(t.Context(), identifier); err != nil || u.State != storage.StateIssued {
		t.Errorf("user %+v, %v", u, err)
	}
	for range 5 {
		tryPassword(p, p.Browser(), identifier, "un mot de passe faux")
	}
	if page := tryPassword(p, p.Browser(), identifier, "un mot de passe faux"); page.Status != http.StatusTooManyRequests {
		t.Fatalf("five failures: %d", page.Status)
	}
	order(t, p, account.Reopen, identifier)
	if page := tryPassword(p, p.Browser(), identifier, "un mot de passe faux"); page.Status == http.StatusTooManyRequests {
		t.Error("the wait goes on after the agency has reopened")
	}
	for _, whom := range []string{"", "LOG", "45675320389999", "LOGZZZZZZZZ", "x'; DROP TABLE users"} {
		if _, err := p.Operator.Find(t.Context(), whom); err == nil {
			t.Errorf("found %q", whom)
		}
	}
}

// Fifty agents close one access at once: it is closed once, with one notice.
func TestManyAgentsAtOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		target, err := p.Operator.Find(t.Context(), "45675320380001")
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for _, a := range atOnce(50, func(int) answered {
			_, err := p.Operator.Do(t.Context(), operator.Order{Act: account.Close, Target: target})
			return answered{err: err}
		}) {
			if a.err == nil {
				done++
			} else if !strings.Contains(a.err.Error(), "changed at this moment") {
				t.Errorf("an agent got %v", a.err)
			}
		}
		if mails := subjects(p, "odile@exemple.fr"); done != 1 || !slices.Equal(mails, []string{"Votre accès à l’Espace bailleur est fermé"}) {
			t.Errorf("closed %d times; mails %q", done, mails)
		}
		p.Clock.Advance(24 * time.Hour)
		if mails := subjects(p, "odile@exemple.fr"); len(mails) != 1 {
			t.Errorf("codes left after the access was closed: %q", mails)
		}
	})
}
