package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"loge/provider/outbound"
	"loge/provider/registry"
	"loge/provider/secret"
	"loge/storage"
)

// Dynamic registration (RFC 7591, OpenID Connect Registration) and its
// management (RFC 7592). Who brings an operator's invitation as initial access
// token may register an application, within what the invitation allows. People
// are always asked for their consent. The registration access token stays the
// same as long as the client does, so that a lost answer locks nobody out; only
// its hash is stored, and an answer repeats the one that was brought.

// registerPath is the registration endpoint.
const registerPath = "/oauth2/register"

// maxRegistration bounds the body of a registration, in bytes.
const maxRegistration = 64 << 10

// registeredClient is the answer (RFC 7591 §3.2.1, RFC 7592 §3). Metadata that means
// nothing here is left out of it.
type registeredClient struct {
	registry.Document
	IssuedAt      storage.Time `json:"client_id_issued_at"`
	Secret        string       `json:"client_secret,omitempty"`
	SecretExpires *int64       `json:"client_secret_expires_at,omitempty"` // 0: never; there with a secret only
	Token         string       `json:"registration_access_token"`
	URI           string       `json:"registration_client_uri"`
}

var (
	errInvitation        = refuse("invalid_token", "The initial access token is missing, unknown, used up or expired: ask the operator for an invitation.")
	errRegistrationToken = refuse("invalid_token", "The registration access token is not that of this client.")
)

// Register is the registration endpoint: POST.
func (p *Provider) Register(w http.ResponseWriter, r *http.Request) {
	answer, err := p.register(r.Context(), w, r)
	if err != nil {
		p.refuseRegistration(w, r, "", err)
		return
	}
	writeJSON(w, http.StatusCreated, answer)
}

func (p *Provider) register(ctx context.Context, w http.ResponseWriter, r *http.Request) (*registeredClient, error) {
	now := storage.At(p.Now())
	token := registrationToken(r)
	if token == "" {
		return nil, errInvitation
	}
	invitation, err := p.DB.InvitationByHash(ctx, secret.HashClientSecret(token), now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errInvitation
	}
	if err != nil {
		return nil, fmt.Errorf("load invitation: %w", err)
	}
	body, err := readRegistration(w, r)
	if err != nil {
		return nil, err
	}
	body.ID = "app-" + strings.ToLower(storage.NewID())
	reg := storage.Registration{ClientID: body.ID, Invitation: invitation.ID, Publisher: invitation.Publisher, Scopes: invitation.Scopes, CreatedAt: now}
	c, logo, err := p.limit(ctx, body.Document, reg, storage.Client{})
	if err != nil {
		return nil, err
	}
	answer := p.answerFor(&c)
	answer.Token, c.RegistrationHash = secret.NewClientSecret()
	if hasSecret(c) {
		answer.secret(&c)
	}
	err = p.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.UseInvitation(ctx, invitation.ID, now); err != nil {
			return err
		}
		if err := q.CreateClient(ctx, c); err != nil {
			return err
		}
		if err := q.CreateRegistration(ctx, reg); err != nil {
			return err
		}
		if err := saveLogo(ctx, q, c, logo); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: c.ID, Action: "client.registered", Subject: c.ID,
			Details: map[string]string{"name": c.Name, "invitation": invitation.ID, "redirect_uris": strings.Join(c.RedirectURIs, " "), "scopes": c.Scopes}})
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errInvitation // somebody else took the last use
	}
	if err != nil {
		return nil, fmt.Errorf("store registration: %w", err)
	}
	return answer, nil
}

// Registration is the client configuration endpoint of one client (RFC 7592):
// GET reads it, PUT replaces its metadata, DELETE ends it.
func (p *Provider) Registration(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	c, token, err := p.registrant(ctx, r)
	if err != nil {
		p.refuseRegistration(w, r, "", err)
		return
	}
	var answer *registeredClient
	switch r.Method {
	case http.MethodPut:
		answer, err = p.replace(ctx, w, r, c)
	case http.MethodDelete:
		if err = p.deregister(ctx, c); err == nil {
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNoContent)
			return
		}
	default:
		answer = p.answerFor(&c)
	}
	if err != nil {
		p.refuseRegistration(w, r, c.ID, err)
		return
	}
	answer.Token = token
	writeJSON(w, http.StatusOK, answer)
}

