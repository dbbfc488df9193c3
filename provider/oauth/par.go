package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"loge/provider/secret"
	"loge/storage"
)

const (
	// pushedPrefix begins the request_uri of a pushed request (RFC 9126 §2.2).
	pushedPrefix = "urn:ietf:params:oauth:request_uri:"
	// pushedLifetime is how long a pushed request waits for its person to come.
	// From then on it lives as long as the sign-in may take.
	pushedLifetime = 90 * time.Second
	// pushedParameter holds the hash of the request_uri in a stored request: it
	// never comes from outside.
	pushedParameter = "pushed"
)

// pushedResponse is the answer of the pushed authorization request endpoint.
type pushedResponse struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int64  `json:"expires_in"` // seconds
}

// PushRequest is the pushed authorization request endpoint (RFC 9126): POST. The
// client authenticates as at the token endpoint and sends its request, plain or
// as a request object, which is checked here as it would be at the authorization
// endpoint. What is kept of it has no credential.
func (p *Provider) PushRequest(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	pushed, err := p.push(ctx, u, w, r)
	if err != nil {
		p.refuseClient(w, r, "pushed request refused", u, answer(err))
		return
	}
	writeJSON(w, http.StatusCreated, pushed)
}

func (p *Provider) push(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) (*pushedResponse, error) {
	params, err := clientForm(w, r)
	if err != nil {
		return nil, err
	}
	if u.proof, err = p.proofOf(w, r); err != nil {
		return nil, err
	}
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return nil, err
	}
	q, err := p.readPushed(ctx, u.client.Client, params)
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return nil, refuse("invalid_request", "The request is refused: "+bad.reason+".")
	}
	if err != nil {
		return nil, err
	}
	if err := q.asksFor(u.proven); err != nil {
		return nil, err
	}
	uri := pushedPrefix + b64.EncodeToString(secret.Random(32))
	now := p.Now()
	row := storage.PushedRequest{Hash: hashOf(uri), ClientID: q.client.ID, Request: q.canonical(),
		CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(pushedLifetime))}
	if err := p.DB.InTx(ctx, func(q *storage.Queries) error { return q.CreatePushedRequest(ctx, row) }); err != nil {
		return nil, fmt.Errorf("store pushed request: %w", err)
	}
	return &pushedResponse{RequestURI: uri, ExpiresIn: int64(pushedLifetime.Seconds())}, nil
}

// readPushed reads what a client pushes. The client is the one that has
// authenticated, whoever the parameters name.
func (p *Provider) readPushed(ctx context.Context, c storage.Client, params parameters) (*request, error) {
	if id := params.get("client_id"); id != "" && id != c.ID {
		return nil, refuse("invalid_request", "The client_id is another client's.")
	}
	if params.get("request_uri") != "" {
		return nil, refuse("invalid_request", "A request_uri cannot be pushed.")
	}
	params.values.Set("client_id", c.ID)
	if object := params.get("request"); object != "" {
		inside, err := p.openObject(ctx, c, object)
		if err != nil {
			return nil, err
		}
		return p.readRequest(ctx, inside)
	}
	if c.Metadata.RequireSignedRequestObject {
		return nil, errUnsigned
	}
	return p.readRequest(ctx, params)
}

// receivePushed reads a request by its request_uri. Whatever else stands beside
// it is ignored. One that is unknown, used, expired or another client's is
// answered with a page: nobody knows where it would have gone.
func (p *Provider) receivePushed(ctx context.Context, params parameters, uri string) (*request, error) {
	c, err := p.clientNamed(ctx, params)
	if err != nil {
		return nil, err
	}
	pushed, err := p.DB.PushedRequest(ctx, hashOf(uri), c.ID, storage.At(p.Now()))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, &badRequest{"the request_uri is unknown, used, expired or another client's"}
	}
	if err != nil {
		return nil, fmt.Errorf("load pushed request: %w", err)
	}
	kept, err := parseParameters(pushed.Request)
	if err != nil {
		return nil, fmt.Errorf("read pushed request: %w", err)
	}
	q, err := p.readRequest(ctx, kept)
	if q != nil {
		q.pushed = pushed.Hash
		q.outer = url.Values{"client_id": {c.ID}, "request_uri": {uri}}
	}
	return q, err
}

func hashOf(uri string) []byte {
	sum := sha256.Sum256([]byte(strings.TrimPrefix(uri, pushedPrefix)))
	return sum[:]
}

// answered has the request's pushed form used up, if it had one: at the moment
// it is answered, so that a page may be loaded again until then. Of two answers
// at once the second is refused.
func (p *Provider) answered(q *request) func(context.Context, *storage.Queries) error {
	now := storage.At(p.Now())
	return func(ctx context.Context, tx *storage.Queries) error {
		if q.pushed == nil {
			return nil
		}
		_, err := tx.ConsumePushedRequest(ctx, q.pushed, q.client.ID, now)
		if errors.Is(err, storage.ErrNotFound) {
			return &badRequest{"the request_uri has been used"}
		}
		return err
	}
}
