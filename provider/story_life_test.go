package provider_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const aDay = 24 * time.Hour

// live has both replicas look after the accesses at the same time.
func live(t *testing.T, replicas ...*providertest.Provider) {
	t.Helper()
	for _, a := range atOnce(len(replicas), func(i int) answered { return answered{err: replicas[i].Live(t.Context())} }) {
		if a.err != nil {
			t.Fatal(a.err)
		}
	}
}

// about counts the mails to an address with that in the subject.
func about(p *providertest.Provider, address, subject string) (mails []providertest.Mail) {
	p.Deliver()
	for _, m := range p.MailsTo(address) {
		if strings.Contains(m.Subject, subject) {
			mails = append(mails, m)
		}
	}
	return mails
}

func state(t *testing.T, p *providertest.Provider, identifier string) storage.User {
	t.Helper()
	u, err := p.DB.UserByIdentifier(t.Context(), identifier)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Three reminders on days 15, 45 and 90, each once, none with the password.
func TestWhoNeverSignedInIsReminded(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		replica := p.Replica()
		_, provisional := p.Credentials("odile@exemple.fr")
		opened := p.Clock.Now()
		for _, test := range []struct{ day, want int }{{14, 0}, {15, 1}, {16, 1}, {44, 1}, {45, 2}, {89, 2}, {90, 3}, {119, 3}, {200, 3}} {
			set(t, p.Clock, storage.At(opened.Add(time.Duration(test.day)*aDay)))
			live(t, p, replica)
			mails := about(p, "odile@exemple.fr", "vous attend")
			if len(mails) != test.want {
				t.Fatalf("day %d: %d reminders, want %d", test.day, len(mails), test.want)
			}
			for _, m := range mails {
				if strings.Contains(m.Text, provisional) || !strings.Contains(m.Text, "45675320380001") || !strings.Contains(strings.ReplaceAll(m.Text, "\u00a0", " "), "LOG 1A2B3C4D") {
					t.Errorf("reminder:\n%s", m.Text)
				}
			}
		}
		p.Clock.Advance(200 * aDay) // a year after the last reminder and more
		live(t, p, replica)
		if u := state(t, p, "LOG1A2B3C4D"); u.State != storage.StateIssued {
			t.Errorf("closed %s after the opening", p.Clock.Now().Sub(opened))
		}
		p.Clock.Advance(60 * aDay)
		live(t, p, replica)
		if u := state(t, p, "LOG1A2B3C4D"); u.State != storage.StateClosed {
			t.Errorf("state %s a year after the last mail", u.State)
		}
	})
}

func TestRemindersStop(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, w world){
		"signed in": func(t *testing.T, w world) { w.activate() },
		"suspended": func(t *testing.T, w world) { order(t, w.Provider, account.Suspend, w.identifier) },
		"closed":    func(t *testing.T, w world) { order(t, w.Provider, account.Close, w.identifier) },
	} {
		w := newWorld(t, providertest.Options{})
		stop(t, w)
		w.Clock.Advance(16 * aDay)
		live(t, w.Provider)
		if n := len(about(w.Provider, "odile@exemple.fr", "vous attend")); n != 0 {
			t.Errorf("%s: %d reminders", name, n)
		}
	}
	w := newWorld(t, providertest.Options{Change: func(c *config.Config) { c.Service.Reminders = false }})
	w.Clock.Advance(16 * aDay)
	live(t, w.Provider)
	if n := len(about(w.Provider, "odile@exemple.fr", "vous attend")); n != 0 {
		t.Errorf("switched off: %d reminders", n)
	}
}

