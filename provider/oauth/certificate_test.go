package oauth_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

// certified is a certificate and its key.
type certified struct {
	*x509.Certificate
	key clientKey
}

// issue makes a certificate, valid for an hour around the test's clock, by
// itself or by an authority.
func (o *op) issue(t testing.TB, by *certified, change func(*x509.Certificate)) *certified {
	t.Helper()
	key := newClientKey(t, "ES256", "")
	now := time.Unix(o.clock.Load(), 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(jti.Add(1)), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.private.Public(), signer.private)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &certified{c, key}
}

func authority(c *x509.Certificate) {
	c.Subject = pkix.Name{CommonName: "Autorité"}
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
}

// shows has every request come with these certificates; none: without.
func (o *op) shows(chain ...*certified) {
	o.Certificates = func(*http.Request) (list []*x509.Certificate) {
		for _, c := range chain {
			list = append(list, c.Certificate)
		}
		return list
	}
}

func x5t(c *certified) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RFC 8705 §2.2.
func TestSelfSignedCertificates(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	own, old, strange := o.issue(t, nil, nil), o.issue(t, nil, func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Minute) }), o.issue(t, nil, nil)
	selfSigned := func(c *storage.Client) { c.AuthMethod = storage.AuthSelfSignedTLS }
	o.keyed(t, "robot", selfSigned, newClientKey(t, "RS256", ""), own.key, old.key)
	o.keyed(t, "off", func(c *storage.Client) { selfSigned(c); c.DisabledAt = 9 }, own.key)
	o.keyed(t, "jwt", nil, own.key)
	o.client(t, "secret", machine)
	for name, c := range map[string]struct {
		chain  []*certified
		client string
		form   []string
		status int
	}{
		"own certificate":            {[]*certified{own}, "robot", nil, 200},
		"own certificate behind":     {[]*certified{strange, own}, "robot", nil, 401},
		"another key":                {[]*certified{strange}, "robot", nil, 401},
		"over":                       {[]*certified{old}, "robot", nil, 401},
		"none":                       {nil, "robot", nil, 401},
		"disabled client":            {[]*certified{own}, "off", nil, 401},
		"unknown client":             {[]*certified{own}, "personne", nil, 401},
		"client of assertions":       {[]*certified{own}, "jwt", nil, 401},
		"client of a secret":         {[]*certified{own}, "secret", nil, 401},
		"no client":                  {[]*certified{own}, "", nil, 401},
		"a secret as well":           {[]*certified{own}, "robot", []string{"client_secret", secretOf}, 401},
		"an assertion by its key":    {[]*certified{own}, "robot", []string{"client_assertion_type", assertionType, "client_assertion", own.key.sign(t, o.asserts("robot", nil), nil)}, 401},
		"a certificate and a secret": {[]*certified{strange}, "secret", []string{"client_secret", secretOf}, 401},
	} {
		o.shows(c.chain...)
		got := o.token(t, credentialsOf(append([]string{"client_id", c.client}, c.form...)...), "")
		if got.status != c.status || c.status == 401 && got.Error != "invalid_client" {
			t.Errorf("%s: %d %q %s", name, got.status, got.Error, got.Description)
		}
	}
	o.Certificates = nil
	wantRefused(t, "not offered", o.token(t, credentialsOf("client_id", "robot"), ""), 401, "invalid_client")
}

