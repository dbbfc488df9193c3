package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ways to protect the connection to the mail relay (mail.smtp.tls).
const (
	StartTLS    = "starttls" // STARTTLS, refused if the relay does not offer it
	ImplicitTLS = "implicit" // TLS from the first byte
	NoTLS       = "none"     // in clear, for a relay on this machine
)

const (
	minSecret = 32  // bytes of the master secret
	maxLabel  = 120 // characters of a name or a support line
)

// faults collects everything that is wrong, each under the path of its setting.
type faults []error

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, fmt.Errorf(path+": "+format, args...))
}

// Validate returns every fault of the settings at once, each with its path and
// what to do, or nil. It changes nothing; it looks whether named files exist.
func (c *Config) Validate() error {
	var f faults
	c.server(&f)
	c.metrics(&f)
	c.clientCertificates(&f)
	c.database(&f)
	c.Mail.validate(&f)
	c.Letters.validate(&f)
	c.Service.validate(&f)
	c.limits(&f)
	for i, prefix := range c.TrustedProxies {
		if prefix.Bits() == 0 {
			f.add(fmt.Sprintf("trusted_proxies[%d]", i), "%s is everybody: name the network of your proxy", prefix)
		}
	}
	return errors.Join(f...)
}

func (c *Config) server(f *faults) {
	validateIssuer(f, c.Issuer)
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !number(port, 0, 65535) {
		f.add("listen", "must be an address and a port, for example 127.0.0.1:8080 or :8443")
	}
	cert, key := c.TLS.CertFile, c.TLS.KeyFile
	if (cert == "") != (key == "") {
		f.add("tls", "set both cert_file and key_file, or neither behind a proxy that serves https")
	}
	if cert != "" && strings.HasPrefix(c.Issuer, "http://") {
		f.add("tls", "the issuer is http://…: make it https://…, or leave cert_file and key_file empty")
	}
	exists(f, "tls.cert_file", cert)
	exists(f, "tls.key_file", key)
}

func (c *Config) metrics(f *faults) {
	if c.Metrics.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(c.Metrics.Listen)
	if err != nil || !number(port, 0, 65535) {
		f.add("metrics.listen", "must be an address and a port, for example 127.0.0.1:9090, or empty")
		return
	}
	public, publicPort, err := net.SplitHostPort(c.Listen)
	if err == nil && port == publicPort && port != "0" && (host == public || everywhere(host) || everywhere(public)) {
		f.add("metrics.listen", "is the address of listen, which is for everybody: take another port, for example 127.0.0.1:9090")
	}
}

// everywhere tells whether a host to listen on means every address.
func everywhere(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "" || err == nil && address.Unmap().IsUnspecified()
}

// validateIssuer accepts an origin as browsers write it: pages live at the root,
// and cross-origin checks compare it byte for byte.
func validateIssuer(f *faults, issuer string) {
	const example = "for example https://connexion.exemple.fr"
	add := func(what string) { f.add("issuer", "%s, %s", what, example) }
	if issuer == "" {
		add("is missing: write the public address")
		return
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		add("must start with https://")
		return
	case u.User != nil:
		add("must have no user name or password")
	case u.Path == "/":
		add("must not end with a slash")
	case u.Path != "":
		add("must have no path, since the pages live at the root of their own host name")
	case u.RawQuery != "" || u.ForceQuery:
		add("must have no query")
	case strings.Contains(issuer, "#"):
		add("must have no fragment")
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":"):
		add("must have a host name, and a port only where it is not the usual one")
	case u.Port() != "" && !number(u.Port(), 1, 65535):
		add("has a port that does not exist")
	case u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80":
		add("must not name the usual port " + u.Port())
	case issuer != strings.ToLower(issuer) || strings.ContainsFunc(issuer, func(r rune) bool { return r > unicode.MaxASCII }):
		add("must be in lower case, an international host name as xn--…")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		add("must start with https://: http is for localhost, 127.0.0.0/8 and ::1 only")
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func (c *Config) database(f *faults) {
	switch {
	case c.sqlite():
		if path := strings.TrimPrefix(c.Database, "sqlite:"); path == "" || strings.HasPrefix(path, ":memory:") {
			f.add("database", "name a file after sqlite:, for example sqlite:loge.db")
		}
	case strings.HasPrefix(c.Database, "postgres://"), strings.HasPrefix(c.Database, "postgresql://"):
		u, err := url.Parse(c.Database)
		if err != nil { // the parser's message repeats the address, and with it a password
			f.add("database", "cannot be read as an address: write postgres://user@host/name")
			return
		}
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			f.add("database", "must not hold the password: put it into a file and name it in database_password_file, or use the variable LOGE_DATABASE")
		}
	default:
		f.add("database", "must start with sqlite: or postgres://, for example sqlite:loge.db")
	}
	switch n := len(c.Secret.Reveal()); {
	case n >= minSecret:
	case n > 0:
		f.add("secret_file", "the master secret has %d bytes and needs %d or more: make one with  openssl rand -base64 32", n, minSecret)
	case c.SecretFile == "":
		f.add("secret_file", "name the file of the master secret, or set LOGE_SECRET")
	case !c.sqlite():
		f.add("secret_file", "%s does not exist: make one with  openssl rand -base64 32 > %s  and give the same to every replica", c.SecretFile, c.SecretFile)
	}
}

