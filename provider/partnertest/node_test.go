//go:build partners

package partnertest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

// node is a partner application on openid-client.
type node struct {
	t       *testing.T
	p       *providertest.Provider
	address string
}

// settings are those of testdata/node/loyers.mjs.
type settings struct {
	Issuer         string            `json:"issuer"`
	Port           int               `json:"port"`
	ClientID       string            `json:"client_id"`
	Secret         string            `json:"client_secret,omitempty"`
	Authentication string            `json:"authentication"`
	JWK            *jose.JSONWebKey  `json:"jwk,omitempty"`
	IDTokenAlg     string            `json:"id_token_alg"`
	UserinfoAlg    string            `json:"userinfo_alg,omitempty"`
	Scope          string            `json:"scope"`
	Parameters     map[string]string `json:"parameters,omitempty"`
	PAR            bool              `json:"par,omitempty"`
	JAR            bool              `json:"jar,omitempty"`
	DPoP           bool              `json:"dpop,omitempty"`
	DPoPAlg        string            `json:"dpop_alg,omitempty"` // ES256
}

// result is what came of a sign-in, as the application saw it.
type result struct {
	Last struct {
		Error         string         `json:"error"`
		Description   string         `json:"description"`
		Cause         string         `json:"cause"`
		TokenType     string         `json:"token_type"`
		Scope         string         `json:"scope"`
		Claims        map[string]any `json:"claims"`
		UserInfo      map[string]any `json:"userinfo"`
		Refreshed     map[string]any `json:"refreshed"`
		Introspection map[string]any `json:"introspection"`
	} `json:"last"`
	Told []map[string]any `json:"told"`
}

// startNode registers the application, as change wants it, and starts it.
func startNode(t *testing.T, p *providertest.Provider, s settings, change func(*storage.Client)) node {
	t.Helper()
	s.Issuer, s.Port = p.URL, freePort(t)
	here := fmt.Sprintf("http://127.0.0.1:%d", s.Port)
	n := operator.NewClient{Name: "Loyers", RedirectURIs: []string{here + "/callback"}, PostLogoutRedirectURIs: []string{here + "/left"},
		BackchannelLogoutURI: here + "/told", Scopes: strings.Fields(s.Scope), AuthMethod: storage.AuthBasic, IDTokenAlg: s.IDTokenAlg}
	c, secret, err := p.Operator.AddClient(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	s.ClientID, s.Secret = c.ID, secret
	c.AuthMethod = s.Authentication
	if s.JWK != nil {
		keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.JWK.Public()}})
		if err != nil {
			t.Fatal(err)
		}
		c.Metadata.JWKS = keys
	}
	if change != nil {
		change(&c)
	}
	if err := p.DB.InTx(t.Context(), func(q *storage.Queries) error { return q.SaveClient(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--experimental-global-webcrypto", "loyers.mjs") // Debian 12 has Node.js 18; later ones ignore the flag
	cmd.Dir = modules(t)
	cmd.Env = append(os.Environ(), "LOYERS="+string(text))
	run(t, "ready", cmd)
	return node{t: t, p: p, address: here}
}

var installed sync.Once

// modules is a folder with the application and its libraries. npm ci takes
// exactly what the lock file names.
func modules(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(build(t), "node")
	installed.Do(func() {
		if err := os.CopyFS(dir, os.DirFS("testdata/node")); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	})
	return dir
}

func (n node) result() (r result) {
	n.t.Helper()
	answer, err := http.Get(n.address + "/result")
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&r); err != nil {
		n.t.Fatal(err)
	}
	return r
}

// newKey is a private key of the application, as it would keep it.
func newKey(t *testing.T) *jose.JSONWebKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &jose.JSONWebKey{Key: key, KeyID: "loyers-1", Algorithm: "ES256", Use: "sig"}
}

// newEdKey is one that openid-client signs with under the name Ed25519.
func newEdKey(t *testing.T) *jose.JSONWebKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &jose.JSONWebKey{Key: key, KeyID: "loyers-2", Algorithm: "Ed25519", Use: "sig"}
}

