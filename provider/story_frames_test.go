package provider_test

import (
	"net/url"
	"testing"

	"loge/provider/operator"
	"loge/provider/providertest"
)

// Signing out here, on the person's own page, loads the frame of the
// application that asked for it (OpenID Connect Front-Channel Logout 1.0).
func TestSigningOutLoadsTheFramesOfApplications(t *testing.T) {
	p := providertest.New(t)
	p.Import(odile)
	var frame string
	partner := p.Partner(func(n *operator.NewClient) {
		frame = n.RedirectURIs[0] + "/fin"
		n.Metadata.FrontchannelLogoutURI, n.Metadata.FrontchannelLogoutSessionRequired = frame, true
	})
	w := visitor(t, p)
	identifier, provisional := p.Credentials("odile@exemple.fr")
	b := p.Browser()
	expect(t, w.walk(b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner), onPartner)

	page := b.Get(p.URL + "/deconnexion").Submit()
	expect(t, page, onLoggedOut)
	sid, _ := partner.Last().Claims["sid"].(string)
	if got := page.Find("iframe[hidden]").AttrOr("src", ""); got != frame+"?iss="+url.QueryEscape(p.URL)+"&sid="+sid {
		t.Errorf("the page loads %q", got)
	}
	if page = b.Get(p.URL + "/deconnexion"); page.Find("iframe").Length() != 0 {
		t.Error("frames are loaded again")
	}
}
