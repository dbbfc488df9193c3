package oauth

import (
	"context"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// NewKey makes a signing key of the first generation.
func (p *Provider) NewKey(alg string) (storage.SigningKey, error) {
	return p.rotation.make(alg, 1, p.Now())
}

// KeyChanges is what changes the keys of this replica.
func (p *Provider) KeyChanges() *Keys { return p.rotation }

// What the rotation counts with.
const (
	KeyLead    = keyLead
	KeyTail    = keyTail
	JWKSCached = jwksCached
)

// Redirectable is the rule for addresses a code may travel to.
func Redirectable(uri string) bool { return redirectable(uri) }

// Registered is the rule for addresses that a client may be answered at.
func Registered(c storage.Client, uri string) bool { return registered(c, uri) }

// ParseBasic reads a Basic header as the token endpoint does.
func ParseBasic(header string) (id, secret string, ok bool) {
	c, ok := parseBasic(header)
	return c.id, c.secret, ok
}

// AccessKey is where the row of an access token is found, "" for anything else.
func (p *Provider) AccessKey(ctx context.Context, token string) string {
	key, _ := p.accessKey(ctx, token)
	return key
}

// LogoutToken makes a token as the client would be sent.
func (p *Provider) LogoutToken(ctx context.Context, clientID, userID, sessionID string) (string, error) {
	c, err := p.DB.Client(ctx, clientID)
	if err != nil {
		return "", err
	}
	return p.logoutToken(ctx, c, storage.Logout{SessionID: sessionID, ClientID: clientID, UserID: userID})
}

// ClientKeys are the keys of a client that fit a signature.
func (p *Provider) ClientKeys(ctx context.Context, c storage.Client, kid, alg string) ([]jose.JSONWebKey, error) {
	return p.clientKeys(ctx, c, kid, alg)
}

// ParseDN reads a distinguished name into its normal form.
func ParseDN(text string) ([]string, error) { return parseDN(text) }

// MaxJWKSSets is how many key sets of clients are kept, KeySets how many there
// are.
const MaxJWKSSets = maxJWKSSets

func (p *Provider) KeySets() int { return len(p.clientSets.sets) }

// ReadProof checks a DPoP proof as far as that goes without a request, and
// returns the thumbprint of its key.
func ReadProof(text string) (jkt string, err error) {
	f, err := readProof(text)
	if err != nil {
		return "", err
	}
	return f.jkt, nil
}

// ErrorCodes are the errors that clients are told.
func ErrorCodes() (codes []string) {
	for code := range statuses {
		codes = append(codes, code)
	}
	return codes
}
