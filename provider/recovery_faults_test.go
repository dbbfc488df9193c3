package provider_test

import (
	"strings"
	"testing"

	"loge/provider/providertest"
)

// class 15: when any write of a request for help fails, nothing of it is stored
// and the person is told in French; when any write of its answer fails, the
// request waits and is answered once the fault is gone.
func TestFailedWriteLosesNoRequestForHelp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	db := outside(t, w.Provider)
	b := w.Browser()
	choose(t, b.Get(w.URL+problem), "Autre problème") // the walk has begun
	letters := b.Get(w.URL + problem + "/courrier-sans-e-mail")
	for _, request := range []struct {
		page   *providertest.Page
		pairs  []string
		tables []string
		answer []string
	}{
		{b.Get(w.URL + "/mot-de-passe-oublie"), []string{"email", "odile@exemple.fr"}, []string{"help_requests", "throttles"},
			[]string{"help_requests", "throttles", "messages", "audit", "audit_head"}},
		{letters, []string{"numero", "45675320380001", "code_postal", "69003"}, []string{"help_requests", "throttles", "problems"},
			[]string{"help_requests", "throttles", "messages", "problems", "audit", "audit_head"}},
	} {
		for _, table := range request.tables {
			for _, how := range []string{"ABORT", "ROLLBACK"} {
				before := dump(t, db, "problems")
				repair := breakWrites(t, db, table, how)
				failed(t, table, request.page.Submit(request.pairs...))
				repair()
				if after := dump(t, db, "problems"); after != before {
					t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
				}
			}
		}
		request.page.Submit(request.pairs...)
		waiting := dump(t, db)
		if !strings.Contains(waiting, "help_requests [") {
			t.Fatal("no request waits")
		}
		for _, table := range request.answer {
			repair := breakWrites(t, db, table, "ROLLBACK")
			if n, err := w.Help(t.Context()); err == nil || n != 0 {
				t.Errorf("%s broken: %d answered, %v", table, n, err)
			}
			repair()
			if after := dump(t, db); after != waiting {
				t.Errorf("%s broken: something was stored:\n%s", table, difference(waiting, after))
			}
		}
		if n, err := w.Help(t.Context()); err != nil || n != 1 {
			t.Errorf("once repaired: %d answered, %v", n, err)
		}
		if !strings.Contains(dump(t, db), "queued") {
			t.Error("nothing is in the outbox")
		}
	}
}

// class 15: the same for the link at which a password is chosen.
func TestFailedWriteLosesNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: byLink})
	w.activate()
	db := outside(t, w.Provider)
	page := w.Browser().Get(linkTo(t, w.Provider, "odile@exemple.fr"))
	execute(t, db, `INSERT INTO failures (key, streak, recent, last_at) VALUES ('user:' || $1, 1, '1', 1)`, w.user().ID)
	for _, table := range []string{"provisionals", "users", "sessions", "failures", "messages", "audit", "audit_head"} {
		for _, how := range []string{"ABORT", "ROLLBACK"} {
			before := dump(t, db)
			repair := breakWrites(t, db, table, how)
			failed(t, table, page.Submit("nouveau_mot_de_passe", another))
			repair()
			if after := dump(t, db); after != before {
				t.Errorf("%s broken: something was stored:\n%s", table, difference(before, after))
			}
		}
	}
	expect(t, page.Submit("nouveau_mot_de_passe", another), onChanged)
	expect(t, tryPassword(w.Provider, w.Browser(), w.identifier, another), onAccount)
}
