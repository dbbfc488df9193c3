package oauth

import (
	"github.com/ory/fosite"

	"loge/storage"
)

// client shows a registered client to fosite.
type client struct{ storage.Client }

var _ fosite.Client = (*client)(nil)

func (c *client) GetID() string                      { return c.ID }
func (c *client) GetHashedSecret() []byte            { return c.SecretHash }
func (c *client) GetRedirectURIs() []string          { return c.RedirectURIs }
func (c *client) GetResponseTypes() fosite.Arguments { return fosite.Arguments{"code"} }
func (c *client) GetScopes() fosite.Arguments        { return words(c.Scopes) }
func (c *client) IsPublic() bool                     { return c.Public() }
func (c *client) GetAudience() fosite.Arguments      { return nil }

// GetGrantTypes names the one grant that is fosite's; the others are ours.
func (c *client) GetGrantTypes() fosite.Arguments {
	if c.MayUse(storage.GrantCode) {
		return fosite.Arguments{storage.GrantCode}
	}
	return nil
}

// needsPKCE: a public client always, a confidential one unless registered
// without.
func (c *client) needsPKCE() bool { return c.RequirePKCE || c.Public() }
