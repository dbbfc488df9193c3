package provider_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// breakWrites has every write to a table fail, as a full disk would, until the
// returned function is called. how is ABORT, which takes the statement back, or
// ROLLBACK, which takes back the whole transaction of all that share it.
func breakWrites(t *testing.T, db *sql.DB, table, how string) (repair func()) {
	t.Helper()
	operations := []string{"INSERT", "UPDATE", "DELETE"}
	for _, operation := range operations {
		execute(t, db, `CREATE TRIGGER fault_`+operation+` BEFORE `+operation+` ON `+table+` BEGIN SELECT RAISE(`+how+`, 'injected fault'); END`)
	}
	return func() {
		t.Helper()
		for _, operation := range operations {
			execute(t, db, `DROP TRIGGER fault_`+operation)
		}
	}
}

// hide has every statement on a table fail, as a damaged database would.
func hide(t *testing.T, db *sql.DB, table string) (repair func()) {
	t.Helper()
	execute(t, db, `ALTER TABLE `+table+` RENAME TO hidden_`+table)
	return func() { t.Helper(); execute(t, db, `ALTER TABLE hidden_`+table+` RENAME TO `+table) }
}

// failed checks the page of a failure of ours: it says so in French, with the
// number to tell on the telephone, and nothing about the cause.
func failed(t *testing.T, what string, page *providertest.Page) {
	t.Helper()
	if page.Status != 500 || page.H1() != onInternal || !page.Says("Référence : "+page.Header.Get("X-Request-Id")) {
		t.Errorf("%s: %d « %s »\n%s", what, page.Status, page.H1(), providertest.Squeeze(page.Find("main").Text()))
	}
	for _, word := range []string{"injected", "SQL", "sqlite", "table", "goroutine"} {
		if strings.Contains(string(page.Body), word) {
			t.Errorf("%s: the page talks of %q", what, word)
		}
	}
}

// class 15: at every step, when any of its writes fails the whole step has, the
// person is told, and the same form works once the fault is gone.
func TestFailedWriteFailsTheWholeStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.email = "odile.m@exemple.fr"
	w.partner.Hold = true
	db := outside(t, w.Provider)
	b, page := w.at(onLogin)
	demande := page.URL.Query().Get("demande")
	for _, step := range []struct {
		h1     string
		writes []string
	}{
		{onLogin, []string{"throttles", "failures", "users", "sessions", "flows", "audit", "audit_head"}},
		{onDetails, []string{"users", "email_changes", "messages"}},
		{onEmail, []string{"email_changes", "users", "audit", "audit_head"}},
		{onPassword, []string{"provisionals", "users", "sessions", "audit", "audit_head"}},
		{onRules, []string{"acceptances", "audit", "audit_head"}},
		{onTerms, []string{"acceptances", "audit", "audit_head"}},
		{onConsent, []string{"consents", "flows", "audit", "audit_head"}},
	} {
		expect(t, page, step.h1)
		submit := map[string]func() *providertest.Page{
			onLogin: func() *providertest.Page {
				return page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
			},
			onDetails:  func() *providertest.Page { return page.Submit("email", w.email) },
			onEmail:    func() *providertest.Page { return page.Submit("code", w.Code(w.email)) },
			onPassword: func() *providertest.Page { return page.Submit("nouveau_mot_de_passe", own) },
			onRules:    func() *providertest.Page { return page.Submit("accepte", "oui") },
			onTerms:    func() *providertest.Page { return page.Submit("accepte", "oui") },
			onConsent:  func() *providertest.Page { return page.Press("Autoriser") },
		}[step.h1]
		if step.h1 == onEmail {
			w.Code(w.email)
		}
		cookie := b.Cookie(w.URL, "session")
		for _, table := range step.writes {
			for _, how := range []string{"ABORT", "ROLLBACK"} {
				before := dump(t, db, "failures", "throttles") // what is counted before looking stays counted
				repair := breakWrites(t, db, table, how)
				failed(t, step.h1+": "+table, submit())
				repair()
				if after := dump(t, db, "failures", "throttles"); after != before {
					t.Errorf("%s, %s broken: something was stored:\n%s", step.h1, table, difference(before, after))
				}
				if b.Cookie(w.URL, "session") != cookie {
					t.Errorf("%s, %s broken: the browser has another session", step.h1, table)
				}
				execute(t, db, `DELETE FROM failures`)
				execute(t, db, `DELETE FROM throttles`)
			}
		}
		if step.h1 == onConsent {
			b.Stay = true // the code is the next test
		}
		page = submit()
	}
	b.Stay = false
	failedIssue(t, w, b, db, demande)
}

