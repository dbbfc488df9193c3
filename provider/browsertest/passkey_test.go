//go:build browser

package browsertest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"loge/provider/config"
	"loge/provider/providertest"
)

const (
	protected  = "quatre lampes sous la pluie"
	twoFactors = "urn:loge:acr:two-factor"
)

// household is a provider at an address that passkeys know, with Odile, who has
// chosen her password.
type household struct {
	*providertest.Provider
	partner    *providertest.Partner
	identifier string
}

func newHousehold(t *testing.T) household {
	t.Helper()
	p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) {
		c.Issuer = strings.Replace(c.Issuer, "127.0.0.1", "localhost", 1)
	}})
	p.Import("45675320380001;physique;69;;;Mme;Odile;Marchand;odile@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;LOG1A2B3C4D")
	h := household{Provider: p, partner: p.Partner()}
	identifier, provisional := p.Credentials("odile@exemple.fr")
	h.identifier = identifier
	page := p.Browser().Get(h.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	page = page.Submit().Submit("nouveau_mot_de_passe", protected).Submit("accepte", "oui").Submit("accepte", "oui")
	if page = page.Press("Autoriser"); page.H1() != "Loyers" {
		t.Fatalf("the first sign-in ends at « %s »", page.H1())
	}
	return h
}

// passkeys gives the visitor a device that answers for him.
func (v *visitor) passkeys() {
	v.t.Helper()
	v.do("plug a key in", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
			AutomaticPresenceSimulation: true, DefaultBackupEligibility: true, DefaultBackupState: true}})
		return err
	}))
}

// step goes to the sign-in page and signs in as far as the password leads.
func (v *visitor) step(h household) {
	v.t.Helper()
	v.open(h.URL + "/connexion")
	v.signIn(h.identifier, protected)
}

// codes reads the recovery codes on the page.
func (v *visitor) codes() []string {
	v.t.Helper()
	return get(v, "read recovery codes", chromedp.Evaluate[[]string](`[...document.querySelectorAll(".codes li")].map(li => li.textContent)`))
}

// TestPasskey adds a passkey, signs in with it, steps up with it, loses it,
// comes in with a recovery code and removes it.
func TestPasskey(t *testing.T) {
	browser := chromium(t)
	for _, s := range []screen{{320, 640, true}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			h := newHousehold(t)
			v := visit(t, browser, s, "passkey")
			v.passkeys()
			v.step(h)
			v.follow("Mon compte")
			v.follow("Gérer la double vérification")
			v.on("Double vérification")
			v.look("none")
			v.follow("Ajouter une clé d’accès")
			v.look("add")
			v.fill("nom_facteur", "Ordinateur du bureau")
			v.press("Ajouter une clé d’accès")
			v.on("Vos codes de secours")
			v.look("codes")
			codes := v.codes()
			v.press("J’ai noté mes codes")
			v.on("Double vérification")
			v.look("one")

			// The same key a second time is refused kindly, on the page itself.
			v.follow("Ajouter une clé d’accès")
			v.do("add the same key", chromedp.Click(chromedp.CSS(`form[data-passkey] button`)), chromedp.WaitVisible(chromedp.CSS(`form[data-passkey] [role=status]`)))
			if said := v.read("form[data-passkey] [role=status]"); !strings.Contains(said, "déjà ajoutée") {
				t.Errorf("the same key: %q", said)
			}
			v.look("twice")

			// It is asked at the next sign-in, and tells applications so.
			v.open(h.URL + "/deconnexion")
			v.press("Me déconnecter")
			v.open(h.partner.URL + "/login")
			v.signIn(h.identifier, protected)
			v.on("Double vérification")
			v.look("verify")
			v.press("Utiliser ma clé d’accès")
			v.on("Loyers")
			got := h.partner.Last()
			if amr, _ := json.Marshal(got.Claims["amr"]); got.Claims["acr"] != twoFactors || string(amr) != `["pwd","pop","mfa"]` {
				t.Errorf("the application is told: %s", got)
			}

			// Another device does not have the key: a code of the list, once.
			other := visit(t, browser, s, "passkey-lost")
			other.step(h)
			other.on("Double vérification")
			other.fill("code", "1111 2222 3333")
			other.press("Continuer")
			other.look("wrong")
			other.fill("code", codes[0])
			other.press("Continuer")
			other.on("Mon Compte Partenaire")

			v.open(h.URL + "/compte/double-verification")
			v.follow("Retirer")
			v.on("Retirer cette preuve")
			v.look("remove")
			v.press("Retirer")
			v.on("Double vérification")
			third := visit(t, browser, s, "passkey-after")
			third.step(h)
			third.on("Mon Compte Partenaire")
		})
	}
}

// TestPasskeyOnTheWay has an application step up: the person adds a passkey
// between the application and the application.
func TestPasskeyOnTheWay(t *testing.T) {
	browser := chromium(t)
	for _, s := range []screen{{320, 640, true}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			h := newHousehold(t)
			h.partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("acr_values", twoFactors)}
			v := visit(t, browser, s, "stepup")
			v.passkeys()
			v.open(h.partner.URL + "/login")
			v.signIn(h.identifier, protected)
			v.on("Une double vérification est nécessaire")
			v.look("invite")
			v.follow("Ajouter une clé d’accès")
			v.press("Ajouter une clé d’accès")
			v.on("Vos codes de secours")
			v.press("J’ai noté mes codes")
			v.on("Loyers")
			if got := h.partner.Last(); got.Claims["acr"] != twoFactors {
				t.Errorf("the application is told: %s", got)
			}
		})
	}
}

// TestCodesWithoutScript adds an application of codes and signs in with it where
// no script runs; the pages of passkeys say plainly why they do not work.
func TestCodesWithoutScript(t *testing.T) {
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			h := newHousehold(t)
			v := visit(t, browser, s, "totp")
			v.step(h)
			v.open(h.URL + "/compte/double-verification/cle")
			if !s.JavaScript {
				if said := v.read("main"); !strings.Contains(said, "Il est désactivé dans ce navigateur.") {
					t.Errorf("the page of passkeys says %q", said)
				}
				v.look("no-script")
			}
			v.follow("Ajouter plutôt une application de codes")
			v.look("add")
			key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(v.read("main details .id")), " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			v.fill("code", "12")
			v.press("Ajouter")
			v.look("wrong")
			v.fill("code", totp(key, h.Clock.Now()))
			v.press("Ajouter")
			v.on("Vos codes de secours")
			v.press("J’ai noté mes codes")
			v.on("Double vérification")
			h.Clock.Advance(time.Minute)
			other := visit(t, browser, s, "totp-signin")
			other.step(h)
			other.on("Double vérification")
			other.look("verify")
			other.fill("code", totp(key, h.Clock.Now()))
			other.press("Continuer")
			other.on("Mon Compte Partenaire")
			v.open(h.URL + "/compte/double-verification/codes")
			v.look("renew")
			v.press("Voir de nouveaux codes")
			v.look("codes")
		})
	}
}

func totp(key []byte, at time.Time) string {
	mac := hmac.New(sha1.New, key)
	binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:from+4])&0x7fffffff%1_000_000)
}
