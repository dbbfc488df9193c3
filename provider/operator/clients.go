package operator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"loge/provider/secret"
	"loge/storage"
)

// Scopes about people that a client may be allowed, in the order they are shown.
// openid is always among those of a client in which people sign in.
var Scopes = []string{"openid", "profile", "email", "phone", "address", "bailleur", "organisme", "habilitations", offlineAccess}

const (
	maxClientText   = 200 // characters of a name or a purpose
	maxRedirectURIs = 20
)

// NewClient describes a partner application to register. Empty fields take the
// value written beside them.
type NewClient struct {
	ID           string // made of the name
	Name         string // required; people read it
	Publisher    string // the name
	Purpose      string // what the data is for, one sentence without « À quoi cela sert : »
	PolicyURI    string // https
	RedirectURIs []string
	// PostLogoutRedirectURIs are where browsers may be sent after a sign-out.
	PostLogoutRedirectURIs []string
	// BackchannelLogoutURI is told of sessions that have ended; none when empty.
	BackchannelLogoutURI string

	Scopes       []string // openid, profile, email, bailleur
	AuthMethod   string   // storage.AuthBasic
	SubjectType  string   // storage.SubjectPairwise
	Sector       string   // host of the redirect URIs, which must then have one host
	IDTokenAlg   string   // RS256
	OptionalPKCE bool     // accept requests without PKCE, from clients with a secret only
	Consent      string   // storage.ConsentAsk
	GrantTypes   []string // authorization_code, and refresh_token with the scope offline_access
	Audiences    []string // ids of clients that are resource servers: they may introspect its access tokens
}

// AddClient registers a partner application. The secret is returned here and
// never again; it is empty for a client without one. All faults come at once.
// storage.ErrConflict when the id is taken.
func (o *Operator) AddClient(ctx context.Context, n NewClient) (storage.Client, string, error) {
	c := n.client(o.now())
	faults := checkClient(c)
	for _, id := range n.Audiences {
		if _, err := o.Client(ctx, id); err != nil {
			faults = errors.Join(faults, fmt.Errorf("audience: %w", err))
		}
	}
	if faults != nil {
		return storage.Client{}, "", faults
	}
	var plain string
	if !c.Public() {
		plain, c.SecretHash = secret.NewClientSecret()
		c.SecretCreatedAt = c.CreatedAt
	}
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.CreateClient(ctx, c); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: c.CreatedAt, Actor: o.Actor, Action: "client.created", Subject: c.ID,
			Details: map[string]string{"name": c.Name, "redirect_uris": strings.Join(c.RedirectURIs, " "), "scopes": c.Scopes}})
	})
	if errors.Is(err, storage.ErrConflict) {
		return storage.Client{}, "", fmt.Errorf("client %q %w: choose another id", c.ID, storage.ErrConflict)
	}
	if err != nil {
		return storage.Client{}, "", fmt.Errorf("create client: %w", err)
	}
	return c, plain, nil
}

// RenewClientSecret gives a client a new secret, returned here and never
// again; the former one is refused from now on.
func (o *Operator) RenewClientSecret(ctx context.Context, id string) (string, error) {
	c, err := o.Client(ctx, id)
	if err != nil {
		return "", err
	}
	if c.Public() {
		return "", fmt.Errorf("client %q has no secret: it authenticates by PKCE alone", id)
	}
	plain, hash := secret.NewClientSecret()
	now := o.now()
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.SetClientSecret(ctx, id, hash, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "client.secret_renewed", Subject: id})
	})
	if err != nil {
		return "", fmt.Errorf("renew secret: %w", err)
	}
	return plain, nil
}

// DisableClient ends a client's access at once. A second time is no error.
func (o *Operator) DisableClient(ctx context.Context, id string) error {
	c, err := o.Client(ctx, id)
	if err != nil || !c.DisabledAt.IsZero() {
		return err
	}
	now := o.now()
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.DisableClient(ctx, id, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "client.disabled", Subject: id})
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // disabled by somebody else meanwhile
		return fmt.Errorf("disable client: %w", err)
	}
	return nil
}

// Client returns a partner application, disabled ones too.
func (o *Operator) Client(ctx context.Context, id string) (storage.Client, error) {
	c, err := o.DB.Client(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return c, fmt.Errorf("client %q %w: loge client list shows them all", shorten(id), storage.ErrNotFound)
	}
	if err != nil {
		return c, fmt.Errorf("load client: %w", err)
	}
	return c, nil
}

