package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"loge/storage"
)

// registered says whether the client may be answered at uri: the very bytes
// stand in its registration (RFC 9700 §2.1), and the address is one we redirect
// to. Nothing is normalised, no pattern is applied.
func registered(c storage.Client, uri string) bool {
	return slices.Contains(c.RedirectURIs, uri) && redirectable(uri)
}

// redirectable says whether a code may travel to uri: https, or http to the
// machine itself; absolute, without fragment and without user information.
func redirectable(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" || strings.Contains(uri, "#") {
		return false
	}
	for _, r := range uri {
		if r <= ' ' || r >= 0x7f || r == '\\' {
			return false // parsers disagree about these
		}
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func redirectHost(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
