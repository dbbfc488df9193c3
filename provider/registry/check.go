package registry

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"loge/storage"
)

const (
	maxText     = 200 // characters of a name or a purpose
	maxContacts = 10
	maxACR      = 10
	maxMaxAge   = 366 * 24 * 3600 // seconds

	// Lifetimes in seconds. A signing key stays published a day after it has
	// stopped signing: nothing it signed may live longer.
	minLifetime        = 30
	maxLifetime        = 24 * 3600
	maxRefreshLifetime = 400 * 24 * 3600
)

// Algorithms are those we sign with.
var Algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

// ClientAlgorithms are those that clients may sign with. Ed25519 is the newer
// name of EdDSA (RFC 9864 §2.2).
var ClientAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}

// authMethods are those a client may be registered for.
var authMethods = []string{storage.AuthBasic, storage.AuthPost, storage.AuthPrivateKeyJWT, storage.AuthTLS, storage.AuthSelfSignedTLS, storage.AuthNone}

// Check tells everything that is wrong with a client, and asks nobody. nil when
// nothing is. Whether its audiences exist is for the caller to know.
func Check(c storage.Client) Faults {
	var faults Faults
	oneOf := func(field, name, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			faults.add(field, "%s %q: it is %s", name, shorten(value), strings.Join(allowed, ", "))
		}
	}
	if c.ID == "" || len(c.ID) > 64 || strings.Trim(c.ID, idAlphabet) != "" {
		faults.add("client_id", "id %q: 1 to 64 of a-z, 0-9, hyphen, underscore and dot", shorten(c.ID))
	}
	if c.Name == "" {
		faults.add("client_name", "name: missing; people read it when they are asked to share their data")
	}
	faults.line("client_name", "name", c.Name, maxText)
	faults.line("publisher", "publisher", c.Publisher, maxText)
	faults.line("purpose", "purpose", c.Purpose, maxText)
	checkContacts(c, &faults)
	checkPages(c, &faults)
	checkRedirectURIs(c, &faults)
	checkLogoutURIs(c, &faults)
	checkGrants(c, &faults)
	oneOf("token_endpoint_auth_method", "authentication", c.AuthMethod, authMethods...)
	checkKeys(c, &faults)
	checkCertificate(c, &faults)
	oneOf("subject_type", "subject type", c.SubjectType, storage.SubjectPairwise, storage.SubjectPublic)
	oneOf("id_token_signed_response_alg", "algorithm", c.IDTokenAlg, Algorithms...)
	for _, alg := range []struct {
		field, value string
		allowed      []string
	}{
		{"token_endpoint_auth_signing_alg", c.Metadata.TokenEndpointAuthSigningAlg, ClientAlgorithms},
		{"request_object_signing_alg", c.Metadata.RequestObjectSigningAlg, append([]string{"none"}, ClientAlgorithms...)},
		{"userinfo_signed_response_alg", c.Metadata.UserinfoSignedResponseAlg, Algorithms},
		{"introspection_signed_response_alg", c.Metadata.IntrospectionSignedResponseAlg, Algorithms},
	} {
		if alg.value != "" {
			oneOf(alg.field, alg.field, alg.value, alg.allowed...)
		}
	}
	oneOf("consent", "consent", c.Consent, storage.ConsentAsk, storage.ConsentInform)
	if c.Public() && !c.RequirePKCE {
		faults.add("require_pkce", "PKCE: a client without a secret cannot do without")
	}
	checkRights(c, &faults)
	checkRequests(c, &faults)
	checkTokens(c, &faults)
	checkLifetimes(c, &faults)
	return faults
}

func checkContacts(c storage.Client, faults *Faults) {
	const field = "contacts"
	if len(c.Metadata.Contacts) > maxContacts {
		faults.add(field, "contacts: more than %d", maxContacts)
		return
	}
	for _, contact := range c.Metadata.Contacts {
		if faults.line(field, "contact", contact, 254); !strings.Contains(contact, "@") {
			faults.add(field, "contact %q: an e-mail address of whoever looks after the application", shorten(contact))
		}
	}
}

