package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ory/fosite"

	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// codeLifetime is how long a code waits for its client (RFC 6749 §4.1.2 allows
// ten minutes, RFC 9700 wants it short).
const codeLifetime = time.Minute

// Provider is the OpenID Provider. Fill the exported fields, then call Start.
type Provider struct {
	DB        *storage.DB
	Sessions  *session.Manager
	Pages     *web.Pages
	Issuer    string // without a final slash; the iss of everything
	Master    secret.Master
	Lifetimes Lifetimes
	Now       func() time.Time
	Log       *slog.Logger
	// RequirePAR has every client push its authorization requests.
	RequirePAR bool
	// RequireDPoPNonce has every DPoP proof made with a nonce of ours.
	RequireDPoPNonce bool
	// Pending returns the path of the page that the person has to be shown before
	// the flow can be answered, "" for none; a nil visitor is nobody signed in.
	Pending func(ctx context.Context, v *storage.Visitor, f storage.Flow) (page string, err error)
	// Outbound asks at addresses that clients name: see package outbound.
	Outbound *http.Client
	// Certificates returns the certificates that a request's client has shown,
	// its own first, having proven to have its key; nil: clients cannot show any.
	Certificates func(r *http.Request) []*x509.Certificate
	// CertificateAddress is where clients are asked for them, without a final
	// slash; empty: at the issuer.
	CertificateAddress string
	// ClientCAs are the authorities of tls_client_auth; nil: it is not offered.
	ClientCAs *x509.CertPool
	// TrustedProxies say which address a request comes from.
	TrustedProxies []netip.Prefix

	engine    *fosite.Fosite
	store     *store
	tokens    opaque
	box       *secret.Box
	rotation  *Keys
	subjects  []byte
	userCodes []byte
	nonces    nonces
	discovery []byte
	inviting  []byte // discovery while applications can be registered

	invitations atomic.Pointer[looked]

	clientSets jwksCache
	logouts    chan struct{} // woken when a session has ended
	keys       atomic.Pointer[keySet]
	reloading  sync.Mutex
	// completing is held while the first keys of an algorithm are made.
	completing sync.Mutex
}

// Start makes the signing keys if there are none and prepares everything that
// is computed once. Call it before the first request and after the migration.
func (p *Provider) Start(ctx context.Context) error {
	box, err := keyBox(p.Master)
	if err != nil {
		return fmt.Errorf("start OpenID provider: %w", err)
	}
	p.box = box
	p.subjects = p.Master.Derive("pairwise subjects")
	p.userCodes = p.Master.Derive("user codes")
	p.nonces = p.Master.Derive("DPoP nonces")
	p.tokens = newOpaque(p.Master)
	p.logouts = make(chan struct{}, 1)
	p.store = &store{DB: p.DB, Now: p.Now, Log: p.Log}
	if p.discovery, err = p.describe(""); err != nil {
		return fmt.Errorf("start OpenID provider: %w", err)
	}
	if p.inviting, err = p.describe(p.Issuer + registerPath); err != nil {
		return fmt.Errorf("start OpenID provider: %w", err)
	}
	p.rotation = &Keys{DB: p.DB, Master: p.Master, Lifetimes: p.Lifetimes, Now: p.Now, Actor: "system"}
	if err := p.rotation.ensure(ctx, cheapAlgorithms); err != nil {
		return fmt.Errorf("start OpenID provider: %w", err)
	}
	if _, err := p.loadKeys(ctx); err != nil {
		return fmt.Errorf("start OpenID provider: %w", err)
	}
	p.engine = p.newEngine()
	return nil
}

// subject is the sub of a user towards a client: the same for clients of one
// sector, unrelated between sectors (Core §8.1), and never the identifier.
func (p *Provider) subject(c storage.Client, userID string) string {
	h := hmac.New(sha256.New, p.subjects)
	h.Write([]byte(sector(c) + "\x00" + userID))
	return b64.EncodeToString(h.Sum(nil))
}

// sector is what pairwise subjects are computed from: the client's own, or the
// host of its first redirect URI. Public subjects have the empty sector.
func sector(c storage.Client) string {
	switch {
	case c.SubjectType == storage.SubjectPublic:
		return ""
	case c.Sector != "":
		return c.Sector
	case len(c.RedirectURIs) > 0:
		return redirectHost(c.RedirectURIs[0])
	}
	return c.ID
}

// words splits a space list.
func words(list string) []string { return strings.Fields(list) }
