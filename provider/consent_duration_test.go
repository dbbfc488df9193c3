package provider_test

import (
	"context"
	"testing"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

// The consent page says for how long an application keeps its access: as long as
// the settings say, or as this application was registered for. One that does
// not ask for it says nothing of it.
func TestConsentPageSaysHowLong(t *testing.T) {
	t.Parallel()
	const line = "et de garder cet accès"
	p := providertest.Start(t, providertest.Options{})
	p.Import(odile)
	identifier, provisional := p.Credentials("odile@exemple.fr")
	b := p.Browser()
	w := visitor(t, p)
	w.walk(b.Get(p.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional), onAccount)
	for name, c := range map[string]struct {
		scopes []string
		own    int64 // seconds
		want   string
	}{
		"without":  {want: ""},
		"settings": {scopes: []string{"offline_access"}, want: "90 jours"},
		"own":      {scopes: []string{"offline_access"}, own: 3 * 24 * 3600, want: "3 jours"},
	} {
		partner := p.Partner(func(n *operator.NewClient) { n.ID, n.Scopes = name, append(n.Scopes, c.scopes...) })
		client := partner.Client
		client.Metadata.RefreshAbsoluteLifetime = c.own
		if err := p.DB.InTx(context.Background(), func(q *storage.Queries) error { return q.SaveClient(context.Background(), client) }); err != nil {
			t.Fatal(err)
		}
		page := b.Get(partner.URL + "/login")
		expect(t, page, onConsent)
		if got := page.Says(line); got != (c.want != "") {
			t.Errorf("%s: the page speaks of keeping the access: %v", name, got)
		}
		if c.want != "" && !page.Says(line+" "+c.want+" sans vous redemander") {
			t.Errorf("%s: the page does not say « %s »:\n%s", name, c.want, page.Find("main").Text())
		}
	}
}
