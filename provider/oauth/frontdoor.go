package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"loge/storage"
)

// receive reads an authorization request as it comes from outside, in one of
// three wrappings: plain parameters, a request object, or the request_uri of a
// request that was pushed before. Of the last two only what is inside counts.
// Its errors are those of readRequest.
func (p *Provider) receive(ctx context.Context, params parameters) (*request, error) {
	object, uri := params.get("request"), params.get("request_uri")
	switch {
	case object != "" && uri != "":
		return p.refuseWrapped(ctx, params, refuse("invalid_request", "There is both a request and a request_uri."))
	case object != "":
		return p.receiveObject(ctx, params, object)
	case strings.HasPrefix(uri, pushedPrefix):
		return p.receivePushed(ctx, params, uri)
	}
	q, err := p.readRequest(ctx, params)
	switch {
	case err != nil:
		return q, err
	case p.mustPush(q.client.Client):
		return q, errPush
	case q.client.Metadata.RequireSignedRequestObject:
		return q, errUnsigned
	}
	return q, nil
}

var (
	errPush     = refuse("invalid_request", "The request must be pushed to the pushed_authorization_request_endpoint first.")
	errUnsigned = refuse("invalid_request", "The client must send a signed request object, parameter request.")
)

// receiveObject reads a request whose parameters are in a request object.
func (p *Provider) receiveObject(ctx context.Context, params parameters, object string) (*request, error) {
	c, err := p.clientNamed(ctx, params)
	if err != nil {
		return nil, err
	}
	inside, err := p.openObject(ctx, c, object)
	if e, ok := errors.AsType[*Error](err); ok {
		return p.refuseWrapped(ctx, params, e)
	}
	if err != nil {
		return nil, err
	}
	q, err := p.readRequest(ctx, inside)
	if err == nil && p.mustPush(c) {
		err = errPush
	}
	if q != nil {
		q.outer = url.Values{"client_id": {c.ID}, "request": {object}}
	}
	return q, err
}

// refuseWrapped refuses a request whose inside cannot be trusted: by redirect
// when a registered redirect_uri stands outside, else with a page.
func (p *Provider) refuseWrapped(ctx context.Context, params parameters, e *Error) (*request, error) {
	q, err := p.addressee(ctx, params)
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return nil, &badRequest{bad.reason + "; " + e.Error()}
	}
	if err != nil {
		return nil, err
	}
	q.hear(params)
	for _, check := range []func(*request, parameters) error{checkMode, checkState} {
		if err := check(q, params); err != nil {
			return q, err
		}
	}
	return q, e
}

// clientNamed loads the client that the request names.
func (p *Provider) clientNamed(ctx context.Context, params parameters) (storage.Client, error) {
	id := params.get("client_id")
	switch {
	case params.repeated["client_id"]:
		return storage.Client{}, &badRequest{"client_id is sent twice"}
	case id == "" || len(id) > maxClientID:
		return storage.Client{}, &badRequest{"client_id is missing or too long"}
	}
	c, err := p.DB.Client(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !c.DisabledAt.IsZero() {
		return c, &badRequest{"the client is unknown or disabled"}
	}
	if err != nil {
		return c, fmt.Errorf("load client: %w", err)
	}
	return c, nil
}

func (p *Provider) mustPush(c storage.Client) bool {
	return p.RequirePAR || c.Metadata.RequirePushedAuthorizationRequests
}

// again is the query that asks the same once more.
func (q *request) again() string {
	if q.outer != nil {
		return q.outer.Encode()
	}
	return q.canonical()
}
