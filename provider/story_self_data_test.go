package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/provider/session"
	"loge/provider/text"
	"loge/storage"
	"loge/storage/storagetest"
	"loge/templates"
)

// file reads the file that was handed out.
func dataFile(t *testing.T, page *providertest.Page) (kept map[string][]map[string]any) {
	t.Helper()
	var file struct {
		Identifier string
		Kept       map[string][]map[string]any
		Withheld   map[string]map[string]string
	}
	if err := json.Unmarshal(page.Body, &file); err != nil || page.Status != http.StatusOK {
		t.Fatalf("%d, %v:\n%.300s", page.Status, err, page.Body)
	}
	if file.Withheld["users"]["password_hash"] == "" {
		t.Error("the file does not say what it withholds")
	}
	return file.Kept
}

// People get everything that is kept about them, to read and as a file: for who
// has proven lately who he is, written into the journal, kept by no cache.
func TestPersonGetsAllData(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		b := w.activate()
		target, err := w.Operator.Find(t.Context(), w.identifier)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Operator.Do(t.Context(), operator.Order{Act: account.Reset, Target: target, Reason: "appel du 12"}); err != nil {
			t.Fatal(err)
		}
		w.Deliver()
		w.Clock.Advance(session.RecentFor)
		page := b.Get(w.URL + "/compte")
		for _, path := range []string{"/compte/donnees", "/compte/donnees.json"} {
			if page.Find(`main a[href="`+path+`"]`).Length() != 1 {
				t.Errorf("no link to %s", path)
			}
			expect(t, b.Get(w.URL+path), onConfirm)
		}
		page = b.Get(w.URL+"/compte/donnees.json").Submit("mot_de_passe", own)
		if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Content-Disposition") != `attachment; filename="mes-donnees-45675320380001.json"` {
			t.Errorf("headers %v", page.Header)
		}
		kept := dataFile(t, page)
		for _, table := range []string{"accounts", "users", "sessions", "known_browsers", "acceptances", "consents", "grants", "access_tokens", "messages", "audit", "provisionals"} {
			if len(kept[table]) == 0 {
				t.Errorf("nothing of %s", table)
			}
		}
		raw := string(page.Body)
		for _, want := range []string{oldAddress, "12 rue des Lilas", "LOG1A2B3C4D", "Go-http-client", "appel du 12", `"agency"`} {
			if !strings.Contains(raw, want) {
				t.Errorf("the file does not hold %s", want)
			}
		}
		u := w.user()
		for _, secret := range []string{u.PasswordHash, "argon2", "agent:test", own} {
			if strings.Contains(raw, secret) {
				t.Errorf("the file holds %q", secret)
			}
		}
		page = b.Get(w.URL + "/compte/donnees")
		expect(t, page, "Mes données")
		for _, says := range []string{"Odile Marchand", "12 rue des Lilas", "Numéro utilisateur", "Dernière connexion le", "session.confirmed"} {
			if !page.Says(says) {
				t.Errorf("the page does not say %q", says)
			}
		}
		events, err := w.DB.AuditOf(t.Context(), u.ID, 2)
		if err != nil || events[0].Action != "data.handed_out" || events[0].Details["format"] != "html" || events[1].Details["format"] != "json" {
			t.Errorf("journal: %+v, %v", events, err)
		}
	})
}

// class 10: the copy holds nothing of anybody else.
func TestDataOfOthersAreNotHandedOut(t *testing.T) {
	t.Parallel()
	w, odiles, marcels := selfWorld(t, "")
	hers, his := w.user(), string(marcels.Get(w.URL+"/compte/donnees.json").Body)
	sessions, err := w.DB.LatestSessions(t.Context(), hers.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{hers.ID, hers.Identifier, hers.Email, hers.FamilyName, sessions[0].ID, "45675320380001", "Lilas"} {
		if strings.Contains(his, foreign) {
			t.Errorf("Marcel gets %q", foreign)
		}
	}
	if !strings.Contains(his, "marcel@exemple.fr") || !strings.Contains(string(odiles.Get(w.URL+"/compte/donnees.json").Body), hers.Email) {
		t.Error("somebody does not get his own")
	}
	stranger := w.Browser()
	for _, path := range []string{"/compte/donnees", "/compte/donnees.json"} {
		expect(t, stranger.Get(w.URL+path), onLogin)
	}
}

// Every table and column that is handed out has a name for people.
func TestEveryHandedOutColumnHasALabel(t *testing.T) {
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range storage.KeptTables {
		for _, key := range append([]string{"data.table." + k.Table}, columnKeys(k.Columns)...) {
			if !texts.Has(key) {
				t.Errorf("%s: write %q into templates/locales/fr.data.json", k.Table, key)
			}
		}
	}
}

func columnKeys(columns []string) (keys []string) {
	for _, c := range columns {
		keys = append(keys, "data.column."+c)
	}
	return keys
}

// class 15: what cannot be written into the journal is not handed out.
func TestDataAreNotHandedOutUnnoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	w.Clock.Advance(time.Second)
	repair := breakWrites(t, outside(t, w.Provider), "audit", "ABORT")
	failed(t, "page", b.Get(w.URL+"/compte/donnees"))
	failed(t, "file", b.Get(w.URL+"/compte/donnees.json"))
	repair()
	expect(t, b.Get(w.URL+"/compte/donnees"), "Mes données")
}
