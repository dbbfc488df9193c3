package storage

import "encoding/json"

// ClientMetadata is the rest of what a client registered: values that the
// protocol reads and no statement looks for. Names are those of the registries
// of RFC 7591 where there is one. The zero value means the default of each.
type ClientMetadata struct {
	// Shown to people.
	ClientURI string   `json:"client_uri,omitempty"`
	LogoURI   string   `json:"logo_uri,omitempty"`
	TOSURI    string   `json:"tos_uri,omitempty"`
	Contacts  []string `json:"contacts,omitempty"`

	// Rights are what people may do in it; none: everybody may open it.
	Rights []Right `json:"rights,omitempty"`

	// Where our own links and the end of a session lead.
	InitiateLoginURI                  string `json:"initiate_login_uri,omitempty"`
	FrontchannelLogoutURI             string `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSessionRequired bool   `json:"frontchannel_logout_session_required,omitempty"`

	// Client authentication with keys (RFC 7523, RFC 8705).
	JWKS                        json.RawMessage `json:"jwks,omitempty"`
	JWKSURI                     string          `json:"jwks_uri,omitempty"`
	TokenEndpointAuthSigningAlg string          `json:"token_endpoint_auth_signing_alg,omitempty"` // empty: any of ours
	TLSClientAuthSubjectDN      string          `json:"tls_client_auth_subject_dn,omitempty"`
	TLSClientAuthSANDNS         string          `json:"tls_client_auth_san_dns,omitempty"`
	TLSClientAuthSANURI         string          `json:"tls_client_auth_san_uri,omitempty"`
	TLSClientAuthSANIP          string          `json:"tls_client_auth_san_ip,omitempty"`
	TLSClientAuthSANEmail       string          `json:"tls_client_auth_san_email,omitempty"`

	// Authorization requests (RFC 9101, RFC 9126).
	RequirePushedAuthorizationRequests bool     `json:"require_pushed_authorization_requests,omitempty"`
	RequireSignedRequestObject         bool     `json:"require_signed_request_object,omitempty"`
	RequestObjectSigningAlg            string   `json:"request_object_signing_alg,omitempty"` // empty: any of ours but none
	DefaultMaxAge                      *int64   `json:"default_max_age,omitempty"`            // seconds; nil: none
	RequireAuthTime                    bool     `json:"require_auth_time,omitempty"`
	DefaultACRValues                   []string `json:"default_acr_values,omitempty"`
	SectorIdentifierURI                string   `json:"sector_identifier_uri,omitempty"`

	// Tokens and signed answers.
	AccessTokenFormat              string   `json:"access_token_format,omitempty"` // FormatOpaque or FormatJWT
	Resources                      []string `json:"resources,omitempty"`           // of a resource server: the URIs it answers for (RFC 8707)
	DPoPBoundAccessTokens          bool     `json:"dpop_bound_access_tokens,omitempty"`
	TLSBoundAccessTokens           bool     `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	UserinfoSignedResponseAlg      string   `json:"userinfo_signed_response_alg,omitempty"` // empty: plain JSON
	IntrospectionSignedResponseAlg string   `json:"introspection_signed_response_alg,omitempty"`

	// Lifetimes in seconds; 0 is the setting for all clients.
	AccessTokenLifetime     int64 `json:"access_token_lifetime,omitempty"`
	IDTokenLifetime         int64 `json:"id_token_lifetime,omitempty"`
	RefreshIdleLifetime     int64 `json:"refresh_idle_lifetime,omitempty"`
	RefreshAbsoluteLifetime int64 `json:"refresh_absolute_lifetime,omitempty"`
}

// Formats of a client's access tokens.
const (
	FormatOpaque = ""
	FormatJWT    = "jwt" // RFC 9068
)

// value is the metadata as stored.
func (m ClientMetadata) value() (string, error) {
	text, err := json.Marshal(m)
	return string(text), err
}

// read fills the metadata from what is stored.
func (m *ClientMetadata) read(stored string) error {
	if stored == "" || stored == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(stored), m)
}
