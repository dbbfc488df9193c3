package provider_test

import (
	"context"
	"testing"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

const onAccess = "Vous n’avez pas accès à Loyers"

// rights registers what people may do in Loyers.
func rights(n *operator.NewClient) {
	n.Scopes = append(n.Scopes, "habilitations", "offline_access")
	n.Metadata.Rights = []storage.Right{{Name: "lire", Sentence: "Consulter les loyers"}, {Name: "declarer", Sentence: "Déclarer les loyers"},
		{Name: "payer", Sentence: "Voir les paiements", Restricted: true}}
}

// changeRights has the agency change the rights of an account.
func changeRights(t *testing.T, p *providertest.Provider, number string, give, withhold []string) {
	t.Helper()
	target, err := p.Operator.Find(t.Context(), number)
	if err == nil {
		err = p.Operator.ChangeRights(t.Context(), operator.RightsOrder{Target: target, Give: give, Withhold: withhold, Reason: "essai"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An individual holds what his account holds: the application reads it, and when
// the agency takes it back nothing works any more, on any replica.
func TestRightsReachTheApplicationAndEndAtOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database})
		p.Import(odile)
		partner := p.Partner(rights)
		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()
		w.walk(b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)
		first := partner.Last()
		held := func(token string) any { return partner.UserInfo(t, p.URL, token).JSON["habilitations"] }
		if got := held(first.Token.AccessToken); !same(got, "lire", "declarer") {
			t.Errorf("habilitations: %v", got)
		}
		changeRights(t, p, "45675320380001", []string{"loyers:payer"}, []string{"loyers:lire"})
		if got := held(first.Token.AccessToken); !same(got, "declarer", "payer") {
			t.Errorf("habilitations after the agency changed them: %v", got)
		}

		replica := p.Replica()
		changeRights(t, p, "45675320380001", nil, []string{"loyers:payer", "loyers:declarer"})
		if answer := partner.UserInfo(t, replica.Address, first.Token.AccessToken); answer.Status != 401 {
			t.Errorf("userinfo on another replica: %+v", answer)
		}
		if _, err := partner.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: first.Token.RefreshToken}).Token(); err == nil {
			t.Error("the refresh token works without any right")
		}
		partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "none")}
		if b.Get(partner.URL + "/login"); partner.Last().Error != "access_denied" {
			t.Errorf("prompt=none: %s", partner.Last())
		}

		// The page, a reload, and the way back to the application.
		partner.Options = nil
		page := b.Get(partner.URL + "/login")
		expect(t, page, onAccess)
		if page.Status != 403 || !page.Says("Votre compte n’a pas ce droit. Demandez-le à l’agence de Valmont.") {
			t.Errorf("%d:\n%s", page.Status, page.Find("main").Text())
		}
		expect(t, b.Get(page.URL.String()), onAccess)
		page.Press("Retourner à Loyers")
		if result := partner.Last(); result.Error != "access_denied" || result.Code != "" {
			t.Errorf("the application got %s", result)
		}

		// With a right given meanwhile the same page goes on.
		page = b.Get(partner.URL + "/login")
		expect(t, page, onAccess)
		changeRights(t, p, "45675320380001", []string{"loyers:lire"}, nil)
		expect(t, b.Get(page.URL.String()), onPartner)
		if got := held(partner.Last().Token.AccessToken); !same(got, "lire") {
			t.Errorf("habilitations afterwards: %v", got)
		}
	})
}

// same compares a JSON list of text.
func same(got any, want ...string) bool {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return false
	}
	for i, one := range list {
		if one != want[i] {
			return false
		}
	}
	return true
}

// What an application does not let people do, they are not led to.
func TestHomeLeadsOnlyWhereOneMayGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.Partner(func(n *operator.NewClient) {
		rights(n)
		n.ID, n.Name, n.Metadata.InitiateLoginURI = "gestion", "Gestion", "https://gestion.example/start"
	})
	b := w.activate()
	links := func() int { return b.Get(w.URL + "/").Find(`a[href^="https://gestion.example/"]`).Length() }
	if n := links(); n != 1 {
		t.Errorf("%d links to an application that one may open", n)
	}
	changeRights(t, w.Provider, "45675320380001", nil, []string{"gestion:lire", "gestion:declarer"})
	if n := links(); n != 0 {
		t.Errorf("%d links to an application that one may not open", n)
	}
}