// registrant is the client of the address, when the request brings its
// registration access token. An unknown client costs the same and is answered
// alike.
func (p *Provider) registrant(ctx context.Context, r *http.Request) (storage.Client, string, error) {
	token := registrationToken(r)
	c, err := p.clientOf(ctx, mux.Vars(r)["id"])
	if err != nil {
		return c, "", err
	}
	if !secret.ClientSecretMatches(c.RegistrationHash, token) || !c.DisabledAt.IsZero() {
		return storage.Client{}, "", errRegistrationToken
	}
	return c, token, nil
}

// replace is the PUT of RFC 7592 §2.2: what is left out has its default.
func (p *Provider) replace(ctx context.Context, w http.ResponseWriter, r *http.Request, before storage.Client) (*registeredClient, error) {
	body, err := readRegistration(w, r)
	if err != nil {
		return nil, err
	}
	switch {
	case body.ID != before.ID:
		return nil, refuse("invalid_client_metadata", "The client_id must be that of this client.")
	case body.Token != "" || body.URI != "" || body.SecretExpires != nil || body.IssuedAt != 0:
		return nil, refuse("invalid_client_metadata", "Leave out registration_access_token, registration_client_uri, client_secret_expires_at and client_id_issued_at.")
	case body.Secret != "" && !secret.ClientSecretMatches(before.SecretHash, body.Secret):
		return nil, refuse("invalid_client_metadata", "The client_secret must be the present one, or left out.")
	}
	reg, err := p.DB.RegistrationOf(ctx, before.ID)
	if err != nil {
		return nil, fmt.Errorf("load registration: %w", err)
	}
	c, logo, err := p.limit(ctx, body.Document, reg, before)
	if err != nil {
		return nil, err
	}
	c.CreatedAt = before.CreatedAt
	answer := p.answerFor(&c)
	begins := hasSecret(c) && !hasSecret(before)
	if begins {
		answer.secret(&c)
	}
	err = p.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.SaveClient(ctx, c); err != nil {
			return err
		}
		if begins || !hasSecret(c) && hasSecret(before) {
			if err := q.RotateClientSecret(ctx, c.ID, c.SecretHash, 0, c.UpdatedAt); err != nil {
				return err
			}
		}
		if err := saveLogo(ctx, q, c, logo); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: c.UpdatedAt, Actor: c.ID, Action: "client.changed", Subject: c.ID,
			Details: map[string]string{"name": c.Name, "redirect_uris": strings.Join(c.RedirectURIs, " "), "scopes": c.Scopes}})
	})
	if err != nil {
		return nil, fmt.Errorf("store registration: %w", err)
	}
	return answer, nil
}

// deregister ends the client and everything it was given.
func (p *Provider) deregister(ctx context.Context, c storage.Client) error {
	now := storage.At(p.Now())
	err := p.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.EndRegistration(ctx, c.ID, now); err != nil {
			return err
		}
		if err := q.RevokeClientGrants(ctx, c.ID, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: c.ID, Action: "client.deregistered", Subject: c.ID})
	})
	if errors.Is(err, storage.ErrNotFound) {
		return errRegistrationToken // another request was first
	}
	if err != nil {
		return fmt.Errorf("end registration: %w", err)
	}
	return nil
}

// limit makes the client of what was sent, within the invitation, and examines
// it. Names that are the operator's to decide mean nothing here.
func (p *Provider) limit(ctx context.Context, d registry.Document, reg storage.Registration, before storage.Client) (c storage.Client, logo *registry.Logo, err error) {
	d.ID, d.Consent, d.RequirePKCE, d.Audiences, d.Sector = reg.ClientID, "", nil, nil, ""
	d.AccessTokenLifetime, d.IDTokenLifetime, d.RefreshIdleLifetime, d.RefreshAbsoluteLifetime = 0, 0, 0, 0
	d.Resources, d.AccessTokenFormat, d.Rights = nil, "", before.Metadata.Rights
	if reg.Publisher != "" {
		d.Publisher = reg.Publisher
	}
	var faults registry.Faults
	if d.Name == "" {
		d.Name = d.ID // optional in RFC 7591
	}
	if len(d.ResponseTypes) > 0 && (!slices.Equal(d.ResponseTypes, []string{"code"})) {
		faults = append(faults, registry.Fault{Field: "response_types", Text: "response_types: code alone is supported"})
	}
	if d.Scope == "" {
		d.Scope = reg.Scopes
		if !slices.Contains(d.GrantTypes, storage.GrantRefresh) {
			d.Scope = strings.Join(slices.DeleteFunc(words(d.Scope), func(s string) bool { return s == offlineAccess }), " ")
		}
	}
	c = d.Client(storage.At(p.Now()))
	for _, scope := range words(c.Scopes) {
		if !storage.HasWord(reg.Scopes, scope) && scope != "openid" {
			faults = append(faults, registry.Fault{Field: "scope", Text: "scope " + scope + ": the invitation does not allow it"})
		}
	}
	if c.MayUse(storage.GrantCredentials) {
		faults = append(faults, registry.Fault{Field: "grant_types", Text: "grant type client_credentials: an operator registers such clients"})
	}
	former := before
	if before.ID != "" {
		if former.Metadata.LogoURI, err = p.DB.LogoURI(ctx, before.ID); err != nil {
			return c, nil, fmt.Errorf("load logo: %w", err)
		}
	}
	if faults = append(faults, registry.Check(c)...); len(faults) == 0 {
		logo, faults = registry.Examine(ctx, c, former, func(ctx context.Context, address string) ([]byte, error) {
			return outbound.Fetch(ctx, p.Outbound, address)
		})
	}
	if len(faults) > 0 {
		return c, nil, registrationError(faults)
	}
	return c, logo, nil
}