// failedIssue goes on to the code and the tokens.
func failedIssue(t *testing.T, w world, b *providertest.Browser, db *sql.DB, demande string) {
	t.Helper()
	for _, table := range []string{"flows", "grants", "codes", "audit", "audit_head"} {
		before := dump(t, db)
		repair := breakWrites(t, db, table, "ABORT")
		b.Get(w.URL + "/oauth2/authorize/suite?demande=" + demande)
		repair()
		if result := w.partner.Last(); result.Error != "server_error" || result.Code != "" || result.Issuer != w.URL {
			t.Errorf("code, %s broken: the application got %s", table, result)
		}
		if after := dump(t, db); after != before {
			t.Errorf("code, %s broken: something was stored:\n%s", table, difference(before, after))
		}
	}
	b.Get(w.URL + "/oauth2/authorize/suite?demande=" + demande)
	held := w.partner.Last()
	for _, table := range []string{"codes", "access_tokens", "audit", "audit_head"} {
		before := dump(t, db)
		repair := breakWrites(t, db, table, "ROLLBACK")
		answer := w.partner.Redeem(t, w.URL, held)
		repair()
		if answer.Status != 500 || answer.JSON["error"] != "server_error" || len(answer.JSON) != 1 {
			t.Errorf("token, %s broken: %+v", table, answer)
		}
		if after := dump(t, db); after != before {
			t.Errorf("token, %s broken: something was stored:\n%s", table, difference(before, after))
		}
	}
	if answer := w.partner.Redeem(t, w.URL, held); answer.Status != 200 {
		t.Errorf("once everything is repaired: %+v", answer)
	}
	if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
		t.Errorf("the journal: %v", err)
	}
}

// class 15: what cannot be read is never taken for empty. Each table is hidden
// in turn, and each page either fails or is the one it was.
func TestUnreadableTableIsNeverEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.email = "odile.m@exemple.fr"
	db := outside(t, w.Provider)
	b, page := w.at(onLogin)
	demande := page.URL.Query().Get("demande")
	b.Stay = true
	for _, here := range []string{onLogin, onDetails, onEmail, onPassword, onRules, onTerms, onConsent} {
		b.Stay = false
		if page.H1() == onLogin && here != onLogin {
			page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
		}
		page = w.walk(page, here)
		b.Stay = true
		address := page.URL.Path + "?demande=" + demande
		failures := 0
		for _, table := range tables(t, db) {
			repair := hide(t, db, table)
			hidden := b.Get(w.URL + address)
			onward := b.Get(w.URL + "/oauth2/authorize/suite?demande=" + demande)
			repair()
			if hidden.Status == 500 {
				failures++
				failed(t, here+" without "+table, hidden)
			} else if hidden.H1() != here {
				t.Errorf("%s without %s: %d « %s », to %q", here, table, hidden.Status, hidden.H1(), hidden.Header.Get("Location"))
			}
			if to := onward.Header.Get("Location"); onward.Status != 500 && !strings.HasPrefix(to, "/connexion") && !strings.Contains(to, "error=server_error") {
				t.Errorf("%s without %s: the end leads to %q (%d)", here, table, to, onward.Status)
			}
		}
		if want := 2; failures < want {
			t.Errorf("%s reads %d tables only: the test does not reach it", here, failures)
		}
	}
}

// class 15: nobody gets a code, a token or a claim from what could not be read.
func TestUnreadableTableGivesNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.partner.Hold = true
	db := outside(t, w.Provider)
	needed := map[string][]string{
		"code":     {"acceptances", "account_rights", "accounts", "audit", "audit_head", "clients", "codes", "consents", "documents", "grants", "sessions", "user_rights", "users"},
		"token":    {"acceptances", "access_tokens", "account_rights", "accounts", "audit", "audit_head", "clients", "codes", "consents", "documents", "grants", "sessions", "user_rights", "users"},
		"userinfo": {"acceptances", "access_tokens", "account_rights", "accounts", "clients", "consents", "documents", "grants", "sessions", "user_rights", "users"},
	}
	login := func() providertest.Result { b.Get(w.partner.URL + "/login"); return w.partner.Last() }
	held := login()
	token, _ := w.partner.Redeem(t, w.URL, held).JSON["access_token"].(string)
	fails := map[string]func() bool{
		"code": func() bool {
			before := w.partner.Results()
			page := b.Get(w.partner.URL + "/login")
			return w.partner.Results() == before && page.Status == 500 || w.partner.Last().Error == "server_error" && w.partner.Last().Code == ""
		},
		"token": func() bool {
			answer := w.partner.Redeem(t, w.URL, held)
			return answer.Status == 500 && answer.JSON["error"] == "server_error" && len(answer.JSON) == 1
		},
		"userinfo": func() bool {
			answer := w.partner.UserInfo(t, w.URL, token)
			return answer.Status == 500 && answer.JSON["error"] == "server_error" && len(answer.JSON) == 1
		},
	}
	for what, fail := range fails {
		var without []string
		for _, table := range tables(t, db) {
			if what == "token" {
				held = login()
			}
			repair := hide(t, db, table)
			if fail() {
				without = append(without, table)
			}
			repair()
		}
		if !slices.Equal(without, needed[what]) {
			t.Errorf("%s fails without %v, want %v", what, without, needed[what])
		}
	}
}
