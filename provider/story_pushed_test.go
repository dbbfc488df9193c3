package provider_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"
	"golang.org/x/oauth2"

	"loge/provider/config"
	"loge/provider/providertest"
	"loge/storage"
	"loge/storage/storagetest"
)

// sender is an application that signs its authorization requests, and may push
// them to the replica at address.
type sender struct {
	*providertest.Partner
	t       *testing.T
	issuer  string
	address string
	now     func() time.Time
	signer  jose.Signer
}

// signs registers a key for the application, and has it send nothing but signed
// requests.
func signs(t *testing.T, p *providertest.Provider, partner *providertest.Partner, address string) *sender {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "1", Key: key.Public(), Use: "sig", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Operator.DB.InTx(t.Context(), func(q *storage.Queries) error {
		c, err := q.Client(t.Context(), partner.Client.ID)
		if err != nil {
			return err
		}
		c.Metadata.JWKS, c.Metadata.RequireSignedRequestObject, c.Metadata.RequestObjectSigningAlg = keys, true, "ES256"
		return q.SaveClient(t.Context(), c)
	})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, (&jose.SignerOptions{}).WithType("oauth-authz-req+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	return &sender{Partner: partner, t: t, issuer: p.URL, address: address, now: p.Clock.Now, signer: signer}
}

// object puts the parameters of an authorization request into a request object.
func (s *sender) object(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		s.t.Error(err)
	}
	members := map[string]any{"iss": s.Client.ID, "aud": s.issuer, "nbf": s.now().Unix(), "exp": s.now().Add(time.Minute).Unix()}
	for name, values := range u.Query() {
		members[name] = values[0]
		if name == "claims" {
			members[name] = json.RawMessage(values[0])
		}
	}
	payload, err := json.Marshal(members)
	if err != nil {
		s.t.Error(err)
	}
	signed, err := s.signer.Sign(payload)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		s.t.Error(err)
	}
	return text
}

func (s *sender) byValue(address string) string {
	return s.issuer + "/oauth2/authorize?" + url.Values{"client_id": {s.Client.ID}, "request": {s.object(address)}}.Encode()
}

func (s *sender) pushed(address string) string {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.address+"/oauth2/par", strings.NewReader(url.Values{"request": {s.object(address)}}.Encode()))
	if err != nil {
		s.t.Error(err)
		return ""
	}
	r.Header.Set("Content-Type", form)
	r.SetBasicAuth(url.QueryEscape(s.Client.ID), url.QueryEscape(s.Secret))
	answer := providertest.Call(s.t, r)
	uri, _ := answer.JSON["request_uri"].(string)
	if answer.Status != http.StatusCreated || uri == "" {
		s.t.Errorf("pushed: %+v", answer)
	}
	return s.issuer + "/oauth2/authorize?" + url.Values{"client_id": {s.Client.ID}, "request_uri": {uri}}.Encode()
}

// An application that signs its requests and pushes them to one replica, while
// the person signs in at the other: from the first sign-in to a reload after the
// end.
func TestApplicationPushesSignedRequests(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.Start(t, providertest.Options{Database: database, Change: func(c *config.Config) { c.Security.RequirePAR = true }})
		p.Import(odile)
		partner := p.Partner()
		s := signs(t, p, partner, p.Replica().Address)
		partner.OAuth.Scopes = []string{"openid"}
		partner.Options = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("claims", `{"userinfo":{"given_name":null},"id_token":{"email":{"essential":true}}}`)}
		w := visitor(t, p)
		identifier, provisional := p.Credentials("odile@exemple.fr")
		b := p.Browser()

		partner.Wrap = nil
		expect(t, b.Get(partner.URL+"/login"), onPartner)
		if got := partner.Last(); got.Error != "invalid_request" {
			t.Errorf("plain parameters: %s", got)
		}
		partner.Wrap = s.byValue
		expect(t, b.Get(partner.URL+"/login"), onPartner)
		if got := partner.Last(); got.Error != "invalid_request" {
			t.Errorf("request object by value: %s", got)
		}

		partner.Wrap = s.pushed
		page := b.Get(partner.URL + "/login")
		expect(t, page, onLogin)
		p.Clock.Advance(10 * time.Minute) // longer than a request waits for its person
		page = w.walk(page.Submit("identifiant", identifier, "mot_de_passe", provisional), onConsent)
		for _, line := range []string{"votre nom et votre prénom", "votre adresse e-mail"} {
			if !page.Says(line) {
				t.Errorf("the consent page does not say %q:\n%s", line, page.Text())
			}
		}
		expect(t, page.Press("Autoriser"), onPartner)
		first := partner.Last()
		if first.Err != nil || first.Claims["email"] == nil || first.UserInfo["given_name"] != "Odile" || first.UserInfo["family_name"] != nil {
			t.Fatalf("the application got %s", first)
		}
		// With a live session it goes straight through; the address is spent then.
		var address string
		partner.Wrap = func(plain string) string {
			address = s.pushed(plain)
			return address
		}
		expect(t, b.Get(partner.URL+"/login"), onPartner)
		if got := partner.Last(); got.Err != nil || got.Claims["sub"] != first.Claims["sub"] {
			t.Errorf("live session: %s", got)
		}
		page = b.Get(address)
		if page.Status != http.StatusBadRequest || page.URL.Path != "/oauth2/authorize" || page.Find("html").AttrOr("lang", "") != "fr" {
			t.Errorf("the same address again: %d %s\n%s", page.Status, page.URL, page.Text())
		}
	})
}

// Requests signed by value, through the pages.
func TestApplicationSignsRequests(t *testing.T) {
	p := providertest.New(t)
	p.Import(odile)
	partner := p.Partner()
	partner.Wrap = signs(t, p, partner, p.Address).byValue
	w := visitor(t, p)
	identifier, provisional := p.Credentials("odile@exemple.fr")
	b := p.Browser()
	page := b.Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	p.Clock.Advance(5 * time.Minute) // the object expires meanwhile
	expect(t, w.walk(page, onPartner), onPartner)
	if got := partner.Last(); got.Err != nil || got.UserInfo["email"] != "odile@exemple.fr" {
		t.Errorf("the application got %s", got)
	}
}