// registrationError tells all faults; RFC 7591 §3.2.2 has a code of its own for
// redirect URIs.
func registrationError(faults registry.Faults) *Error {
	e := &Error{Code: "invalid_redirect_uri"}
	texts := make([]string, len(faults))
	for i, fault := range faults {
		if texts[i] = fault.Text; fault.Field != "redirect_uris" {
			e.Code = "invalid_client_metadata"
		}
	}
	e.Description = strings.Join(texts, "; ")
	return e
}

// answerFor is what a registrant is told of its client.
func (p *Provider) answerFor(c *storage.Client) *registeredClient {
	return &registeredClient{Document: registry.Of(*c), IssuedAt: c.CreatedAt, URI: p.Issuer + registerPath + "/" + c.ID}
}

// secret gives the client a secret, told in this answer and never again.
func (a *registeredClient) secret(c *storage.Client) {
	a.Secret, c.SecretHash = secret.NewClientSecret()
	a.SecretExpires, c.SecretCreatedAt = new(int64), c.UpdatedAt
}

func hasSecret(c storage.Client) bool {
	return c.AuthMethod == storage.AuthBasic || c.AuthMethod == storage.AuthPost
}

func saveLogo(ctx context.Context, q *storage.Queries, c storage.Client, logo *registry.Logo) error {
	if logo != nil {
		return q.SaveLogo(ctx, storage.Logo{ClientID: c.ID, URI: c.Metadata.LogoURI, Type: logo.Type, Image: logo.Image, FetchedAt: c.UpdatedAt})
	}
	if c.Metadata.LogoURI == "" {
		return q.DeleteLogo(ctx, c.ID)
	}
	return nil
}

// readRegistration reads the body: JSON, bounded. Names that are not known are
// left alone (RFC 7591 §2).
func readRegistration(w http.ResponseWriter, r *http.Request) (body registeredClient, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return body, refuse("invalid_client_metadata", "The body must be application/json.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRegistration))
	if err != nil {
		return body, refuse("invalid_client_metadata", fmt.Sprintf("The body cannot be read, or has more than %d bytes.", maxRegistration))
	}
	return parseRegistration(text)
}

func parseRegistration(text []byte) (body registeredClient, err error) {
	if err := json.Unmarshal(text, &body); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return body, refuse("invalid_client_metadata", "The value of "+wrong.Field+" is of the wrong kind.")
		}
		return body, refuse("invalid_client_metadata", "The body is not a JSON object.")
	}
	return body, nil
}

// registrationToken is the token of the one Authorization header, "" without.
func registrationToken(r *http.Request) string {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > 200 {
		return ""
	}
	return strings.TrimSpace(token)
}

// refuseRegistration writes an error of registration (RFC 7591 §3.2.2, RFC 6750
// §3).
func (p *Provider) refuseRegistration(w http.ResponseWriter, r *http.Request, clientID string, err error) {
	e := answer(err)
	p.log(r.Context(), "registration refused", clientID, e)
	if e.status() == http.StatusUnauthorized {
		challenge := `Bearer realm="` + p.Issuer + `"`
		if r.Header.Get("Authorization") != "" {
			challenge += `, error="` + e.Code + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	writeError(w, e)
}
