package provider_test

import (
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

// story is the story of the person with that identifier, a line for each
// chapter, then why he is refused and what to do.
func story(t *testing.T, p *providertest.Provider, identifier string) string {
	t.Helper()
	target, err := p.Operator.Find(t.Context(), identifier)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Operator.Story(t.Context(), target.Account, target.Users[0], p.Config.Security.MaxFailuresPerDay)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, c := range s.Chapters {
		if i > 0 && c.At < s.Chapters[i-1].At {
			t.Errorf("chapters out of order: %+v", s.Chapters)
		}
		lines = append(lines, c.What)
	}
	return strings.Join(lines, "\n") + "\napplications: " + strings.Join(s.Access, ", ") + "\nrefused: " + s.Refused + "\nnext: " + s.Next
}

// Whoever is on the telephone reads what happened, in order, and what to type.
func TestStoryOfAnAccess(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile, marcel)
		w := world{walker: visitor(t, p), partner: p.Partner()}
		says := func(wanted ...string) {
			t.Helper()
			told := story(t, p, "LOG1A2B3C4D")
			rest := told
			for _, want := range wanted {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("no %q, or not in that place:\n%s", want, told)
				}
				rest = after
			}
		}
		says("account opened", "next: wait: codes leave by e-mail")
		w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
		says("identifier sent by e-mail", "refused: \nnext: wait: the provisional password sent last can be used until")
		p.Clock.Advance(8 * 24 * time.Hour)
		says("provisional password expired, it was not used", "refused: no provisional password can be used", "next: loge account reset 'LOG 1A2B3C4D'")
		order(t, p, account.Reset, "LOG1A2B3C4D")
		_, w.provisional = p.Credentials("odile@exemple.fr")
		w.activate()
		says("new provisional password ordered by agent:test: a letter of the landlord", "signed in with the provisional password", "chose a password",
			"accepted the rules, version 1", "applications: ", "openid", "refused: \nnext: nothing")
		for range 5 {
			tryPassword(p, p.Browser(), w.identifier, "un mot de passe faux")
		}
		says("wrong password typed, 5 times since", "refused: has to wait until", "next: if it was the person himself: loge account reopen 'LOG 1A2B3C4D'")
		order(t, p, account.Suspend, "LOG1A2B3C4D")
		says("access suspended by agent:test", "refused: access is suspended", "loge account reopen")
		order(t, p, account.Close, "LOG1A2B3C4D")
		says("access closed by agent:test", "refused: access is closed", "closing is final")
		target, err := p.Operator.Find(t.Context(), "45675320380002")
		if err != nil {
			t.Fatal(err)
		}
		if told := story(t, p, target.Users[0].Identifier); !strings.Contains(told, "next: print what waits: loge letter print --out DIR") {
			t.Errorf("a letter that waits:\n%s", told)
		}
	})
}