func (m *Mail) validate(f *faults) {
	if !address(m.From) {
		f.add("mail.from", "must be a complete address without a name, for example ne-pas-repondre@exemple.fr")
	}
	switch {
	case m.Directory == "" && m.SMTP.Host == "":
		f.add("mail", "set smtp.host to send, or directory to write .eml files")
	case m.Directory != "" && m.SMTP.Host != "":
		f.add("mail", "set smtp.host or directory, not both")
	}
	if m.Separation < 0 {
		f.add("mail.separation", "must be 0s or more, for example 2m")
	}
	if m.Rate < 0 || m.Rate > 60_000 {
		f.add("mail.rate", "must be from 0, no limit, to 60000 e-mails a minute")
	}
	if m.SMTP.Host == "" {
		return
	}
	s := m.SMTP
	if s.Port < 1 || s.Port > 65535 {
		f.add("mail.smtp.port", "must be from 1 to 65535, usually 587")
	}
	if s.Timeout <= 0 {
		f.add("mail.smtp.timeout", "must be more than 0s, for example 30s")
	}
	switch {
	case s.TLS != StartTLS && s.TLS != ImplicitTLS && s.TLS != NoTLS:
		f.add("mail.smtp.tls", "must be starttls, implicit or none")
	case s.TLS == NoTLS && !loopback(s.Host):
		f.add("mail.smtp.tls", "none is for a relay on this machine: use starttls or implicit")
	}
	switch {
	case s.Username != "" && s.Password == "":
		f.add("mail.smtp.password_file", "name the file with the password of mail.smtp.username, or set LOGE_MAIL_SMTP_PASSWORD")
	case s.Username == "" && s.Password != "":
		f.add("mail.smtp.username", "is missing, but there is a password")
	}
}

// address tells whether s is a bare e-mail address.
func address(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Name == "" && parsed.Address == s && len(s) <= 254
}

func (l *Letters) validate(f *faults) {
	if len(l.Sender) > 6 {
		f.add("letters.sender", "has %d lines: an address block has at most 6", len(l.Sender))
	}
	for i, line := range l.Sender {
		label(f, fmt.Sprintf("letters.sender[%d]", i), line)
	}
	if l.Separation < 0 || l.Separation > 30 {
		f.add("letters.separation", "must be from 0 to 30 working days, usually 2")
	}
	if l.Place != "" {
		label(f, "letters.place", l.Place)
	}
}

func (s *Service) validate(f *faults) {
	label(f, "service.name", s.Name)
	label(f, "service.account_name", s.AccountName)
	label(f, "service.operator", s.Operator)
	if !address(s.Support.Mail) {
		f.add("service.support.mail", "must be the address people write to, for example aide@exemple.fr")
	}
	label(f, "service.support.phone", s.Support.Phone)
	label(f, "service.support.hours", s.Support.Hours)
	s.Contacts.validate(f)
	validateColour(f, "service.colours.main", s.Colours.Main)
	validateColour(f, "service.colours.error", s.Colours.Error)
	exists(f, "service.legal_notice", s.LegalNotice)
	exists(f, "service.privacy_notice", s.PrivacyNotice)
}

// label checks one line of text that people read.
func label(f *faults, path, s string) {
	switch {
	case strings.TrimSpace(s) == "":
		f.add(path, "is missing: it stands on pages, mails or letters")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		f.add(path, "must be one line without control characters")
	case utf8.RuneCountInString(s) > maxLabel:
		f.add(path, "must have at most %d characters", maxLabel)
	}
}

func exists(f *faults, path, file string) {
	if file == "" {
		return
	}
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		f.add(path, "%s is not a file that can be found: check the path, which starts from the working directory", file)
	}
}

func number(s string, low, high int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= low && n <= high && s == strconv.Itoa(n)
}