// Each way of using openid-client that its documentation offers signs Odile in,
// refreshes, looks at userinfo and introspection, signs her out and is told.
func TestOpenIDClient(t *testing.T) {
	const scope = "openid profile email"
	for _, c := range []struct {
		name     string
		settings settings
		change   func(*storage.Client)
	}{
		{"client_secret_basic", settings{Authentication: storage.AuthBasic, IDTokenAlg: "RS256", Scope: scope}, nil},
		{"client_secret_post with offline access and ES256", settings{Authentication: storage.AuthPost, IDTokenAlg: "ES256", Scope: scope + " offline_access"}, nil},
		{"public client", settings{Authentication: storage.AuthNone, IDTokenAlg: "ES256", Scope: scope + " offline_access"}, nil},
		{"PAR", settings{Authentication: storage.AuthBasic, IDTokenAlg: "ES256", Scope: scope, PAR: true},
			func(c *storage.Client) { c.Metadata.RequirePushedAuthorizationRequests = true }},
		{"JAR", settings{Authentication: storage.AuthBasic, IDTokenAlg: "ES256", Scope: scope, JWK: newKey(t), JAR: true},
			func(c *storage.Client) { c.Metadata.RequireSignedRequestObject = true }},
		{"private_key_jwt", settings{Authentication: storage.AuthPrivateKeyJWT, IDTokenAlg: "PS256", Scope: scope, JWK: newKey(t)}, nil},
		{"DPoP", settings{Authentication: storage.AuthBasic, IDTokenAlg: "EdDSA", Scope: scope + " offline_access", DPoP: true},
			func(c *storage.Client) { c.Metadata.DPoPBoundAccessTokens = true }},
		{"all of it, with JWT access tokens and signed userinfo", settings{Authentication: storage.AuthPrivateKeyJWT, IDTokenAlg: "ES256", UserinfoAlg: "ES256",
			Scope: scope + " offline_access", JWK: newKey(t), PAR: true, JAR: true, DPoP: true},
			func(c *storage.Client) {
				m := &c.Metadata
				m.RequirePushedAuthorizationRequests, m.RequireSignedRequestObject, m.DPoPBoundAccessTokens = true, true, true
				m.AccessTokenFormat, m.UserinfoSignedResponseAlg = storage.FormatJWT, "ES256"
			}},
		{"Ed25519 everywhere", settings{Authentication: storage.AuthPrivateKeyJWT, IDTokenAlg: "EdDSA", UserinfoAlg: "EdDSA", Scope: scope, JWK: newEdKey(t),
			PAR: true, JAR: true, DPoP: true, DPoPAlg: "Ed25519"},
			func(c *storage.Client) { c.Metadata.UserinfoSignedResponseAlg = "EdDSA" }},
		{"keys of 384 bits", settings{Authentication: storage.AuthBasic, IDTokenAlg: "ES256", Scope: scope, DPoP: true, DPoPAlg: "ES384"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, nil)
			n := startNode(t, p, c.settings, c.change)
			b := p.Browser()
			if page := signIn(t, p, b.Get(n.address+"/login")); page.H1() != "Loyers" {
				t.Fatalf("the application shows « %s »: %+v\nprovider's log:\n%s", page.H1(), n.result().Last, p.Logged)
			}
			got := n.result().Last
			tokenType := "bearer"
			if c.settings.DPoP {
				tokenType = "dpop"
			}
			if got.TokenType != tokenType || got.UserInfo["given_name"] != "Odile" || got.UserInfo["sub"] != got.Claims["sub"] {
				t.Errorf("signed in: %+v", got)
			}
			if strings.Contains(c.settings.Scope, "offline_access") && got.Refreshed["sub"] != got.Claims["sub"] {
				t.Errorf("refreshed: %+v", got.Refreshed)
			}
			if c.settings.Authentication != storage.AuthNone && got.Introspection["active"] != true {
				t.Errorf("introspection: %+v", got.Introspection)
			}

			expect(t, b.Get(n.address+"/logout"), "Parti parti")
			if err := p.SendLogouts(t.Context()); err != nil {
				t.Fatal(err)
			}
			told := n.result().Told
			if len(told) != 1 || told[0]["sub"] != got.Claims["sub"] || told[0]["sid"] != got.Claims["sid"] {
				t.Errorf("told of the sign-out: %v, signed in as %v", told, got.Claims)
			}
			expect(t, b.Get(n.address+"/login"), "Connexion à l’Espace bailleur")
		})
	}
}
