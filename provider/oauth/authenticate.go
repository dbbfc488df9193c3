package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ory/fosite"

	"loge/provider/secret"
	"loge/storage"
)

// credentials are what a request says about its client.
type credentials struct {
	id     string
	secret string
	method string // storage.AuthBasic, AuthPost, AuthPrivateKeyJWT, or AuthNone: nothing but the id, and perhaps a certificate
	// signed is the assertion of AuthPrivateKeyJWT.
	signed *assertion
}

// authMethods are those of the token endpoint, and of every other endpoint where
// clients authenticate.
func (p *Provider) authMethods() []string {
	methods := []string{storage.AuthBasic, storage.AuthPost, storage.AuthPrivateKeyJWT}
	if p.Certificates != nil {
		methods = append(methods, storage.AuthSelfSignedTLS)
		if p.ClientCAs != nil {
			methods = append(methods, storage.AuthTLS)
		}
	}
	return append(methods, storage.AuthNone)
}

// errClient is the one answer to an unknown client, a wrong secret or key and a
// wrong method.
var errClient = refuse("invalid_client", "The client is unknown, its secret or key is wrong, or it is registered for another authentication method.")

// mayUse tells whether a client is known, may be served and is registered for
// that method.
func mayUse(c storage.Client, method string) bool {
	return c.ID != "" && c.DisabledAt.IsZero() && c.AuthMethod == method
}

// authenticate is client authentication at every endpoint that has it, fosite's
// too: by the one method the client is registered for. Unknown clients and
// wrong secrets or keys cost the same and are answered alike.
func (p *Provider) authenticate(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	given, err := readCredentials(r.Header["Authorization"], form)
	if err != nil {
		return nil, err
	}
	c, err := p.clientOf(ctx, given.id)
	if err != nil {
		return nil, err
	}
	if err := p.prove(ctx, r, c, given); err != nil {
		return nil, err
	}
	authenticated := &client{c}
	u := unitOf(ctx)
	u.client = authenticated
	if c.Metadata.TLSBoundAccessTokens {
		u.proven.X5T = p.certificateOf(r).X5T
		if u.proven.X5T == "" && u.asksTokens {
			return nil, refuse("invalid_request", "The tokens of this client are bound to a certificate, and the request shows none.")
		}
	}
	if err := p.provesKey(ctx, u); err != nil {
		return nil, err
	}
	return authenticated, nil
}

// prove checks what the request brings to show that it is the client's.
func (p *Provider) prove(ctx context.Context, r *http.Request, c storage.Client, given credentials) error {
	if given.signed != nil {
		return p.verifyAssertion(ctx, c, given.signed, r.URL.Path)
	}
	if given.method == storage.AuthNone && given.secret == "" && p.certified(ctx, r, c) {
		return nil
	}
	matches := p.secretMatches(c, given.secret)
	switch {
	case !mayUse(c, given.method):
		return errClient
	case c.Public() && given.secret == "":
		return nil
	case !matches:
		return errClient
	}
	return nil
}

// secretMatches looks at the secret and at the one before it, which is valid for
// a while after a renewal: both each time, so that the answer takes the same.
func (p *Provider) secretMatches(c storage.Client, plain string) bool {
	current := secret.ClientSecretMatches(c.SecretHash, plain)
	former := secret.ClientSecretMatches(c.FormerSecretHash, plain)
	return current || former && storage.At(p.Now()) < c.FormerSecretUntil
}

// clientOf loads a client; an unknown one is empty.
func (p *Provider) clientOf(ctx context.Context, id string) (storage.Client, error) {
	if id == "" || len(id) > maxClientID || !clean(id) {
		return storage.Client{}, nil
	}
	c, err := p.DB.Client(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Client{}, nil
	}
	if err != nil {
		return storage.Client{}, fmt.Errorf("load client: %w", err)
	}
	return c, nil
}

// readCredentials allows one method per request (RFC 6749 §2.3). A client that
// uses Basic may repeat its id in the body.
func readCredentials(headers []string, form url.Values) (credentials, error) {
	id, password := form.Get("client_id"), form.Get("client_secret")
	switch {
	case form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "":
		if len(headers) > 0 || password != "" {
			return credentials{}, errTwoMethods
		}
		return assertedCredentials(form)
	case len(headers) > 1:
		return credentials{}, refuse("invalid_request", "There is more than one Authorization header.")
	case len(headers) == 0 && password != "":
		return credentials{id: id, secret: password, method: storage.AuthPost}, nil
	case len(headers) == 0:
		return credentials{id: id, method: storage.AuthNone}, nil
	}
	given, ok := parseBasic(headers[0])
	switch {
	case !ok:
		return credentials{}, refuse("invalid_client", "The Authorization header is not Basic with an urlencoded id and secret.")
	case password != "" || id != "" && id != given.id:
		return credentials{}, errTwoMethods
	}
	return given, nil
}

var errTwoMethods = refuse("invalid_request", "The client uses two authentication methods.")

// assertedCredentials reads those of private_key_jwt. The client_id may be
// repeated in the body.
func assertedCredentials(form url.Values) (credentials, error) {
	if form.Get("client_assertion_type") != assertionType {
		return credentials{}, refuse("invalid_client", "The client_assertion_type is not "+assertionType+".")
	}
	signed, err := readAssertion(form.Get("client_assertion"))
	if err != nil {
		return credentials{}, err
	}
	given := credentials{id: signed.claims.Subject, method: storage.AuthPrivateKeyJWT, signed: signed}
	if id := form.Get("client_id"); id != "" && id != given.id {
		return credentials{}, refuse("invalid_request", "The client_id is not the sub of the client_assertion.")
	}
	return given, nil
}

// parseBasic reads the header of client_secret_basic: id and secret are
// urlencoded before they are joined (RFC 6749 §2.3.1).
func parseBasic(header string) (credentials, bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return credentials{}, false
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil {
		return credentials{}, false
	}
	id, password, ok := strings.Cut(string(pair), ":")
	if !ok {
		return credentials{}, false
	}
	given := credentials{method: storage.AuthBasic}
	var idErr, passwordErr error
	given.id, idErr = url.QueryUnescape(id)
	given.secret, passwordErr = url.QueryUnescape(password)
	return given, idErr == nil && passwordErr == nil && given.id != ""
}
