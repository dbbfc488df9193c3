package provider_test

import (
	"os"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// pagesWritten tells how many pages SQLite has written, each with a header of 24
// bytes, since the provider was started: its journal is only ever continued, until
// it is long.
func pagesWritten(t *testing.T, p *providertest.Provider) int {
	t.Helper()
	journal, err := os.Stat(strings.TrimPrefix(p.Database, "sqlite:") + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return int(journal.Size()-32) / (24 + 4096)
}

// Each index is a page more to write, and a page costs as much as anything else
// in a transaction. Whoever adds an index to a table that every sign-in writes to
// finds out here what it costs, and raises the figures if it is worth it.
func TestSignInWritesFewPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.activate()
	const times = 30
	before := pagesWritten(t, w.Provider)
	var b *providertest.Browser
	for range times {
		b = w.Browser()
		page := b.Get(w.partner.URL+"/login").Submit("identifiant", w.identifier, "mot_de_passe", own)
		if page.H1() != onPartner {
			t.Fatalf("%s shows « %s »", page.URL, page.H1())
		}
	}
	signIns := pagesWritten(t, w.Provider)
	for range times {
		b.Get(w.partner.URL + "/login")
	}
	sso := pagesWritten(t, w.Provider)
	if got := w.partner.Results(); got != 1+2*times {
		t.Fatalf("%d answers at the application, want %d", got, 1+2*times)
	}
	for _, c := range []struct {
		what       string
		pages, max float64
	}{
		{"a sign-in in a new browser, its code and its tokens", float64(signIns-before) / times, 47.2},
		{"a code and its tokens where somebody is signed in", float64(sso-signIns) / times, 18.4},
	} {
		if c.pages > c.max {
			t.Errorf("%s: %.1f pages, want at most %.1f", c.what, c.pages, c.max)
		}
	}
}