// RFC 8705 §2.1.
func TestCertificatesOfAnAuthority(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	ca := o.issue(t, nil, authority)
	between := o.issue(t, ca, authority)
	foreign := o.issue(t, nil, authority)
	o.ClientCAs = x509.NewCertPool()
	o.ClientCAs.AddCert(ca.Certificate)
	uri, err := url.Parse("urn:loyers:robot")
	if err != nil {
		t.Fatal(err)
	}
	names := func(c *x509.Certificate) {
		c.Subject = pkix.Name{Country: []string{"FR"}, Organization: []string{"Loyers, SA"}, CommonName: "robot"}
		c.DNSNames, c.EmailAddresses, c.URIs = []string{"robot.loyers.example"}, []string{"robot@loyers.example"}, []*url.URL{uri}
		c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(192, 0, 2, 7)}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	good := o.issue(t, ca, names)
	for i, c := range []struct {
		name   string
		chain  []*certified
		change func(m *storage.ClientMetadata)
		works  bool
	}{
		{"subject", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `CN=robot,O=Loyers\, SA,C=FR` }, true},
		{"subject, written otherwise", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `2.5.4.3=rob\6ft , o=Loyers\2C SA, c=FR` }, true},
		{"subject, other order", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `C=FR,O=Loyers\, SA,CN=robot` }, false},
		{"part of the subject", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `CN=robot` }, false},
		{"another subject", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `CN=robots,O=Loyers\, SA,C=FR` }, false},
		{"subject that is none", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSubjectDN = `robot` }, false},
		{"DNS", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANDNS = "Robot.loyers.example" }, true},
		{"DNS of another", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANDNS = "loyers.example" }, false},
		{"URI", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANURI = "urn:loyers:robot" }, true},
		{"URI of another", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANURI = "urn:loyers:robot2" }, false},
		{"IP", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, true},
		{"IP of another", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.8" }, false},
		{"e-mail", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANEmail = "robot@loyers.example" }, true},
		{"e-mail of another", []*certified{good}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANEmail = "x@loyers.example" }, false},
		{"no name", []*certified{good}, func(*storage.ClientMetadata) {}, false},
		{"two names", []*certified{good}, func(m *storage.ClientMetadata) {
			m.TLSClientAuthSANDNS, m.TLSClientAuthSANIP = "robot.loyers.example", "192.0.2.7"
		}, false},
		{"by way of another authority", []*certified{o.issue(t, between, names), between}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, true},
		{"a link is missing", []*certified{o.issue(t, between, names)}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"foreign authority", []*certified{o.issue(t, foreign, names), foreign}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"self-signed", []*certified{o.issue(t, nil, names)}, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"over", []*certified{o.issue(t, ca, func(c *x509.Certificate) { names(c); c.NotAfter = c.NotBefore.Add(time.Minute) })},
			func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"not yet", []*certified{o.issue(t, ca, func(c *x509.Certificate) { names(c); c.NotBefore = c.NotAfter.Add(-time.Minute) })},
			func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"for servers", []*certified{o.issue(t, ca, func(c *x509.Certificate) { names(c); c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })},
			func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
		{"none shown", nil, func(m *storage.ClientMetadata) { m.TLSClientAuthSANIP = "192.0.2.7" }, false},
	} {
		id := "robot" + string(rune('a'+i))
		o.client(t, id, func(cl *storage.Client) { machine(cl); cl.AuthMethod = storage.AuthTLS; c.change(&cl.Metadata) })
		o.shows(c.chain...)
		if got := o.token(t, credentialsOf("client_id", id), ""); (got.status == 200) != c.works || !c.works && got.Error != "invalid_client" {
			t.Errorf("%s: %d %q", c.name, got.status, got.Error)
		}
	}
	o.shows(good)
	o.ClientCAs = nil
	wantRefused(t, "without authorities", o.token(t, credentialsOf("client_id", "robota"), ""), 401, "invalid_client")
}

