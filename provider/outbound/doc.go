// Package outbound makes every HTTP request to an address that a partner
// application names, such as its backchannel_logout_uri. Whoever names an
// address must not be able to have this server ask its own neighbours:
//
//	address ──► https, a host, nothing hidden     else ErrAddress
//	   │
//	resolve ──► every address public or allowed   else ErrNetwork
//	   │
//	connect to the very address that was checked, so that a name cannot change
//	   │        its meaning in between (DNS rebinding)
//	   │
//	answer ──► no redirect is followed            ErrRedirect
//	           bounded in time and in size        ErrTooLarge
//
// Public is what the registries of special-purpose addresses (RFC 6890 and its
// updates) leave to the internet: no loopback, private, link-local, shared,
// documentation or multicast networks, and none of the IPv6 ranges that carry
// an IPv4 address in them. The operator's list, security.allowed_networks,
// opens single networks. Where the issuer itself is http on loopback, as in
// demos and tests, loopback addresses may be asked, by http too.
//
// No proxy of the environment is used: it would connect where nobody checked.
// The package does not know what is asked and never reads an answer itself.
package outbound
