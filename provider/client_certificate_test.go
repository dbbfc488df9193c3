package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/config"
	"loge/storage"
	"loge/storage/storagetest"
)

// selfSigned makes a client's certificate.
func selfSigned(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// inHeader writes a certificate as RFC 9440 says, and as nginx does.
func inHeader(c *x509.Certificate) (standard, escaped string) {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":", url.PathEscape(text)
}

// RFC 9440 §4: what comes from elsewhere than our own proxies says nothing.
func TestCertificateInAHeader(t *testing.T) {
	own := selfSigned(t).Leaf
	standard, escaped := inHeader(own)
	const proxy, stranger = "10.0.0.1:7000", "192.0.2.1:7000"
	for name, c := range map[string]struct {
		setting, from string
		header        http.Header
		certificates  int
	}{
		"from the proxy":                {"Client-Cert", proxy, http.Header{"Client-Cert": {standard}}, 1},
		"as nginx writes it":            {"X-SSL-Cert", proxy, http.Header{"X-Ssl-Cert": {escaped}}, 1},
		"with its chain":                {"Client-Cert", proxy, http.Header{"Client-Cert": {standard}, "Client-Cert-Chain": {standard + ", " + standard}}, 3},
		"endless chain":                 {"Client-Cert", proxy, http.Header{"Client-Cert": {standard}, "Client-Cert-Chain": {strings.Repeat(standard+",", 30)}}, 10},
		"broken chain":                  {"Client-Cert", proxy, http.Header{"Client-Cert": {standard}, "Client-Cert-Chain": {"x"}}, 1},
		"from elsewhere":                {"Client-Cert", stranger, http.Header{"Client-Cert": {standard}}, 0},
		"from elsewhere, for the proxy": {"Client-Cert", stranger, http.Header{"Client-Cert": {standard}, "X-Forwarded-For": {"10.0.0.1"}}, 0},
		"not configured":                {"", proxy, http.Header{"Client-Cert": {standard}, "": {standard}}, 0},
		"another header":                {"Client-Cert", proxy, http.Header{"X-Ssl-Cert": {standard}}, 0},
		"two":                           {"Client-Cert", proxy, http.Header{"Client-Cert": {standard, standard}}, 0},
		"two in one":                    {"Client-Cert", proxy, http.Header{"Client-Cert": {standard + ", " + standard}}, 0},
		"two PEM":                       {"Client-Cert", proxy, http.Header{"Client-Cert": {escaped + escaped}}, 0},
		"a key":                         {"Client-Cert", proxy, http.Header{"Client-Cert": {strings.ReplaceAll(escaped, "CERTIFICATE", "PRIVATE%20KEY")}}, 0},
		"cut":                           {"Client-Cert", proxy, http.Header{"Client-Cert": {standard[:len(standard)-5] + ":"}}, 0},
		"more after it":                 {"Client-Cert", proxy, http.Header{"Client-Cert": {":" + base64.StdEncoding.EncodeToString(append(own.Raw[:len(own.Raw):len(own.Raw)], 0)) + ":"}}, 0},
		"empty":                         {"Client-Cert", proxy, http.Header{"Client-Cert": {""}}, 0},
		"colons":                        {"Client-Cert", proxy, http.Header{"Client-Cert": {"::"}}, 0},
		"too long":                      {"Client-Cert", proxy, http.Header{"Client-Cert": {":" + strings.Repeat("A", 20<<10) + ":"}}, 0},
	} {
		p := &Provider{}
		p.Config.TrustedProxies = config.Prefixes{netip.MustParsePrefix("10.0.0.0/8")}
		p.Config.ClientCertificates.Header = c.setting
		r := httptest.NewRequest("POST", "/oauth2/token", nil)
		r.RemoteAddr, r.Header = c.from, c.header
		got := p.certificateOf(r)
		if len(got) != c.certificates || len(got) > 0 && !got[0].Equal(own) {
			t.Errorf("%s: %d certificates, want %d", name, len(got), c.certificates)
		}
	}
}

func FuzzCertificateHeader(f *testing.F) {
	standard, escaped := inHeader(selfSigned(f).Leaf)
	for _, seed := range []string{standard, escaped, "::", ":AA==:", "%zz", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseCertificate(value)
		if err != nil {
			return
		}
		standard, _ := inHeader(c)
		if again, err := parseCertificate(standard); err != nil || !again.Equal(c) {
			t.Errorf("%q comes back as %v, %v", value, again, err)
		}
	})
}

