package oauth

// confirmation names the key that whoever shows a token must prove to have
// (RFC 7800 §3.1), by its SHA-256 in base64url. The zero value is a bearer
// token, which proves itself.
type confirmation struct {
	JKT string `json:"jkt,omitempty"`      // thumbprint of a DPoP key (RFC 9449 §6.1)
	X5T string `json:"x5t#S256,omitempty"` // thumbprint of a certificate (RFC 8705 §3.1)
}

// provenBy tells whether the keys that a request has proven are all that a
// token asks for. A bearer token asks for none.
func (c confirmation) provenBy(proven confirmation) bool {
	return (c.JKT == "" || c.JKT == proven.JKT) && (c.X5T == "" || c.X5T == proven.X5T)
}

// tokenType is how a token with this confirmation is to be sent: one that is
// bound to a certificate travels like a bearer token.
func (c confirmation) tokenType() string {
	if c.JKT != "" {
		return "DPoP"
	}
	return "Bearer"
}

// boundTo encodes the record for a token that asks for these keys.
func (r record) boundTo(c confirmation) (string, error) {
	r.Confirm = c
	return r.encode()
}

// confirmsRefresh are the keys that a refresh token of the unit's client asks
// for: those of its access tokens where the client is public, none where it
// has to authenticate anyway (RFC 9449 §5, RFC 8705 §7.1).
func (u *unit) confirmsRefresh() confirmation {
	if u.client.Public() {
		return u.proven
	}
	return confirmation{}
}
