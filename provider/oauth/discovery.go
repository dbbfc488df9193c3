package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"loge/provider/factor"
	"loge/storage"
)

// metadata is the discovery document (Discovery §3, RFC 8414 §2).
type metadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserinfoEndpoint      string `json:"userinfo_endpoint"`
	RevocationEndpoint    string `json:"revocation_endpoint"`
	DeviceEndpoint        string `json:"device_authorization_endpoint"`
	IntrospectionEndpoint string `json:"introspection_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
	EndSessionEndpoint    string `json:"end_session_endpoint"`
	RegistrationEndpoint  string `json:"registration_endpoint,omitempty"` // while an invitation can be used
	PushedRequestEndpoint string `json:"pushed_authorization_request_endpoint"`

	ScopesSupported                  []string `json:"scopes_supported"`
	ResponseTypesSupported           []string `json:"response_types_supported"`
	ResponseModesSupported           []string `json:"response_modes_supported"`
	GrantTypesSupported              []string `json:"grant_types_supported"`
	ACRValuesSupported               []string `json:"acr_values_supported"`
	SubjectTypesSupported            []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported []string `json:"id_token_signing_alg_values_supported"`
	UserinfoSigningAlgs              []string `json:"userinfo_signing_alg_values_supported"`
	IntrospectionSigningAlgs         []string `json:"introspection_signing_alg_values_supported"`
	AuthMethodsSupported             []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgsSupported                []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthAlgs               []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthAlgs            []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods            []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuthMethods         []string `json:"introspection_endpoint_auth_methods_supported"`
	DPoPAlgs                         []string `json:"dpop_signing_alg_values_supported"`
	CodeChallengeMethodsSupported    []string `json:"code_challenge_methods_supported"`
	ClaimTypesSupported              []string `json:"claim_types_supported"`
	ClaimsSupported                  []string `json:"claims_supported"`
	UILocalesSupported               []string `json:"ui_locales_supported"`
	PromptValuesSupported            []string `json:"prompt_values_supported"`

	CertificateBoundTokens bool              `json:"tls_client_certificate_bound_access_tokens"`
	CertificateEndpoints   map[string]string `json:"mtls_endpoint_aliases,omitempty"`

	BackchannelLogoutSupported         bool `json:"backchannel_logout_supported"`
	BackchannelLogoutSessionSupported  bool `json:"backchannel_logout_session_supported"`
	FrontchannelLogoutSupported        bool `json:"frontchannel_logout_supported"`
	FrontchannelLogoutSessionSupported bool `json:"frontchannel_logout_session_supported"`

	RequirePushedRequests bool     `json:"require_pushed_authorization_requests"`
	RequestObjectAlgs     []string `json:"request_object_signing_alg_values_supported"`

	// Absent, the second of these would mean true (Discovery §3).
	RequestParameterSupported     bool `json:"request_parameter_supported"`
	RequestURIParameterSupported  bool `json:"request_uri_parameter_supported"`
	RequireRequestURIRegistration bool `json:"require_request_uri_registration"`
	ClaimsParameterSupported      bool `json:"claims_parameter_supported"`
	IssParameterSupported         bool `json:"authorization_response_iss_parameter_supported"`
}

// describe computes the document once, from what the code uses.
func (p *Provider) describe(registration string) ([]byte, error) {
	document := metadata{
		Issuer:                p.Issuer,
		AuthorizationEndpoint: p.Issuer + authorizePath,
		TokenEndpoint:         p.Issuer + tokenPath,
		UserinfoEndpoint:      p.Issuer + "/oauth2/userinfo",
		RevocationEndpoint:    p.Issuer + "/oauth2/revoke",
		DeviceEndpoint:        p.Issuer + "/oauth2/device",
		IntrospectionEndpoint: p.Issuer + "/oauth2/introspect",
		JWKSURI:               p.Issuer + "/oauth2/jwks",
		EndSessionEndpoint:    p.Issuer + logoutPath,
		RegistrationEndpoint:  registration,
		PushedRequestEndpoint: p.Issuer + "/oauth2/par",

		ScopesSupported:                  offeredScopes,
		ResponseTypesSupported:           []string{"code"},
		ResponseModesSupported:           responseModes,
		GrantTypesSupported:              grantTypes,
		ACRValuesSupported:               factor.Levels,
		SubjectTypesSupported:            []string{storage.SubjectPairwise, storage.SubjectPublic},
		IDTokenSigningAlgValuesSupported: algorithms,
		UserinfoSigningAlgs:              algorithms,
		IntrospectionSigningAlgs:         algorithms,
		AuthMethodsSupported:             p.authMethods(),
		AuthAlgsSupported:                clientAlgs,
		RevocationAuthMethods:            p.authMethods(),
		RevocationAuthAlgs:               clientAlgs,
		IntrospectionAuthMethods:         slices.DeleteFunc(p.authMethods(), func(m string) bool { return m == storage.AuthNone }),
		IntrospectionAuthAlgs:            clientAlgs,
		DPoPAlgs:                         clientAlgs,
		CodeChallengeMethodsSupported:    []string{"S256"},
		ClaimTypesSupported:              []string{"normal"},
		ClaimsSupported:                  []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid", "at_hash", "acr", "amr"},
		UILocalesSupported:               []string{"fr"},
		PromptValuesSupported:            []string{"none", "login", "consent", "select_account"},
		RequirePushedRequests:            p.RequirePAR,
		RequestObjectAlgs:                requestObjectAlgs,
		RequestParameterSupported:        true,
		ClaimsParameterSupported:         true,
		IssParameterSupported:            true,

		BackchannelLogoutSupported:         true,
		BackchannelLogoutSessionSupported:  true,
		FrontchannelLogoutSupported:        true,
		FrontchannelLogoutSessionSupported: true,
	}
	for _, c := range claims {
		document.ClaimsSupported = append(document.ClaimsSupported, c.name)
	}
	document.CertificateBoundTokens = p.Certificates != nil
	if p.Certificates != nil && p.CertificateAddress != "" {
		document.CertificateEndpoints = p.aliases(document)
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode discovery document: %w", err)
	}
	return append(text, '\n'), nil
}

// aliases are the addresses of the endpoints where clients are asked for a
// certificate (RFC 8705 §5).
func (p *Provider) aliases(m metadata) map[string]string {
	aliases := map[string]string{}
	for name, address := range map[string]string{
		"token_endpoint":                        m.TokenEndpoint,
		"userinfo_endpoint":                     m.UserinfoEndpoint,
		"revocation_endpoint":                   m.RevocationEndpoint,
		"introspection_endpoint":                m.IntrospectionEndpoint,
		"device_authorization_endpoint":         m.DeviceEndpoint,
		"pushed_authorization_request_endpoint": m.PushedRequestEndpoint,
	} {
		aliases[name] = p.certificateBase() + strings.TrimPrefix(address, p.Issuer)
	}
	return aliases
}

// Discovery serves the document at both well-known addresses.
func (p *Provider) Discovery(w http.ResponseWriter, r *http.Request) {
	document := p.discovery
	if p.registrationOpen(r.Context()) {
		document = p.inviting
	}
	serveBytes(w, "application/json", "public, max-age=3600", document)
}

// looked is what a look into the database said, and when.
type looked struct {
	at   time.Time
	said bool
}

// registrationOpen tells whether there was an invitation to register within the
// last second. Whoever keeps the document an hour, as it says, loses nothing by
// that second, and the document costs no look into the database.
func (p *Provider) registrationOpen(ctx context.Context) bool {
	now := p.Now()
	if last := p.invitations.Load(); last != nil && now.Sub(last.at) < time.Second {
		return last.said
	}
	open, err := p.DB.AnyInvitation(ctx, storage.At(now))
	if err != nil {
		p.Log.ErrorContext(ctx, "look for invitations", "error", err)
		return false
	}
	p.invitations.Store(&looked{now, open})
	return open
}

// jwksCached is how long applications and proxies may keep the key set: short
// against the lead a new key gets before it signs (keyLead).
const jwksCached = 5 * time.Minute

var jwksCaching = fmt.Sprintf("public, max-age=%d", int(jwksCached.Seconds()))

// JWKS serves the public keys, at most a second old: whoever asks because of an
// unknown kid may have it from another replica.
func (p *Provider) JWKS(w http.ResponseWriter, r *http.Request) {
	keys := p.keysWithin(r.Context(), time.Second)
	if len(keys.signers) < len(algorithms) {
		var err error
		if keys, err = p.complete(r.Context()); err != nil {
			p.Log.ErrorContext(r.Context(), "key set not complete", "error", err)
			w.Header().Set("Retry-After", "5")
			writeError(w, refuse("temporarily_unavailable", "The keys cannot be read now: try again."))
			return
		}
	}
	serveBytes(w, "application/jwk-set+json", jwksCaching, keys.jwks)
}

func serveBytes(w http.ResponseWriter, contentType, cache string, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = []string{contentType}, []string{cache}
	h["Content-Length"] = []string{strconv.Itoa(len(body))} // net/http sends a longer body in chunks
	_, _ = w.Write(body)                                    // fails only when the client has gone
}
