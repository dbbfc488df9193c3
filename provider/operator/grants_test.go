package operator_test

import (
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/storage"
	"loge/storage/storagetest"
)

func TestGrantsOfAClient(t *testing.T) {
	office := agency(storagetest.Open(t))
	api, _, err := office.AddClient(t.Context(), operator.NewClient{ID: "api", Name: "Quittances", GrantTypes: []string{storage.GrantCredentials}})
	if err != nil || api.Scopes != "" || api.GrantTypes != storage.GrantCredentials {
		t.Fatalf("an interface, where nobody signs in: %+v, %v", api, err)
	}
	for _, c := range []struct {
		name   string
		change func(*operator.NewClient)
		grants string // "": refused
		scopes string // or part of the fault
	}{
		{"nothing said", func(*operator.NewClient) {}, "authorization_code", "openid profile email bailleur"},
		{"offline access", func(n *operator.NewClient) { n.Scopes = []string{"email", "offline_access"} }, "authorization_code refresh_token", "openid email offline_access"},
		{"both said", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"offline_access"}, []string{"authorization_code", "refresh_token"}
		}, "authorization_code refresh_token", "openid offline_access"},
		{"in its own name", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes, n.RedirectURIs, n.Audiences = []string{"quittances:lire"}, []string{"client_credentials"}, nil, []string{"api"}
		}, "client_credentials", "quittances:lire"},
		{"both ways", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"email", "quittances:lire"}, []string{"authorization_code", "client_credentials"}
		}, "authorization_code client_credentials", "openid email quittances:lire"},
		{"unknown grant", func(n *operator.NewClient) { n.GrantTypes = []string{"password"} }, "", `grant type "password"`},
		{"grant without its scope", func(n *operator.NewClient) { n.GrantTypes = []string{"authorization_code", "refresh_token"} }, "", "goes with the scope offline_access"},
		{"scope without its grant", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"offline_access"}, []string{"authorization_code"}
		}, "", "goes with the grant type refresh_token"},
		{"refresh without people", func(n *operator.NewClient) { n.GrantTypes = []string{"refresh_token"} }, "", "goes with authorization_code"},
		{"own name without secret", func(n *operator.NewClient) {
			n.GrantTypes, n.AuthMethod = []string{"client_credentials"}, storage.AuthNone
		}, "", "needs a client with a secret"},
		{"scope about people without people", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"email"}, []string{"client_credentials"}
		}, "", `scope "email": is about a person`},
		{"scope of an interface without that grant", func(n *operator.NewClient) { n.Scopes = []string{"quittances:lire"} }, "", `scope "quittances:lire"`},
		{"scope without colon", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"quittances"}, []string{"client_credentials"}
		}, "", `scope "quittances"`},
		{"scope that is no token", func(n *operator.NewClient) {
			n.Scopes, n.GrantTypes = []string{"a:\"b"}, []string{"client_credentials"}
		}, "", "scope "},
		{"redirect address missing", func(n *operator.NewClient) { n.RedirectURIs = nil }, "", "redirect address: at least one is needed"},
		{"unknown audience", func(n *operator.NewClient) { n.Audiences = []string{"nowhere"} }, "", `audience: client "nowhere" not found`},
		{"itself as audience", func(n *operator.NewClient) { n.ID, n.Audiences = "api", []string{"api"} }, "", `audience "api"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := loyers()
			n.ID = strings.ToLower(storage.NewID())
			c.change(&n)
			got, _, err := office.AddClient(t.Context(), n)
			if c.grants == "" {
				if err == nil || !strings.Contains(err.Error(), c.scopes) {
					t.Errorf("%v, want a fault that says %q", err, c.scopes)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			stored, err := office.DB.Client(t.Context(), got.ID)
			if err != nil || stored.GrantTypes != c.grants || stored.Scopes != c.scopes || stored.Audiences != strings.Join(n.Audiences, " ") {
				t.Errorf("stored %q, %q, %q (%v), want %q, %q", stored.GrantTypes, stored.Scopes, stored.Audiences, err, c.grants, c.scopes)
			}
		})
	}
}
