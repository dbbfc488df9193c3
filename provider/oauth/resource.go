package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"loge/storage"
)

// Bounds on the resources that one request may name (RFC 8707).
const (
	maxResources = 10
	maxResource  = 512 // bytes
)

// target is what the access token of a unit is meant for, when its client named
// resources: else it is for every resource server of the client.
type target struct {
	servers   []string // ids of the clients that answer for them
	resources []string // URIs
}

// audience is what is stored of it, a space list: ids of clients and URIs, which
// the colon tells apart.
func (u *unit) audience() string {
	if len(u.target.resources) == 0 {
		return u.client.Audiences
	}
	return strings.Join(slices.Concat(u.target.servers, u.target.resources), " ")
}

// resourcesOf are the URIs in a stored audience; none when the token is not
// restricted to any.
func resourcesOf(audience string) []string {
	return slices.DeleteFunc(words(audience), func(name string) bool { return !strings.Contains(name, ":") })
}

// recipientsOf is the aud of a token with that stored audience: the resources,
// else the resource servers, else ourselves, because an aud is never empty (RFC
// 9068 §3) and userinfo takes the token.
func (p *Provider) recipientsOf(audience string) recipients {
	switch resources := resourcesOf(audience); {
	case len(resources) > 0:
		return resources
	case audience != "":
		return words(audience)
	}
	return recipients{p.Issuer}
}

// forUserinfo tells whether userinfo is among what a token may be shown to: it
// is, unless the client named resources and not the issuer among them.
func (p *Provider) forUserinfo(audience string) bool {
	resources := resourcesOf(audience)
	return len(resources) == 0 || slices.Contains(resources, p.Issuer)
}

// aim sets the unit's target: the resources asked for now, within those granted
// before, or all of those (RFC 8707 §2.2).
func (p *Provider) aim(ctx context.Context, u *unit, granted []string, params parameters) error {
	asked := params.values["resource"]
	for _, uri := range asked {
		if len(granted) > 0 && !slices.Contains(granted, uri) {
			return refuse("invalid_target", "A resource is asked for that was not asked for before.")
		}
	}
	if len(asked) == 0 {
		asked = granted
	}
	found, err := p.targetOf(ctx, u.client.Client, asked)
	u.target = found
	return err
}

// targetOf finds who answers for the resources: resource servers of the client,
// and for the issuer's own URI we, with userinfo.
func (p *Provider) targetOf(ctx context.Context, c storage.Client, uris []string) (t target, err error) {
	if len(uris) == 0 {
		return t, nil
	}
	if len(uris) > maxResources {
		return t, refuse("invalid_target", fmt.Sprintf("More than %d resources are asked for.", maxResources))
	}
	for _, uri := range uris {
		switch {
		case !isResource(uri):
			return target{}, refuse("invalid_target", "A resource is not an absolute URI without a fragment.")
		case !slices.Contains(t.resources, uri):
			t.resources = append(t.resources, uri)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(t.resources), func(uri string) bool { return uri == p.Issuer })
	for _, id := range words(c.Audiences) {
		server, err := p.DB.Client(ctx, id)
		if errors.Is(err, storage.ErrNotFound) || err == nil && !server.DisabledAt.IsZero() {
			continue
		}
		if err != nil {
			return target{}, fmt.Errorf("load resource server: %w", err)
		}
		answers := func(uri string) bool { return slices.Contains(server.Metadata.Resources, uri) }
		if slices.ContainsFunc(t.resources, answers) {
			t.servers = append(t.servers, id)
			missing = slices.DeleteFunc(missing, answers)
		}
	}
	if len(missing) > 0 {
		return target{}, refuse("invalid_target", "A resource belongs to no resource server of the client.")
	}
	return t, nil
}

// isResource is the form of RFC 8707 §2.
func isResource(uri string) bool {
	parsed, err := url.Parse(uri)
	return err == nil && len(uri) <= maxResource && parsed.IsAbs() && !strings.Contains(uri, "#") && len(words(uri)) == 1 && words(uri)[0] == uri
}