// RFC 8705 §3 and §4: the token opens nothing without its certificate, and the
// refresh token of a public client neither.
func TestTokensBoundToACertificate(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		own, other := b.issue(t, nil, nil), b.issue(t, nil, nil)
		bound := func(c *storage.Client) { offline(c); c.Metadata.TLSBoundAccessTokens = true }
		b.client(t, "lié", bound)
		b.client(t, "pub", func(c *storage.Client) { public(c); bound(c) })
		b.client(t, "robot", func(c *storage.Client) { machine(c); c.Metadata.TLSBoundAccessTokens = true })
		for _, id := range []string{"lié", "pub"} {
			t.Run(id, func(t *testing.T) {
				b.consents(t, id, everything+" offline_access")
				send := func(form url.Values) tokens {
					if id == "pub" {
						return b.token(t, with(form, "client_id", id), "")
					}
					return b.token(t, form, id)
				}
				b.shows()
				code := b.code(t, id, "scope", offlineScope)
				wantRefused(t, "without a certificate", send(exchange(code)), 400, "invalid_request")
				b.shows(own)
				got := send(exchange(code))
				if got.status != 200 || got.Type != "Bearer" {
					t.Fatalf("%+v", got)
				}
				b.lives(t, "with the certificate", got.Access, true)
				b.shows(other)
				b.lives(t, "with another", got.Access, false)
				b.shows()
				b.lives(t, "without", got.Access, false)
				if id == "lié" {
					if diff := cmp.Diff(map[string]any{"x5t#S256": x5t(own)}, b.introspect(t, got.Access, id)["cnf"]); diff != "" {
						t.Errorf("introspection (-want +got):\n%s", diff)
					}
				}
				b.shows(other)
				next := send(refreshes(got.Refresh))
				if id == "pub" {
					wantRefused(t, "refresh with another certificate", next, 400, "invalid_grant")
					b.shows(own)
					next = send(refreshes(got.Refresh))
				}
				if next.status != 200 {
					t.Fatalf("refresh: %+v", next)
				}
				b.lives(t, "after a refresh", next.Access, true)
			})
		}
		b.shows(own)
		got := b.token(t, credentialsOf(), "robot")
		if diff := cmp.Diff(map[string]any{"x5t#S256": x5t(own)}, b.introspect(t, got.Access, "robot")["cnf"]); diff != "" {
			t.Errorf("client's own token (-want +got):\n%s", diff)
		}
		b.shows()
		if w := b.postForm("/oauth2/revoke", url.Values{"token": {got.Access}}, "robot"); w.Code != 200 {
			t.Errorf("revocation needs no certificate: %d", w.Code)
		}
	})
}

// A new certificate at the jwks_uri is found by itself.
func TestSelfSignedCertificateChangesAtTheClient(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	s := o.hosts(t)
	first, second := o.issue(t, nil, nil), o.issue(t, nil, nil)
	o.keyed(t, "robot", func(c *storage.Client) {
		c.AuthMethod, c.Metadata.JWKS, c.Metadata.JWKSURI = storage.AuthSelfSignedTLS, nil, s.URL
	})
	s.publishesKeys(t, "", first.key)
	for i, c := range []struct {
		shown *certified
		works bool
	}{{first, true}, {second, false}, {second, true}} {
		if i == 2 {
			s.publishesKeys(t, "", second.key)
			o.advance(time.Minute)
		}
		o.shows(c.shown)
		if got := o.token(t, credentialsOf("client_id", "robot"), ""); (got.status == 200) != c.works {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

func TestDistinguishedNames(t *testing.T) {
	for text, want := range map[string]string{
		`CN=a`:                   `2.5.4.3="a"`,
		`cn = a `:                `2.5.4.3="a"`,
		`CN=a+OU=b,O=c`:          `2.5.4.11="b"+2.5.4.3="a"|2.5.4.10="c"`,
		`CN=Lu\C4\8Di\C4\87`:     `2.5.4.3="Lučić"`,
		`CN=\ a\ `:               `2.5.4.3=" a "`,
		`CN=`:                    `2.5.4.3=""`,
		`CN=a=b`:                 `2.5.4.3="a=b"`,
		``:                       "",
		`a`:                      "",
		`CN=a,`:                  "",
		`XX=a`:                   "",
		`CN=#0401`:               "",
		`CN="a"`:                 "",
		`CN=a;O=b`:               "",
		`CN=a\`:                  "",
		`CN=a\4`:                 "",
		`CN=\FF`:                 "",
		"CN=a\x00":               "",
		`=a`:                     "",
		`1.2.840.113549.1.9.1=a`: `1.2.840.113549.1.9.1="a"`,
	} {
		got, err := oauth.ParseDN(text)
		if strings.Join(got, "|") != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzDistinguishedName(f *testing.F) {
	f.Add(`CN=a+OU=b,O=c\, d\2c`)
	f.Fuzz(func(t *testing.T, text string) {
		if names, err := oauth.ParseDN(text); (err == nil) != (len(names) > 0) {
			t.Errorf("%q: %q, %v", text, names, err)
		}
	})
}
