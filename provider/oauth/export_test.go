package oauth

import "loge/storage"

// NewKey makes a signing key as ensureKeys does.
func (p *Provider) NewKey(alg string) (storage.SigningKey, error) { return p.newKey(alg) }

// Redirectable is the rule for addresses a code may travel to.
func Redirectable(uri string) bool { return redirectable(uri) }

// ParseBasic reads a Basic header as the token endpoint does.
func ParseBasic(header string) (id, secret string, ok bool) {
	c, ok := parseBasic(header)
	return c.id, c.secret, ok
}