// RFC 8705: an application authenticates in the handshake, at an address of its
// own; nobody else is asked for a certificate.
func TestApplicationsShowCertificatesToTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	certified := free.Addr().String()
	free.Close()
	cfg := config.Default()
	cfg.TLS = config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writePair(t, cfg.TLS.CertFile, cfg.TLS.KeyFile, 1, time.Now())
	cfg.Issuer, cfg.Listen = "https://127.0.0.1", "127.0.0.1:0"
	cfg.ClientCertificates = config.ClientCertificates{Listen: certified, Address: "https://" + certified, Header: "Client-Cert"}
	cfg.Secret = "a secret of more than thirty-two bytes"
	cfg.Mail.From, cfg.Mail.Directory = "ne-pas-repondre@agence.example", dir
	db := storagetest.Open(t)
	address := served(t, cfg, db)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", certified)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}

	own, other := selfSigned(t), selfSigned(t)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: own.Leaf.PublicKey}}})
	if err != nil {
		t.Fatal(err)
	}
	robot := storage.Client{ID: "robot", Name: "Robot", Publisher: "Loyers", Scopes: "lire", GrantTypes: storage.GrantCredentials,
		AuthMethod: storage.AuthSelfSignedTLS, SubjectType: storage.SubjectPairwise, IDTokenAlg: "RS256", Consent: storage.ConsentAsk, CreatedAt: 1, UpdatedAt: 1}
	robot.Metadata.JWKS, robot.Metadata.TLSBoundAccessTokens = set, true
	err = db.InTx(t.Context(), func(q *storage.Queries) error { return q.CreateClient(context.Background(), robot) })
	if err != nil {
		t.Fatal(err)
	}
	asked := false
	client := func(c *tls.Certificate) *http.Client {
		settings := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // its own certificate
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			if c == nil {
				return &tls.Certificate{}, nil
			}
			return c, nil
		}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}}
	}
	standard, _ := inHeader(own.Leaf)
	post := func(c *http.Client, at string) (int, map[string]any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+at+"/oauth2/token", strings.NewReader("grant_type=client_credentials&client_id=robot"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Client-Cert", standard) // forged: there is no proxy here
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var got map[string]any
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		return answer.StatusCode, got
	}
	if status, got := post(client(&own), certified); status != 200 || got["access_token"] == nil {
		t.Errorf("own certificate: %d %v", status, got)
	}
	if status, got := post(client(&other), certified); status != 401 || got["error"] != "invalid_client" {
		t.Errorf("another certificate: %d %v", status, got)
	}
	if status, _ := post(client(nil), certified); status != 401 {
		t.Errorf("no certificate: %d", status)
	}
	asked = false
	if status, _ := post(client(&own), address); status != 401 || asked {
		t.Errorf("at the address of browsers: %d, asked for a certificate: %v", status, asked)
	}
	for path, status := range map[string]int{"/connexion": 404, "/": 404, "/oauth2/authorize": 404, "/oauth2/logout": 404, "/oauth2/jwks": 200} {
		answer, err := client(nil).Get("https://" + certified + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%s at the address of applications: %d, want %d", path, answer.StatusCode, status)
		}
	}
	answer, err := client(nil).Get("https://" + address + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var document struct {
		Methods []string          `json:"token_endpoint_auth_methods_supported"`
		Bound   bool              `json:"tls_client_certificate_bound_access_tokens"`
		Aliases map[string]string `json:"mtls_endpoint_aliases"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if !document.Bound || document.Aliases["token_endpoint"] != "https://"+certified+"/oauth2/token" || len(document.Aliases) != 6 ||
		!strings.Contains(strings.Join(document.Methods, " "), "self_signed_tls_client_auth") || strings.Contains(strings.Join(document.Methods, " "), " tls_client_auth") {
		t.Errorf("discovery: %+v", document)
	}
}