// checkCertificate: a client known by the certificate of an authority names one
// thing of it, and no other client names any (RFC 8705 §2.1.2).
func checkCertificate(c storage.Client, faults *Faults) {
	m := c.Metadata
	named := 0
	for _, name := range []struct{ field, value string }{
		{"tls_client_auth_subject_dn", m.TLSClientAuthSubjectDN}, {"tls_client_auth_san_dns", m.TLSClientAuthSANDNS},
		{"tls_client_auth_san_uri", m.TLSClientAuthSANURI}, {"tls_client_auth_san_ip", m.TLSClientAuthSANIP},
		{"tls_client_auth_san_email", m.TLSClientAuthSANEmail},
	} {
		if faults.line(name.field, name.field, name.value, 1000); name.value != "" {
			named++
		}
	}
	switch {
	case c.AuthMethod == storage.AuthTLS && named != 1:
		faults.add("tls_client_auth_subject_dn", "certificate: tls_client_auth needs exactly one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip, _san_email")
	case c.AuthMethod != storage.AuthTLS && named > 0:
		faults.add("tls_client_auth_subject_dn", "certificate: tls_client_auth_… goes with the authentication tls_client_auth only")
	}
	if m.TLSClientAuthSANIP != "" {
		if _, err := netip.ParseAddr(m.TLSClientAuthSANIP); err != nil {
			faults.add("tls_client_auth_san_ip", "tls_client_auth_san_ip %q: not an IP address", shorten(m.TLSClientAuthSANIP))
		}
	}
}

// checkRequests checks what is said about authorization requests.
func checkRequests(c storage.Client, faults *Faults) {
	m := c.Metadata
	if m.DefaultMaxAge != nil && (*m.DefaultMaxAge < 0 || *m.DefaultMaxAge > maxMaxAge) {
		faults.add("default_max_age", "default_max_age %d: 0 to %d seconds", *m.DefaultMaxAge, maxMaxAge)
	}
	if len(m.DefaultACRValues) > maxACR {
		faults.add("default_acr_values", "default_acr_values: more than %d", maxACR)
		return
	}
	for _, acr := range m.DefaultACRValues {
		if faults.line("default_acr_values", "default_acr_values", acr, maxText); acr == "" || strings.Contains(acr, " ") {
			faults.add("default_acr_values", "default_acr_values %q: one value without spaces", shorten(acr))
		}
	}
}

// checkTokens checks what is said about access tokens.
func checkTokens(c storage.Client, faults *Faults) {
	m := c.Metadata
	if m.AccessTokenFormat != storage.FormatOpaque && m.AccessTokenFormat != storage.FormatJWT {
		faults.add("access_token_format", "access_token_format %q: jwt, or left out for opaque ones", shorten(m.AccessTokenFormat))
	}
	if m.DPoPBoundAccessTokens && m.TLSBoundAccessTokens {
		faults.add("dpop_bound_access_tokens", "access tokens are bound to a DPoP key or to a certificate: choose one")
	}
	if len(m.Resources) > maxRedirectURIs {
		faults.add("resources", "resources: more than %d", maxRedirectURIs)
		return
	}
	for i, raw := range m.Resources {
		u, err := url.Parse(raw)
		switch {
		case err != nil || len(raw) > maxURI || !u.IsAbs() || u.Fragment != "" || strings.ContainsAny(raw, "# \t\n"):
			faults.add("resources", "resource %q: an absolute address without a fragment", shorten(raw)) // RFC 8707 §2
		case slices.Contains(m.Resources[:i], raw):
			faults.add("resources", "resource %q is given twice", shorten(raw))
		}
	}
}

func checkLifetimes(c storage.Client, faults *Faults) {
	m := c.Metadata
	for _, life := range []struct {
		field       string
		value, most int64
	}{
		{"access_token_lifetime", m.AccessTokenLifetime, maxLifetime},
		{"id_token_lifetime", m.IDTokenLifetime, maxLifetime},
		{"refresh_idle_lifetime", m.RefreshIdleLifetime, maxRefreshLifetime},
		{"refresh_absolute_lifetime", m.RefreshAbsoluteLifetime, maxRefreshLifetime},
	} {
		if life.value != 0 && (life.value < minLifetime || life.value > life.most) {
			faults.add(life.field, "%s %d: %d to %d seconds, or left out for the setting", life.field, life.value, minLifetime, life.most)
		}
	}
	if m.RefreshAbsoluteLifetime > 0 && m.RefreshIdleLifetime > m.RefreshAbsoluteLifetime {
		faults.add("refresh_idle_lifetime", "refresh_idle_lifetime: longer than refresh_absolute_lifetime")
	}
	if (m.RefreshIdleLifetime > 0 || m.RefreshAbsoluteLifetime > 0) && !c.MayUse(storage.GrantRefresh) {
		faults.add("refresh_idle_lifetime", "refresh lifetimes: go with the grant type refresh_token")
	}
}
