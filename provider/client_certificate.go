package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"loge/provider/web"
)

// maxCertificateHeader bounds a certificate in a header, in bytes.
const maxCertificateHeader = 16 << 10

// certificateOf returns the certificates of the request's client, its own
// first, if it has proven to have the key: in the handshake with us, or with a
// proxy of ours that says so in a header. nil without.
func (p *Provider) certificateOf(r *http.Request) []*x509.Certificate {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return r.TLS.PeerCertificates
	}
	name := p.Config.ClientCertificates.Header
	if name == "" || !web.ByProxy(r, p.Config.TrustedProxies) {
		return nil
	}
	own := r.Header.Values(name)
	if len(own) != 1 { // two: the proxy has added its own to a forged one
		return nil
	}
	leaf, err := parseCertificate(own[0])
	if err != nil {
		return nil
	}
	chain := []*x509.Certificate{leaf}
	// RFC 9440 §2.3: the rest, which only helps to find the authority.
	for _, item := range strings.Split(strings.Join(r.Header.Values(name+"-Chain"), ","), ",") {
		if more, err := parseCertificate(strings.TrimSpace(item)); err == nil && len(chain) < 10 {
			chain = append(chain, more)
		}
	}
	return chain
}

var errCertificateHeader = errors.New("not a certificate as in RFC 9440 and not percent-encoded PEM")

// parseCertificate reads a certificate in a header: between colons, base64 of
// DER (RFC 9440 §2.1), or percent-encoded PEM, as nginx and Apache write it.
func parseCertificate(value string) (*x509.Certificate, error) {
	if len(value) > maxCertificateHeader {
		return nil, errCertificateHeader
	}
	if len(value) > 2 && value[0] == ':' && value[len(value)-1] == ':' {
		der, err := base64.StdEncoding.DecodeString(value[1 : len(value)-1])
		if err != nil {
			return nil, errCertificateHeader
		}
		return x509.ParseCertificate(der)
	}
	text, err := url.PathUnescape(value)
	if err != nil {
		return nil, errCertificateHeader
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return nil, errCertificateHeader
	}
	return x509.ParseCertificate(block.Bytes)
}

// readAuthorities reads the file of tls_client_auth; nil without one.
func readAuthorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("client_certificates.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("client_certificates.ca_file: %s holds no certificate in PEM", file)
	}
	return pool, nil
}

// serveCertified serves the applications that show a certificate, at an address
// of its own if there is one, until stop is called; a failure meanwhile goes to
// failed. The handshake asks for a certificate and takes any, or none: what it
// is worth is decided per application.
func (p *Provider) serveCertified(failed chan<- error) (stop func(), err error) {
	address := p.Config.ClientCertificates.Listen
	if address == "" {
		return func() {}, nil
	}
	server := p.server(applications(p.handler))
	serve, err := p.secure(server)
	if err != nil {
		return nil, err
	}
	server.TLSConfig.ClientAuth = tls.RequestClientCert
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("client_certificates.listen: %w: stop what uses the address, or choose another", err)
	}
	go func() { failed <- fmt.Errorf("client certificates: %w", serve(listener)) }()
	p.Log.Info("serving applications with certificates", "listen", listener.Addr().String())
	return func() {
		patience, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if server.Shutdown(patience) != nil {
			_ = server.Close()
		}
	}, nil
}

// applications lets pass what applications call themselves, and no page.
func applications(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/oauth2/authorize", "/oauth2/authorize/suite", "/oauth2/logout", "/oauth2/logout/suite":
		default:
			if strings.HasPrefix(r.URL.Path, "/oauth2/") || strings.HasPrefix(r.URL.Path, "/.well-known/") {
				next.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}
