package outbound

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// maxAddress bounds an address, in bytes.
const maxAddress = 2048

// CheckAddress says what is wrong with the form of an address that a client
// names, for whoever registers it; nothing is resolved or asked. loopback
// accepts http to this machine: see Options.
func CheckAddress(raw string, loopback bool) error {
	if len(raw) > maxAddress {
		return fmt.Errorf("%w: it is longer than %d characters", ErrAddress, maxAddress)
	}
	for _, r := range raw {
		if r <= ' ' || r >= 0x7f || r == '\\' || r == '#' {
			return fmt.Errorf("%w: it has a fragment or a character that parsers disagree about", ErrAddress)
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: it cannot be read", ErrAddress)
	}
	return Options{Loopback: loopback}.check(u)
}

// check looks at the form of an address only.
func (o Options) check(u *url.URL) error {
	switch {
	case u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%w: it names no host", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: it has a user name or a password", ErrAddress)
	case u.Fragment != "":
		return fmt.Errorf("%w: it has a fragment", ErrAddress)
	case u.Scheme == "https", u.Scheme == "http" && o.Loopback && onLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: it must begin with https://", ErrAddress)
}

func onLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// reachable says whether anything may be asked at addr.
func (o Options) reachable(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return false // link-local by nature
	}
	addr = addr.Unmap() // ::ffff:10.0.0.1 is 10.0.0.1
	if contains(o.Allowed, addr) || o.Loopback && addr.IsLoopback() {
		return true
	}
	if addr.Is4() {
		return !contains(special4, addr)
	}
	return global6.Contains(addr) && !contains(special6, addr)
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

func networks(list string) (all []netip.Prefix) {
	for _, text := range strings.Fields(list) {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

var (
	// special4 is the IANA IPv4 Special-Purpose Address Registry without what
	// is globally reachable, and multicast. 169.254.169.254 is where clouds keep
	// their machines' credentials.
	special4 = networks(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
		192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`)
	// global6 is all that is unicast and global of IPv6 (RFC 4291 §2.4 as
	// assigned): neither ::/8 with loopback and mapped addresses, nor 64:ff9b::/96
	// and 64:ff9b:1::/48 (NAT64), nor fc00::/7, fe80::/10, ff00::/8.
	global6 = netip.MustParsePrefix("2000::/3")
	// special6 lies inside it: protocol assignments with Teredo, documentation,
	// and 6to4, which carries an IPv4 address.
	special6 = networks(`2001::/23 2001:db8::/32 2002::/16 3fff::/20`)
)
