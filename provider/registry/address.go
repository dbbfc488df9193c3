package registry

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

const maxRedirectURIs = 20

const maxURI = 2000 // bytes; browsers and proxies cut longer ones

// checkRedirectURI tells whether a partner may have answers sent to an
// address: https, or http on loopback for development and native applications
// (RFC 8252 §7.3). It is compared byte for byte later, but for the port of a
// public client's loopback address, so nothing is normalised here. No
// fragment, user name or wildcard (RFC 6749 §3.1.2, RFC 9700 §2.1).
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

// checkRedirectURIs checks the addresses for answers, and that one sector can be
// told from them (OpenID Connect Core §8.1: the pairwise subject is computed
// from one host).
func checkRedirectURIs(c storage.Client, faults *Faults) {
	const field = "redirect_uris"
	switch {
	case len(c.RedirectURIs) == 0 && c.MayUse(storage.GrantCode):
		faults.add(field, "redirect address: at least one is needed")
	case len(c.RedirectURIs) > maxRedirectURIs:
		faults.add(field, "redirect address: more than %d", maxRedirectURIs)
		return
	}
	before := len(*faults)
	hosts := map[string]bool{}
	for i, raw := range c.RedirectURIs {
		if err := checkRedirectURI(raw); err != nil {
			faults.add(field, "redirect address %q %v", shorten(raw), err)
			continue
		}
		if slices.Contains(c.RedirectURIs[:i], raw) {
			faults.add(field, "redirect address %q is given twice", shorten(raw))
		}
		if u, err := url.Parse(raw); err == nil {
			hosts[u.Hostname()] = true
		}
	}
	if len(*faults) == before && len(hosts) > 1 && c.SubjectType == storage.SubjectPairwise && c.Sector == "" {
		faults.add("sector", "sector: needed, because the redirect addresses have several hosts; sector_identifier_uri names one")
	}
	faults.line("sector", "sector", c.Sector, 255)
	if uri := c.Metadata.SectorIdentifierURI; uri != "" {
		if err := outbound.CheckAddress(uri, true); err != nil {
			faults.add("sector_identifier_uri", "sector_identifier_uri %q: %v", shorten(uri), err)
		} else if c.Sector != sectorHost(uri) {
			faults.add("sector", "sector %q: sector_identifier_uri says %q; leave it out", shorten(c.Sector), sectorHost(uri))
		}
	}
}

// checkLogoutURIs checks where a partner may have browsers sent after a
// sign-out, and where it wants to be told of one. The first are compared byte
// for byte, the next is asked through the guard of package outbound, the last
// is a frame on a page, which must be of an address people come from anyway
// (Front-Channel Logout §2).
func checkLogoutURIs(c storage.Client, faults *Faults) {
	const field = "post_logout_redirect_uris"
	if len(c.PostLogoutRedirectURIs) > maxRedirectURIs {
		faults.add(field, "address after sign-out: more than %d", maxRedirectURIs)
	} else {
		for i, raw := range c.PostLogoutRedirectURIs {
			if err := checkRedirectURI(raw); err != nil {
				faults.add(field, "address after sign-out %q %v", shorten(raw), err)
			} else if slices.Contains(c.PostLogoutRedirectURIs[:i], raw) {
				faults.add(field, "address after sign-out %q is given twice", shorten(raw))
			}
		}
	}
	if c.BackchannelLogoutURI != "" {
		if err := outbound.CheckAddress(c.BackchannelLogoutURI, true); err != nil {
			faults.add("backchannel_logout_uri", "back-channel logout %q: %v", shorten(c.BackchannelLogoutURI), err)
		}
	}
	m := c.Metadata
	switch {
	case m.FrontchannelLogoutURI == "" && m.FrontchannelLogoutSessionRequired:
		faults.add("frontchannel_logout_session_required", "front-channel logout: frontchannel_logout_session_required needs a frontchannel_logout_uri")
	case m.FrontchannelLogoutURI == "":
	case checkWebPage(m.FrontchannelLogoutURI) != nil:
		faults.add("frontchannel_logout_uri", "front-channel logout %q %v", shorten(m.FrontchannelLogoutURI), checkWebPage(m.FrontchannelLogoutURI))
	case !slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return siteOf(uri) == siteOf(m.FrontchannelLogoutURI) }):
		faults.add("frontchannel_logout_uri", "front-channel logout %q: scheme, host and port must be those of a redirect address", shorten(m.FrontchannelLogoutURI))
	}
}

func siteOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// checkPages checks the addresses that people are sent to, and the logo, which
// we fetch.
func checkPages(c storage.Client, faults *Faults) {
	m := c.Metadata
	for _, page := range []struct{ field, name, value string }{
		{"policy_uri", "policy address", c.PolicyURI},
		{"client_uri", "client_uri", m.ClientURI},
		{"tos_uri", "tos_uri", m.TOSURI},
	} {
		if page.value == "" {
			continue
		}
		if err := checkWebPage(page.value); err != nil {
			faults.add(page.field, "%s %q %v", page.name, shorten(page.value), err)
		}
	}
	if m.InitiateLoginURI != "" {
		if err := checkRedirectURI(m.InitiateLoginURI); err != nil {
			faults.add("initiate_login_uri", "initiate_login_uri %q %v", shorten(m.InitiateLoginURI), err)
		}
	}
	if m.LogoURI != "" {
		if err := outbound.CheckAddress(m.LogoURI, true); err != nil {
			faults.add("logo_uri", "logo_uri %q: %v", shorten(m.LogoURI), err)
		}
	}
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