// client fills in what was left out.
func (n NewClient) client(now storage.Time) storage.Client {
	c := storage.Client{ID: n.ID, Name: tidy(n.Name), Publisher: tidy(n.Publisher), Purpose: tidy(n.Purpose), PolicyURI: n.PolicyURI,
		RedirectURIs: n.RedirectURIs, PostLogoutRedirectURIs: n.PostLogoutRedirectURIs, BackchannelLogoutURI: n.BackchannelLogoutURI,
		AuthMethod: n.AuthMethod, SubjectType: n.SubjectType, Sector: n.Sector,
		IDTokenAlg: n.IDTokenAlg, RequirePKCE: !n.OptionalPKCE, Consent: n.Consent, CreatedAt: now, UpdatedAt: now}
	def := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	def(&c.ID, slug(c.Name))
	def(&c.Publisher, c.Name)
	def(&c.AuthMethod, storage.AuthBasic)
	def(&c.SubjectType, storage.SubjectPairwise)
	def(&c.IDTokenAlg, "RS256")
	def(&c.Consent, storage.ConsentAsk)
	c.GrantTypes, c.Scopes, c.Audiences = n.grantTypes(), n.scopes(), strings.Join(n.Audiences, " ")
	return c
}

func checkClient(c storage.Client) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	oneOf := func(name, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			fault("%s %q: it is %s", name, shorten(value), strings.Join(allowed, ", "))
		}
	}
	if c.Name == "" {
		fault("name: missing; people read it when they are asked to share their data")
	}
	if c.ID == "" || len(c.ID) > 64 || strings.Trim(c.ID, idAlphabet) != "" {
		fault("id %q: 1 to 64 of a-z, 0-9, hyphen, underscore and dot", shorten(c.ID))
	}
	for _, text := range []struct{ name, value string }{{"name", c.Name}, {"publisher", c.Publisher}, {"purpose", c.Purpose}} {
		if err := checkLine(text.name, text.value, maxClientText); err != nil {
			faults = append(faults, err)
		}
	}
	if c.PolicyURI != "" {
		if err := checkWebPage(c.PolicyURI); err != nil {
			fault("policy address %q %w", shorten(c.PolicyURI), err)
		}
	}
	faults = append(faults, checkRedirectURIs(c)...)
	faults = append(faults, checkLogoutURIs(c)...)
	faults = append(faults, checkGrants(c)...)
	oneOf("authentication", c.AuthMethod, storage.AuthBasic, storage.AuthPost, storage.AuthNone)
	oneOf("subject type", c.SubjectType, storage.SubjectPairwise, storage.SubjectPublic)
	oneOf("algorithm", c.IDTokenAlg, "RS256", "ES256")
	oneOf("consent", c.Consent, storage.ConsentAsk, storage.ConsentInform)
	if c.Public() && !c.RequirePKCE {
		fault("PKCE: a client without a secret cannot do without")
	}
	return errors.Join(faults...)
}

func checkRedirectURIs(c storage.Client) []error {
	switch {
	case len(c.RedirectURIs) == 0 && c.MayUse(storage.GrantCode):
		return []error{errors.New("redirect address: at least one is needed")}
	case len(c.RedirectURIs) > maxRedirectURIs:
		return []error{fmt.Errorf("redirect address: more than %d", maxRedirectURIs)}
	}
	var faults []error
	hosts := map[string]bool{}
	for i, raw := range c.RedirectURIs {
		if err := checkRedirectURI(raw); err != nil {
			faults = append(faults, fmt.Errorf("redirect address %q %w", shorten(raw), err))
			continue
		}
		if slices.Contains(c.RedirectURIs[:i], raw) {
			faults = append(faults, fmt.Errorf("redirect address %q is given twice", shorten(raw)))
		}
		if u, err := url.Parse(raw); err == nil {
			hosts[u.Hostname()] = true
		}
	}
	// OpenID Connect Core §8.1: the pairwise subject is computed from one host.
	if len(faults) == 0 && len(hosts) > 1 && c.SubjectType == storage.SubjectPairwise && c.Sector == "" {
		faults = append(faults, errors.New("sector: needed, because the redirect addresses have several hosts"))
	}
	if err := checkLine("sector", c.Sector, 255); err != nil {
		faults = append(faults, err)
	}
	return faults
}

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_."

// slug makes an id of a name: « Ma Régie & Cie » → ma-regie-cie.
func slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

// tidy squeezes spaces; what is not text is left for the check to refuse.
func tidy(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}
