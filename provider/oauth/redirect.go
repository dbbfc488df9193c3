package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"loge/storage"
)

// registered says whether the client may be answered at uri: the very bytes
// stand in its registration (RFC 9700 §2.1), and the address is one we redirect
// to. Nothing is normalised, no pattern is applied.
//
// One thing may differ. An application that people install learns from their
// machine, at the last moment, on which port it may listen: to a public client
// any port of a registered loopback address is as good (RFC 8252 §7.3). Not of
// localhost, a name that may lead elsewhere (§8.3).
func registered(c storage.Client, uri string) bool { return listed(c, c.RedirectURIs, uri) }

// listed is the rule of registered, for one of the client's lists of addresses.
func listed(c storage.Client, addresses []string, uri string) bool {
	if !redirectable(uri) {
		return false
	}
	if slices.Contains(addresses, uri) {
		return true
	}
	asked := withoutPort(uri)
	return asked != "" && c.Public() && slices.ContainsFunc(addresses, func(address string) bool { return withoutPort(address) == asked })
}

// withoutPort is an http address of the machine itself, by number, without its
// port; "" for any other.
func withoutPort(uri string) string {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, host)
		if !ok {
			continue
		}
		if named, ok := strings.CutPrefix(rest, ":"); ok {
			rest = strings.TrimLeft(named, "0123456789")
			port := strings.TrimSuffix(named, rest)
			if _, err := strconv.ParseUint(port, 10, 16); err != nil || port[0] == '0' {
				return ""
			}
		}
		if rest == "" || rest[0] == '/' || rest[0] == '?' {
			return host + rest
		}
	}
	return ""
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
