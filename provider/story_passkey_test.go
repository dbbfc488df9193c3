package provider_test

import (
	"bytes"
	"encoding/base32"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

const keyUnknown = "Nous n’avons pas reconnu la clé d’accès."

// named is a world whose issuer has a host name, as passkeys need.
func named(t *testing.T, database string) world {
	t.Helper()
	return newWorld(t, providertest.Options{Database: database, Change: func(c *config.Config) {
		c.Issuer = strings.Replace(c.Issuer, "127.0.0.1", "localhost", 1)
	}})
}

// addKey adds the passkey in « Mon compte ».
func (w world) addKey(t *testing.T, b *providertest.Browser, key *providertest.Passkey) {
	t.Helper()
	page := b.Get(w.URL + "/compte/double-verification/cle")
	expect(t, page, "Ajouter une clé d’accès")
	page = page.SubmitForm(page.Find("form[data-passkey]"), "reponse", key.Create(page.Asked()), "nom_facteur", "Clé")
	if page.H1() == onCodes {
		page = page.Press("J’ai noté mes codes")
	}
	expect(t, page, onFactors)
}

// A passkey's answer counts once, for the question of this very session, from
// this very site, from a key of this person, and for ten minutes.
func TestAPasskeysAnswerCountsOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := named(t, database)
		key := providertest.NewPasskey(t, w.URL)
		w.addKey(t, w.activate(), key)
		answer := func(page *providertest.Page, text string) *providertest.Page {
			t.Helper()
			return page.SubmitForm(page.Find("form[data-passkey]"), "reponse", text)
		}
		refused := func(name string, page *providertest.Page) {
			t.Helper()
			if page.Status != http.StatusUnprocessableEntity || !page.Says(keyUnknown) {
				t.Errorf("%s: %d « %s »\n%s", name, page.Status, page.H1(), page.Find("main").Text())
			}
		}
		b, other := w.Browser(), w.Browser()
		page, foreign := w.typePassword(b), w.typePassword(other)
		if again := b.Get(page.URL.String()); again.Asked() != page.Asked() {
			t.Error("a second tab spoils the question of the first")
		}
		changed := func(change func(k *providertest.Passkey)) *providertest.Passkey {
			k := *key
			change(&k)
			return &k
		}
		for name, k := range map[string]*providertest.Passkey{
			"from another site":          changed(func(k *providertest.Passkey) { k.Origin = "https://evil.example" }),
			"for another site":           changed(func(k *providertest.Passkey) { k.RPID = "evil.example" }),
			"without anybody there":      changed(func(k *providertest.Passkey) { k.Flags &^= 1 }),
			"of a key that nobody has":   providertest.NewPasskey(t, w.URL),
			"of one that was not copied": changed(func(k *providertest.Passkey) { k.Flags &^= 0x18 }),
		} {
			page := b.Get(w.URL + "/connexion/verification")
			refused(name, answer(page, k.Get(page.Asked())))
		}
		page = b.Get(w.URL + "/connexion/verification")
		refused("to another session's question", answer(page, key.Get(foreign.Asked())))
		page = b.Get(w.URL + "/connexion/verification")
		refused("a registration", answer(page, key.Create(page.Asked())))
		for _, garbage := range []string{"", "{}", "null", "x", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat("9", 20000)} {
			page = b.Get(w.URL + "/connexion/verification")
			refused("garbage", answer(page, garbage))
		}
		page = b.Get(w.URL + "/connexion/verification")
		late := key.Get(page.Asked())
		w.Clock.Advance(10 * time.Minute)
		refused("a late one", answer(page, late))
		page = b.Get(w.URL + "/connexion/verification")
		right, cookie := key.Get(page.Asked()), b.Cookie(w.URL, "session")
		expect(t, answer(page, right), onAccount)
		if b.Cookie(w.URL, "session") == cookie {
			t.Error("the session has more power and the same cookie")
		}
		refused("a second time, in another browser", answer(other.Get(w.URL+"/connexion/verification"), right))
	})
}

// A count of signatures that does not rise tells of a copied key.
func TestACopiedPasskeyIsRefused(t *testing.T) {
	w := named(t, "")
	key := providertest.NewPasskey(t, w.URL)
	key.Count = 5
	w.addKey(t, w.activate(), key)
	use := func(count uint32) string {
		t.Helper()
		key.Count = count
		page := w.typePassword(w.Browser())
		return page.SubmitForm(page.Find("form[data-passkey]"), "reponse", key.Get(page.Asked())).H1()
	}
	if use(6) != onAccount || use(9) != onAccount {
		t.Error("a rising count is refused")
	}
	if use(9) != onVerify || use(6) != onVerify || use(0) != onVerify {
		t.Error("a count that does not rise is accepted")
	}
	if use(10) != onAccount {
		t.Error("the person's own key is refused afterwards")
	}
}

