package oauth

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// certificates returns what the request's client has shown, its own first; nil
// without.
func (p *Provider) certificates(r *http.Request) []*x509.Certificate {
	if p.Certificates == nil {
		return nil
	}
	return p.Certificates(r)
}

// certificateBase is the start of the addresses where clients show certificates.
func (p *Provider) certificateBase() string { return cmp.Or(p.CertificateAddress, p.Issuer) }

// certificateOf is what a request proves by its certificate (RFC 8705 §3.1).
func (p *Provider) certificateOf(r *http.Request) confirmation {
	shown := p.certificates(r)
	if len(shown) == 0 {
		return confirmation{}
	}
	sum := sha256.Sum256(shown[0].Raw)
	return confirmation{X5T: b64.EncodeToString(sum[:])}
}

// certified authenticates a client by the certificate of its request (RFC 8705
// §2). The chain is built before the client is looked at, so that the answer
// takes the same for an unknown one.
func (p *Provider) certified(ctx context.Context, r *http.Request, c storage.Client) bool {
	shown := p.certificates(r)
	if len(shown) == 0 {
		return false
	}
	chained := p.chained(shown)
	now := p.Now()
	switch {
	case now.Before(shown[0].NotBefore) || now.After(shown[0].NotAfter):
		return false
	case mayUse(c, storage.AuthTLS):
		return chained && hasName(shown[0], c.Metadata)
	case mayUse(c, storage.AuthSelfSignedTLS):
		return p.hasKey(ctx, shown[0], c)
	}
	return false
}

// chained tells whether an authority of the operator's has issued the
// certificate, for clients.
func (p *Provider) chained(shown []*x509.Certificate) bool {
	if p.ClientCAs == nil {
		return false
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	_, err := shown[0].Verify(x509.VerifyOptions{Roots: p.ClientCAs, Intermediates: between, CurrentTime: p.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err == nil
}

// hasName tells whether the certificate bears the one name that the client is
// registered with (RFC 8705 §2.1.2). Two names, or none, fit nothing.
func hasName(c *x509.Certificate, m storage.ClientMetadata) bool {
	names := 0
	for _, name := range []string{m.TLSClientAuthSubjectDN, m.TLSClientAuthSANDNS, m.TLSClientAuthSANURI, m.TLSClientAuthSANIP, m.TLSClientAuthSANEmail} {
		if name != "" {
			names++
		}
	}
	switch {
	case names != 1:
		return false
	case m.TLSClientAuthSubjectDN != "":
		want, err := parseDN(m.TLSClientAuthSubjectDN)
		return err == nil && slices.Equal(want, subjectOf(c))
	case m.TLSClientAuthSANDNS != "":
		return slices.ContainsFunc(c.DNSNames, func(name string) bool { return strings.EqualFold(name, m.TLSClientAuthSANDNS) })
	case m.TLSClientAuthSANEmail != "":
		return slices.Contains(c.EmailAddresses, m.TLSClientAuthSANEmail)
	case m.TLSClientAuthSANURI != "":
		for _, uri := range c.URIs {
			if uri.String() == m.TLSClientAuthSANURI {
				return true
			}
		}
		return false
	}
	want, err := netip.ParseAddr(m.TLSClientAuthSANIP)
	for _, ip := range c.IPAddresses {
		if got, ok := netip.AddrFromSlice(ip); err == nil && ok && got.Unmap() == want.Unmap() {
			return true
		}
	}
	return false
}

// hasKey tells whether the public key of the certificate is among the client's
// keys (RFC 8705 §2.2).
func (p *Provider) hasKey(ctx context.Context, shown *x509.Certificate, c storage.Client) bool {
	has := func(keys []jose.JSONWebKey) bool {
		return slices.ContainsFunc(keys, func(k jose.JSONWebKey) bool { return sameKey(k.Key, shown.PublicKey) })
	}
	keys, err := p.keysOfClient(ctx, c, has)
	return err == nil && has(keys)
}

// sameKey compares public keys; one that is too weak to prove anything is the
// same as none.
func sameKey(registered, shown any) bool {
	switch k := shown.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits && k.Equal(registered)
	case *ecdsa.PublicKey:
		return k.Params().BitSize >= 256 && k.Equal(registered)
	case ed25519.PublicKey:
		return k.Equal(registered)
	}
	return false
}
