package provider_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/provider/providertest"
)

// purged says which kind of the purge's clears which table.
var purged = map[string]string{
	"flows": "flows", "device_codes": "device codes", "pushed_requests": "pushed requests", "codes": "codes", "assertions": "client assertions",
	"dpop_proofs": "DPoP proofs", "access_tokens": "access tokens", "refresh_tokens": "refresh tokens", "grants": "grants", "sessions": "sessions",
	"provisionals": "provisional passwords", "email_changes": "e-mail codes", "email_undos": "changes of the e-mail address", "closings": "requests to close", "role_offers": "offers of the administrator's role",
	"failures":      "failures",
	"help_requests": "requests for help", "problems": "walks through problems", "known_browsers": "known browsers", "throttles": "throttles",
	"logouts": "logouts", "signing_keys": "signing keys", "invitations": "invitations", "messages": "messages", "audit": "audit events",
}

// kept says why the rows of the other tables stay.
var kept = map[string]string{
	"accounts":       "the number and the kind stay, so that neither is given twice; the address goes with the last person",
	"users":          "the identifier and the state stay; what is personal is erased a month after closing",
	"acceptances":    "the proof of what was accepted, under a random id",
	"consents":       "live as long as the access; they go with what is personal",
	"account_rights": "what the agency allows an account; nothing of a person",
	"factors":        "live as long as the access; they go with what is personal",
	"recovery_codes": "live as long as the access; they go with what is personal",
	"user_rights":    "live as long as the access; they go with what is personal",
	"undeliverable":  "until another address comes; goes with what is personal",
	"print_runs":     "one row for up to two thousand letters, with nobody's name",
	"documents":      "every version stays", "clients": "what operators register", "registrations": "one for each client", "logos": "one for each client",
	"leases": "one for each job", "audit_head": "one row",
}

// Whoever adds a table says what becomes of its rows: a kind of the purge, or a
// reason here.
func TestSchemaEndsInAPurge(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	all := tables(t, outside(t, p))
	for _, table := range all {
		if purged[table] == "" && kept[table] == "" {
			t.Errorf("nobody says what becomes of the rows of %s: add a purge to provider/jobs.go, or a reason to this test", table)
		}
	}
	for table, kind := range purged {
		if slices.Contains(all, table) && !slices.Contains(p.Purged(), kind) {
			t.Errorf("%s has no purge %q: there are %q", table, kind, p.Purged())
		}
	}
}

// Ten years after Odile's access was closed nothing says that she was there, and
// no row is left that its retention does not name.
func TestStoryOfOdileIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: behindProxy})
	db := outside(t, w.Provider)
	b := w.activate()
	b.Header.Set("User-Agent", "Odile/5.0 (Windows NT 10.0)")
	for range 6 {
		tryPassword(w.Provider, w.Browser(), w.identifier, "un mot de passe faux")
	}
	choose(t, b.Get(w.URL+problem), "Autre problème")
	expect(t, forget(t, w.Provider, "odile@exemple.fr"), onSent)
	w.Deliver()
	page := b.Get(w.URL+problem+"/courrier-sans-e-mail").Submit("numero", "45675320380001", "code_postal", "69003")
	expect(t, page, "Votre demande est enregistrée")
	w.Deliver()
	w.Print()
	mails := w.MailsTo("odile@exemple.fr")
	id := strings.Trim(mails[len(mails)-1].Header.Get("Message-Id"), "<>")
	if _, err := w.Delivery.Bounced(t.Context(), mail.Report{MessageID: id, To: "odile@exemple.fr", Failed: true, Reason: "5.1.1: User unknown"}); err != nil {
		t.Fatal(err)
	}
	expect(t, forget(t, w.Provider, "odile@exemple.fr"), onSent) // nobody answers this one
	order(t, w.Provider, account.Close, w.identifier)
	before := rowsIn(t, db)
	for _, table := range []string{"flows", "codes", "access_tokens", "grants", "sessions", "provisionals", "problems", "help_requests", "known_browsers",
		"throttles", "messages", "audit", "print_runs", "undeliverable", "consents", "acceptances"} {
		if before[table] == 0 {
			t.Errorf("no row in %s: the story proves nothing about it", table)
		}
	}
	w.Deliver()
	if err := w.SendLogouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	const person = "odile marchand lilas exemple.fr Odile/5.0"
	for range 2 { // closed and erased, then purged
		w.Clock.Advance(5 * 365 * aDay)
		if _, err := w.Help(t.Context()); err != nil {
			t.Fatal(err)
		}
		live(t, w.Provider)
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after := strings.ToLower(dump(t, db))
	for _, word := range strings.Fields(strings.ToLower(person)) {
		if i := strings.Index(after, word); i >= 0 {
			t.Errorf("%q is left: …%s…", word, after[max(0, i-200):min(len(after), i+60)])
		}
	}
	left := rowsIn(t, db)
	for table, n := range left {
		// One event always stays, for the chain; keys and the purge's own events are of today.
		if n > 0 && kept[table] == "" && table != "audit" && table != "signing_keys" {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if left["audit"] > 10 {
		t.Errorf("%d events are left", left["audit"])
	}
}

// rowsIn counts the rows of every table.
func rowsIn(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range tables(t, db) {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

// The limits of the walks through « Problème de connexion »: the reference lasts
// an hour of rest and is found for a month; sixty walks an hour begin at one
// address; what was typed is shown again for an hour.
func TestLimitsOfTheProblems(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	walked := func(b *providertest.Browser) string {
		t.Helper()
		choose(t, b.Get(p.URL+problem), "Autre problème")
		return reference(b.Get(p.URL + problem + "/contact"))
	}
	b := p.Browser()
	first := walked(b)
	p.Clock.Advance(time.Hour - time.Second)
	if again := walked(b); first == "" || again != first {
		t.Errorf("within an hour the walk %q becomes %q", first, again)
	}
	p.Clock.Advance(time.Hour + time.Second)
	if again := walked(b); again == "" || again == first {
		t.Errorf("after an hour of rest the walk is still %q", again)
	}
	began := 0
	for range 70 {
		if walked(p.Browser()) != "" {
			began++
		}
	}
	if began < 58 || began > 60 {
		t.Errorf("%d walks began in an hour at one address", began)
	}
	p.Clock.Advance(time.Minute)
	if walked(p.Browser()) == "" {
		t.Error("a minute later none begins")
	}

	page := forget(t, p, "quelquun@exemple.fr")
	expect(t, page, onSent)
	p.Clock.Advance(time.Hour)
	if again := b.Get(page.URL.String()); !again.Says("quelquun@exemple.fr") {
		t.Error("within an hour the typed address is not shown again")
	}
	p.Clock.Advance(time.Second)
	if again := b.Get(page.URL.String()); again.H1() != onSent || again.Says("quelquun@exemple.fr") {
		t.Error("after an hour the typed address is still shown")
	}

	p.Clock.Advance(28 * aDay)
	if err := p.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Operator.Problem(t.Context(), first); err != nil {
		t.Errorf("within thirty days: %v", err)
	}
	p.Clock.Advance(3 * aDay)
	if err := p.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Operator.Problem(t.Context(), first); err == nil || !strings.Contains(err.Error(), "kept for thirty days") {
		t.Errorf("after thirty days: %v", err)
	}
}