// A key is added once, by an answer to the question of this page.
func TestAPasskeyIsAddedOnce(t *testing.T) {
	w := named(t, "")
	b := w.activate()
	key := providertest.NewPasskey(t, w.URL)
	page := b.Get(w.URL + "/compte/double-verification/cle")
	if got := page.SubmitForm(page.Find("form[data-passkey]"), "reponse", key.Create("AAAAAAAAAAAAAAAAAAAAAA")); !got.Says("La clé d’accès n’a pas été ajoutée.") {
		t.Errorf("another question: %s", got.Find("main").Text())
	}
	w.addKey(t, b, key)
	page = b.Get(w.URL + "/compte/double-verification/cle")
	if got := page.SubmitForm(page.Find("form[data-passkey]"), "reponse", key.Create(page.Asked())); !got.Says("La clé d’accès n’a pas été ajoutée.") {
		t.Errorf("the same key again: %s", got.Find("main").Text())
	}
	if id := factorID(t, w); id == "" {
		t.Error("no factor")
	}
}

// Nothing in the database opens anything: neither the secret of an application
// nor a recovery code stands there, while they are on the screen nor after.
func TestSecretsOfFactorsAreSealed(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	db := outside(t, w.Provider)
	page := b.Get(w.URL + "/compte/double-verification/application")
	app := scan(t, page)
	during := dump(t, db)
	page = page.Submit("code", app.code(w.Clock.Now()))
	codes := codesOn(page)
	shown := dump(t, db)
	page.Press("J’ai noté mes codes")
	after := dump(t, db)
	for name, text := range map[string]string{"before": during, "while the codes are shown": shown, "after": after} {
		for _, secret := range []string{string(app), base32.StdEncoding.EncodeToString(app), strings.ReplaceAll(codes[0], " ", ""), codes[0]} {
			if bytes.Contains([]byte(text), []byte(secret)) {
				t.Errorf("%s a secret stands in the database", name)
			}
		}
	}
	if strings.Contains(w.Logged.String(), strings.ReplaceAll(codes[0], " ", "")) || strings.Contains(w.Logged.String(), base32.StdEncoding.EncodeToString(app)) {
		t.Error("a secret stands in the log")
	}
}

// What waits does so for ten minutes, and what is somebody else's is not there.
func TestLateAndForeignFormsLoseNothing(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	b := w.activate()
	page := b.Get(w.URL + "/compte/double-verification/application")
	app := scan(t, page)
	w.Clock.Advance(9*time.Minute + 59*time.Second)
	expect(t, page.Submit("code", "12"), "Ajouter une application de codes")
	w.Clock.Advance(time.Second)
	late := page.Submit("code", app.code(w.Clock.Now()), "nom_facteur", "Téléphone")
	if !late.Says("La page est restée ouverte trop longtemps.") || late.Find("#nom_facteur").AttrOr("value", "") != "Téléphone" {
		t.Errorf("a late code: %s", late.Find("main").Text())
	}
	if string(scan(t, late)) == string(app) {
		t.Error("the secret that was too late is shown again")
	}
	late = late.Submit("code", scan(t, late).code(w.Clock.Now()))
	expect(t, late, onCodes)
	w.Clock.Advance(10 * time.Minute)
	expect(t, b.Get(w.URL+"/connexion/codes-de-secours"), onAccount) // they are no longer shown, and hold nobody up
	expect(t, b.Get(w.URL+"/compte/confirmer").Submit("mot_de_passe", own), onSelf)

	id := factorID(t, w)
	w.Import(strings.NewReplacer("45675320380001", "45675320380009", "LOG1A2B3C4D", "LOG9Z9Z9Z9Z", "odile@", "zoe@").Replace(odile))
	identifier, provisional := w.Credentials("zoe@exemple.fr")
	stranger := w.Browser()
	w.walk(stranger.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	expect(t, stranger.Get(w.URL+"/compte/double-verification/retirer?facteur="+id), onFactors)
	stranger.Post(w.URL+"/compte/double-verification/retirer", url.Values{"facteur": {id}})
	// A cross-site post, and the same form twice.
	stranger.Header.Set("Sec-Fetch-Site", "cross-site")
	if page := stranger.Post(w.URL+"/compte/double-verification/codes", url.Values{}); page.Status != http.StatusForbidden {
		t.Errorf("a cross-site post: %d", page.Status)
	}
	if factorID(t, w) != id {
		t.Fatal("the factor is gone")
	}
	remove := b.Get(w.URL + "/compte/double-verification/retirer?facteur=" + id)
	expect(t, remove.Press("Retirer"), onFactors)
	expect(t, remove.Press("Retirer"), onFactors)
}
