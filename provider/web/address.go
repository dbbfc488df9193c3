package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the address of the browser. X-Forwarded-For counts only
// when the peer is in trusted, the networks of our own proxies: it is read
// from the right, and the first address that is not one of ours is the
// client's. What stands left of it was sent by the client and says nothing.
// An unreadable entry makes the peer's address count. The zero Addr means that
// the connection has no network address, as on a Unix socket.
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer := parseAddr(r.RemoteAddr)
	if !contains(trusted, peer) {
		return peer
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client := peer
	for i := len(chain) - 1; i >= 0; i-- {
		addr := parseAddr(strings.TrimSpace(chain[i]))
		if !addr.IsValid() {
			return peer
		}
		client = addr
		if !contains(trusted, addr) {
			break
		}
	}
	return client
}

// ByProxy tells whether the request comes from one of our own proxies, whose
// networks are trusted.
func ByProxy(r *http.Request, trusted []netip.Prefix) bool {
	return contains(trusted, parseAddr(r.RemoteAddr))
}

// AddressKey is the unit that limits count: one IPv4 address, or one IPv6 /64,
// because a household or a rented server gets a whole /64. "unknown" for the
// zero Addr.
func AddressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return "unknown"
	case a.Is4():
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// parseAddr reads an address with or without a port; the zero Addr if it is
// neither. IPv4 inside IPv6 becomes IPv4, so one client has one key.
func parseAddr(s string) netip.Addr {
	// The peer's comes with a port, at each request: no failure is made of that.
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone("")
	}
	return netip.Addr{}
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