// Two years without a sign-in: two warnings, then the access ends; new codes
// reopen it. Left alone, it is closed after a year and erased a month later.
func TestDormancyAndItsWayBack(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		replica := p.Replica()
		w := world{walker: visitor(t, p), partner: p.Partner()}
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		w.activate()
		wait := func(days, warnings int, want string) {
			t.Helper()
			p.Clock.Advance(time.Duration(days) * aDay)
			live(t, p, replica)
			if n, u := len(about(p, "odile@exemple.fr", "bientôt désactivé")), state(t, p, "LOG1A2B3C4D"); n != warnings || u.State != want {
				t.Fatalf("%d warnings and state %s, want %d and %s", n, u.State, warnings, want)
			}
		}
		wait(699, 0, storage.StateActive)
		wait(1, 1, storage.StateActive)
		wait(22, 1, storage.StateActive)
		wait(1, 2, storage.StateActive)
		wait(6, 2, storage.StateActive)
		if mails := about(p, "odile@exemple.fr", "bientôt désactivé"); !strings.Contains(mails[0].Text, "depuis 23") {
			t.Errorf("warning:\n%s", mails[0].Text)
		}
		// A sign-in at the last moment starts all over.
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onAccount)
		wait(2, 2, storage.StateActive)
		wait(698, 3, storage.StateActive)
		wait(23, 4, storage.StateActive)
		wait(7, 4, storage.StateDormant)
		expect(t, tryPassword(p, p.Browser(), w.identifier, own), onDormant)

		order(t, p, account.Reset, w.identifier)
		_, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		expect(t, tryPassword(p, b, w.identifier, provisional).Submit("nouveau_mot_de_passe", another), onAccount)
		wait(0, 4, storage.StateActive)

		wait(700, 5, storage.StateActive)
		wait(23, 6, storage.StateActive)
		wait(7, 6, storage.StateDormant)
		wait(364, 6, storage.StateDormant)
		wait(2, 6, storage.StateClosed)
		if u := state(t, p, "LOG1A2B3C4D"); u.Email == "" || u.FamilyName == "" {
			t.Error("erased at once")
		}
		wait(31, 6, storage.StateClosed)
		u := state(t, p, "LOG1A2B3C4D")
		if u.Email+u.EmailKey+u.GivenName+u.FamilyName+u.Phone+u.PasswordHash != "" {
			t.Errorf("after the erasure: %+v", u)
		}
		if accepted, err := p.DB.Acceptances(t.Context(), u.ID); err != nil || len(accepted) != 2 {
			t.Errorf("proofs of acceptance: %v, %v", accepted, err)
		}
		events, err := p.DB.AuditOf(t.Context(), u.ID, 500)
		count := map[string]int{}
		for _, e := range events {
			count[e.Action]++
		}
		if err != nil || count["access.dormant"] != 2 || count["access.closed"] != 1 || count["access.erased"] != 1 {
			t.Errorf("journal %v, %v", count, err)
		}
		if _, err := p.DB.VerifyAudit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// After a long time without a server nobody loses the access unwarned.
func TestNobodyLosesTheAccessUnwarned(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	w.activate()
	w.Clock.Advance(1500 * aDay)
	live(t, w.Provider)
	live(t, w.Provider)
	if u := state(t, w.Provider, "LOG1A2B3C4D"); u.State != storage.StateActive || len(about(w.Provider, "odile@exemple.fr", "bientôt")) != 1 {
		t.Errorf("state %s at the first run", u.State)
	}
	w.Clock.Advance(100 * aDay)
	live(t, w.Provider)
	if u := state(t, w.Provider, "LOG1A2B3C4D"); u.State != storage.StateActive {
		t.Error("the second warning and the end came together")
	}
	w.Clock.Advance(7 * aDay)
	live(t, w.Provider)
	if u := state(t, w.Provider, "LOG1A2B3C4D"); u.State != storage.StateDormant {
		t.Errorf("state %s after two warnings", u.State)
	}
	if !slices.Contains([]string{onDormant}, tryPassword(w.Provider, w.Browser(), w.identifier, own).H1()) {
		t.Error("a dormant access opens")
	}
}

// What the purge deletes is in the journal; a run that finds nothing writes nothing.
func TestPurgeSaysWhatItPurged(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	w.activate()
	purged := func() (n int, last storage.AuditEvent) {
		t.Helper()
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		events, err := w.DB.AuditEvents(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Action == "data.purged" {
				n, last = n+1, e
			}
		}
		return n, last
	}
	if n, _ := purged(); n != 0 {
		t.Errorf("%d events of a purge that found nothing", n)
	}
	w.Clock.Advance(31 * aDay)
	if err := w.Expire(t.Context()); err != nil { // sessions end before they are purged
		t.Fatal(err)
	}
	if n, e := purged(); n != 1 || e.Details["sessions"] == "" || e.Details["codes"] != "1" || e.Actor != "system" {
		t.Errorf("%d events, the last %+v", n, e)
	}
	if n, _ := purged(); n != 1 {
		t.Errorf("%d events after a second run that found nothing", n)
	}
}
