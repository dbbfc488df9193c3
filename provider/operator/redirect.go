package operator

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"loge/provider/outbound"
	"loge/storage"
)

const maxURI = 2000 // bytes; browsers and proxies cut longer ones

// checkRedirectURI tells whether a partner may have answers sent to an
// address: https, or http on loopback for development and native applications
// (RFC 8252 §7.3). It is compared byte for byte later, so nothing is normalised
// here. No fragment, user name or wildcard (RFC 6749 §3.1.2, RFC 9700 §2.1).
//
// Private-use schemes (com.example.app:/path) are refused: any application may
// claim one, and the endpoints redirect to none. Native applications have
// claimed https addresses and loopback (RFC 8252 §7.2, §7.3).
func checkRedirectURI(raw string) error {
	u, err := checkURI(raw)
	if err != nil {
		return err
	}
	switch {
	case strings.Contains(raw, "#"):
		return errors.New("has a fragment")
	case strings.Contains(raw, "*"):
		return errors.New("has a wildcard: register every address")
	}
	return checkWeb(u)
}

// checkLogoutURIs checks where a partner may have browsers sent after a
// sign-out, and where it wants to be told of one. The first are compared byte
// for byte, the last is asked through the guard of package outbound.
func checkLogoutURIs(c storage.Client) (faults []error) {
	if len(c.PostLogoutRedirectURIs) > maxRedirectURIs {
		return []error{fmt.Errorf("address after sign-out: more than %d", maxRedirectURIs)}
	}
	for i, raw := range c.PostLogoutRedirectURIs {
		if err := checkRedirectURI(raw); err != nil {
			faults = append(faults, fmt.Errorf("address after sign-out %q %w", shorten(raw), err))
		} else if slices.Contains(c.PostLogoutRedirectURIs[:i], raw) {
			faults = append(faults, fmt.Errorf("address after sign-out %q is given twice", shorten(raw)))
		}
	}
	if c.BackchannelLogoutURI == "" {
		return faults
	}
	if err := outbound.CheckAddress(c.BackchannelLogoutURI, true); err != nil {
		faults = append(faults, fmt.Errorf("back-channel logout %q: %w", shorten(c.BackchannelLogoutURI), err))
	}
	return faults
}

// checkWebPage checks an address people are sent to.
func checkWebPage(raw string) error {
	u, err := checkURI(raw)
	if err != nil {
		return err
	}
	return checkWeb(u)
}

func checkURI(raw string) (*url.URL, error) {
	if len(raw) > maxURI {
		return nil, fmt.Errorf("has more than %d bytes", maxURI)
	}
	if strings.ContainsFunc(raw, func(r rune) bool {
		return r > unicode.MaxASCII || r <= ' ' || r == 0x7f || strings.ContainsRune(`\"<>^{}|`+"`", r)
	}) {
		return nil, errors.New("has a space or a character that must be written %XX")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("is not an address")
	}
	if !u.IsAbs() {
		return nil, errors.New("is not absolute")
	}
	if u.User != nil {
		return nil, errors.New("has a user name")
	}
	return u, nil
}

// checkWeb wants https, or http on loopback, and the host as browsers write it,
// because a difference would only be noticed when somebody signs in.
func checkWeb(u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("has the scheme %q: use https", u.Scheme)
	case u.Opaque != "" || host == "":
		return errors.New("has no host")
	case u.Scheme == "http" && !loopback(host):
		return errors.New("is http: use https, or http on 127.0.0.1, [::1] or localhost")
	case host != strings.ToLower(host):
		return errors.New("has capitals in its host")
	case strings.HasSuffix(host, "."), strings.HasPrefix(host, "."):
		return errors.New("has a host that begins or ends with a dot")
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
