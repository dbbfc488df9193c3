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
	method string // storage.AuthBasic, AuthPost or AuthNone
}

// errClient is the one answer to an unknown client, a wrong secret and a wrong
// method.
var errClient = refuse("invalid_client", "The client is unknown, its secret is wrong, or it is registered for another authentication method.")

// authenticate is fosite's client authentication: one of client_secret_basic,
// client_secret_post and none, the one the client is registered for. Unknown
// clients and wrong secrets cost the same and are answered alike.
func (p *Provider) authenticate(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	given, err := readCredentials(r.Header["Authorization"], form)
	if err != nil {
		return nil, err
	}
	c, err := p.clientOf(ctx, given.id)
	if err != nil {
		return nil, err
	}
	matches := secret.ClientSecretMatches(c.SecretHash, given.secret)
	switch {
	case c.ID == "" || !c.DisabledAt.IsZero() || given.method != c.AuthMethod:
		return nil, errClient
	case c.Public() && given.secret == "":
	case !matches:
		return nil, errClient
	}
	authenticated := &client{c}
	unitOf(ctx).client = authenticated
	return authenticated, nil
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
		return credentials{}, refuse("invalid_client", "Client assertions are not supported.")
	case len(headers) > 1:
		return credentials{}, refuse("invalid_request", "There is more than one Authorization header.")
	case len(headers) == 0 && password != "":
		return credentials{id, password, storage.AuthPost}, nil
	case len(headers) == 0:
		return credentials{id: id, method: storage.AuthNone}, nil
	}
	given, ok := parseBasic(headers[0])
	switch {
	case !ok:
		return credentials{}, refuse("invalid_client", "The Authorization header is not Basic with an urlencoded id and secret.")
	case password != "" || id != "" && id != given.id:
		return credentials{}, refuse("invalid_request", "The client uses two authentication methods.")
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
