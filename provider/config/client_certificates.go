package config

import (
	"net"
	"net/url"

	"golang.org/x/net/http/httpguts"
)

func (c *Config) clientCertificates(f *faults) {
	s := c.ClientCertificates
	if s.Listen != "" {
		if _, port, err := net.SplitHostPort(s.Listen); err != nil || !number(port, 0, 65535) {
			f.add("client_certificates.listen", "must be an address and a port, for example :8444, or empty")
		}
		if c.TLS.CertFile == "" {
			f.add("client_certificates.listen", "needs tls.cert_file and tls.key_file; behind a proxy set client_certificates.header")
		}
		if s.Address == "" {
			f.add("client_certificates.address", "is missing: write the public address of client_certificates.listen, for example https://connexion.exemple.fr:8444")
		}
	}
	if s.Header != "" {
		if !httpguts.ValidHeaderFieldName(s.Header) {
			f.add("client_certificates.header", "must be the name of a header, for example Client-Cert")
		}
		if len(c.TrustedProxies) == 0 {
			f.add("client_certificates.header", "needs trusted_proxies: it counts from them only")
		}
	}
	u, err := url.Parse(s.Address)
	if s.Address != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != s.Address) {
		f.add("client_certificates.address", "must be https:// and a host name, without a path, for example https://connexion.exemple.fr:8444")
	}
	if !s.Asked() && (s.Address != "" || s.CAFile != "") {
		f.add("client_certificates", "nothing asks for certificates: set listen, or header behind a proxy")
	}
	exists(f, "client_certificates.ca_file", s.CAFile)
}
