package provider_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/provider/operator"
	"loge/provider/providertest"
)

// changed lists the tables in which two dumps differ.
func changed(before, after string) []string {
	names := map[string]bool{}
	lines := map[string]int{}
	for line := range strings.Lines(before) {
		lines[line]++
	}
	for line := range strings.Lines(after) {
		lines[line]--
	}
	for line, n := range lines {
		if n != 0 {
			if table, _, row := strings.Cut(line, " ["); row { // else the second line of an address
				names[table] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// class 15: what the agency does, what the post and the mail servers bring back,
// and what time does, happens as a whole or not at all: each table it writes is
// broken in turn, nothing is stored, and it succeeds once the fault is gone. The
// tables that change then must be those that were broken.
func TestFailedWriteOfTheAgencyChangesNothing(t *testing.T) {
	t.Parallel()
	do := func(act account.Act) func(p *providertest.Provider) error {
		return func(p *providertest.Provider) error {
			target, err := p.Operator.Find(context.Background(), "LOG1A2B3C4D")
			if err == nil {
				_, err = p.Operator.Do(context.Background(), operator.Order{Act: act, Target: target, Reason: "a letter"})
			}
			return err
		}
	}
	live := func(p *providertest.Provider) error { return p.Live(context.Background()) }
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, w world)
		act     func(p *providertest.Provider) error
		tables  []string
	}{
		{"suspend", func(t *testing.T, w world) { w.activate() }, do(account.Suspend),
			[]string{"users", "sessions", "messages", "audit", "audit_head", "grants", "logouts"}},
		{"reopen", func(t *testing.T, w world) {
			w.activate()
			tryPassword(w.Provider, w.Browser(), w.identifier, "un mot de passe faux")
			order(t, w.Provider, account.Suspend, w.identifier)
		}, do(account.Reopen),
			[]string{"users", "messages", "failures", "audit", "audit_head"}},
		{"reset", func(t *testing.T, w world) { w.activate() }, do(account.Reset),
			[]string{"messages", "audit", "audit_head"}},
		{"reissue", func(t *testing.T, w world) { order(t, w.Provider, account.Reset, w.identifier) }, do(account.Reissue),
			[]string{"messages", "audit", "audit_head"}},
		{"close", func(t *testing.T, w world) {
			w.activate()
			order(t, w.Provider, account.Reset, w.identifier)
			w.Deliver()
		}, do(account.Close),
			[]string{"users", "sessions", "messages", "provisionals", "audit", "audit_head", "grants", "logouts"}},
		{"letter printed", func(t *testing.T, w world) {
			w.Import(marcel)
			w.Delivery.LetterSeparation = 2
			w.Print()
		}, func(p *providertest.Provider) error {
			_, err := p.Delivery.Confirm(context.Background(), 1, p.Clock.Now(), "agent:test")
			return err
		}, []string{"print_runs", "messages", "audit", "audit_head"}},
		{"letter reprint", func(t *testing.T, w world) {
			w.Import(marcel)
			w.Print()
		}, func(p *providertest.Provider) error {
			_, err := p.Delivery.Reprint(context.Background(), "2", "agent:test")
			return err
		}, []string{"messages", "audit", "audit_head"}},
		{"letter returned", func(t *testing.T, w world) {
			w.Import(marcel)
			w.Print()
		}, func(p *providertest.Provider) error {
			_, err := p.Delivery.Returned(context.Background(), "0002-00001", "NPAI", "agent:test")
			return err
		}, []string{"undeliverable", "messages", "provisionals", "audit", "audit_head"}},
		{"mail bounce", func(*testing.T, world) {}, func(p *providertest.Provider) error {
			mails := p.MailsTo("odile@exemple.fr")
			id := strings.Trim(mails[len(mails)-1].Header.Get("Message-Id"), "<>")
			_, err := p.Delivery.Bounced(context.Background(), mail.Report{MessageID: id, To: "odile@exemple.fr", Failed: true, Reason: "5.1.1: User unknown"})
			return err
		}, []string{"undeliverable", "messages", "provisionals", "audit", "audit_head"}},
		{"reminder", func(t *testing.T, w world) { w.Clock.Advance(16 * aDay) }, live, []string{"users", "messages"}},
		{"first warning", func(t *testing.T, w world) { w.activate(); w.Clock.Advance(701 * aDay) }, live, []string{"users", "messages"}},
		{"dormancy", func(t *testing.T, w world) {
			w.activate()
			for _, days := range []time.Duration{701, 24} {
				w.Clock.Advance(days * aDay)
				if err := live(w.Provider); err != nil {
					t.Fatal(err)
				}
			}
			execute(t, outside(t, w.Provider), `UPDATE sessions SET ended_at = 0`)
			w.Clock.Advance(8 * aDay)
		}, live, []string{"users", "sessions", "grants", "audit", "audit_head", "logouts"}},
		{"closing of what was never used", func(t *testing.T, w world) { w.Clock.Advance(500 * aDay) }, live,
			[]string{"users", "provisionals", "audit", "audit_head"}},
		{"erasure", func(t *testing.T, w world) {
			w.activate()
			order(t, w.Provider, account.Close, w.identifier)
			w.Deliver()
			w.Clock.Advance(31 * aDay)
		}, live, []string{"users", "accounts", "sessions", "provisionals", "known_browsers", "consents", "audit", "audit_head"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, providertest.Options{})
			test.prepare(t, w)
			db := outside(t, w.Provider)
			before := dump(t, db)
			for _, table := range test.tables {
				for _, how := range []string{"ABORT", "ROLLBACK"} {
					repair := breakWrites(t, db, table, how)
					if err := test.act(w.Provider); err == nil {
						t.Errorf("%s broken (%s): it succeeds all the same", table, how)
					}
					repair()
					if after := dump(t, db); after != before {
						t.Fatalf("%s broken (%s): something was stored:\n%s", table, how, difference(before, after))
					}
				}
			}
			if err := test.act(w.Provider); err != nil {
				t.Fatalf("once repaired: %v", err)
			}
			for _, table := range changed(before, dump(t, db)) {
				if !slices.Contains(test.tables, table) {
					t.Errorf("it also writes %s, which was never broken", table)
				}
			}
			if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// class 15: a wrong password that cannot be counted or noted is refused with a
// page that says that it is our fault, and nothing of it stays; a purge that
// fails deletes nothing of the batch.
func TestFailedWriteOfAFailureOrAPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	db := outside(t, w.Provider)
	for range 4 { // the next one brings a wait, and so its notice
		tryPassword(w.Provider, w.Browser(), w.identifier, "un mot de passe faux")
	}
	for _, table := range []string{"throttles", "failures", "messages", "audit", "audit_head"} {
		before := dump(t, db, "failures", "throttles")
		repair := breakWrites(t, db, table, "ROLLBACK")
		page := tryPassword(w.Provider, w.Browser(), w.identifier, "un mot de passe faux")
		repair()
		failed(t, table, page)
		if after := dump(t, db, "failures", "throttles"); after != before {
			t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
		}
		execute(t, db, `DELETE FROM throttles`)
		execute(t, db, `UPDATE failures SET streak = 4, last_at = last_at - 3600`) // counted before looking: that stays
	}
	w.Clock.Advance(800 * aDay)
	if err := w.Expire(t.Context()); err != nil { // sessions end before they are purged
		t.Fatal(err)
	}
	for _, table := range []string{"codes", "sessions", "audit"} { // in the order of the purge
		before := dump(t, db)
		repair := breakWrites(t, db, table, "ROLLBACK")
		err := w.Purge(t.Context())
		repair()
		after := dump(t, db)
		if err == nil || slices.Contains(changed(before, after), table) {
			t.Errorf("%s broken: %v, changed %v", table, err, changed(before, after))
		}
	}
	if err := w.Purge(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}
