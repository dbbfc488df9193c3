package provider_test

import (
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// A kiosk without a keyboard, on x/oauth2: it shows a code, a person types it in
// a browser of her own, signs in for the first time there, agrees, and the kiosk
// has its tokens.
func TestFirstSignInForADevice(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(func(n *operator.NewClient) {
			n.GrantTypes, n.AuthMethod = []string{storage.GrantCode, storage.GrantDevice}, storage.AuthNone // as most devices are
		})
		kiosk := partner.OAuth
		kiosk.Endpoint.DeviceAuthURL = p.URL + "/oauth2/device"
		shown, err := kiosk.DeviceAuth(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		page := b.Get(shown.VerificationURI)
		expect(t, page, "Connecter un appareil")
		page = page.Submit("code_appareil", shown.UserCode)
		expect(t, page, "Connexion à l’Espace bailleur")
		page = page.Submit("identifiant", identifier, "mot_de_passe", provisional)
		page = w.walk(page, onConsent)
		if !page.Says("Vous avez saisi le code " + shown.UserCode) {
			t.Errorf("the person is not told what she agrees to:\n%s", page.Text())
		}
		page = page.Press("Autoriser")
		expect(t, page, "Votre appareil est connecté")

		shown.Interval = 1 // the first question is never too soon
		token, err := kiosk.DeviceAccessToken(t.Context(), shown)
		if err != nil || token.AccessToken == "" {
			t.Fatalf("the kiosk got %v, %v", token, err)
		}
		if got := partner.UserInfo(t, p.URL, token.AccessToken); got.JSON["given_name"] != "Odile" {
			t.Errorf("userinfo: %+v", got)
		}

		// What she agreed to once is asked again for the next device.
		second, err := kiosk.DeviceAuth(t.Context(), oauth2.SetAuthURLParam("scope", "openid"))
		if err != nil {
			t.Fatal(err)
		}
		page = b.Get(second.VerificationURIComplete).Submit()
		expect(t, page, onConsent)
		expect(t, page.Press("Refuser"), "L’appareil n’est pas connecté")
		second.Interval = 1
		if _, err := kiosk.DeviceAccessToken(t.Context(), second); err == nil {
			t.Error("the kiosk got tokens that were refused to it")
		}
	})
}
