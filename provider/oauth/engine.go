package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/go-jose/go-jose/v3"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/handler/pkce"
	"github.com/ory/fosite/token/jwt"

	"loge/provider/secret"
)

// newEngine assembles fosite by hand: three handlers, in the order that
// matters. Every field of the configuration that fosite would fill on first use
// is filled here, because it does so without a lock.
func (p *Provider) newEngine() *fosite.Fosite {
	config := &engineConfig{Config: &fosite.Config{
		AccessTokenLifespan:   p.Lifetimes.AccessToken,
		AuthorizeCodeLifespan: codeLifetime,
		IDTokenLifespan:       p.Lifetimes.IDToken,
		IDTokenIssuer:         p.Issuer,
		AccessTokenIssuer:     p.Issuer,
		TokenURL:              p.Issuer + tokenPath,

		ScopeStrategy:            fosite.ExactScopeStrategy,
		AudienceMatchingStrategy: fosite.ExactAudienceMatchingStrategy,
		RedirectSecureChecker:    fosite.IsRedirectURISecureStrict,
		RefreshTokenScopes:       []string{"offline_access"},
		MinParameterEntropy:      1,
		OmitRedirectScopeParam:   true,
		JWTScopeClaimKey:         jwt.JWTScopeFieldString,
		// fosite appends to this list: exact capacity makes that a copy.
		SanitationWhiteList: slices.Clip([]string{"redirect_uri", "nonce", "code_challenge", "code_challenge_method"}),

		ClientAuthenticationStrategy: p.authenticate,
		ClientSecretsHasher:          secretHasher{},
		JWKSFetcherStrategy:          noFetch{},
		HTTPClient:                   &retryablehttp.Client{HTTPClient: &http.Client{Transport: noFetch{}}},
	}}
	core := &oauth2.AuthorizeExplicitGrantHandler{
		AccessTokenStrategy: accessTokens{p}, AuthorizeCodeStrategy: p.tokens,
		CoreStorage: p.store, TokenRevocationStorage: p.store, Config: config,
	}
	proof := &pkce.Handler{AuthorizeCodeStrategy: p.tokens, Storage: p.store, Config: config}
	connect := &openid.OpenIDConnectExplicitHandler{
		OpenIDConnectRequestStorage: p.store,
		// No strategy to read hints: readRequest has verified them, and
		// neither hint nor prompt nor max_age reaches fosite.
		OpenIDConnectRequestValidator: openid.NewOpenIDConnectRequestValidator(nil, config),
		Config:                        config,
		IDTokenHandleHelper:           &openid.IDTokenHandleHelper{IDTokenStrategy: idTokens{p}},
	}
	config.AuthorizeEndpointHandlers = fosite.AuthorizeEndpointHandlers{core, proof, connect}
	config.TokenEndpointHandlers = fosite.TokenEndpointHandlers{core, proof, connect}
	return fosite.NewOAuth2Provider(p.store, config)
}

// engineConfig answers per client what fosite asks for all of them.
type engineConfig struct{ *fosite.Config }

// GetEnforcePKCE demands PKCE unless the running request is of a confidential
// client registered without it.
func (*engineConfig) GetEnforcePKCE(ctx context.Context) bool {
	for _, key := range []fosite.ContextKey{fosite.AuthorizeRequestContextKey, fosite.AccessRequestContextKey} {
		if r, ok := ctx.Value(key).(fosite.Requester); ok {
			if c, ok := r.GetClient().(*client); ok {
				return c.needsPKCE()
			}
		}
	}
	return true
}

// secretHasher keeps bcrypt out of every path fosite may take.
type secretHasher struct{}

var errSecret = errors.New("client secret does not match")

func (secretHasher) Compare(_ context.Context, hash, data []byte) error {
	if !secret.ClientSecretMatches(hash, string(data)) {
		return errSecret
	}
	return nil
}

func (secretHasher) Hash(_ context.Context, data []byte) ([]byte, error) {
	return secret.HashClientSecret(string(data)), nil
}

// noFetch refuses every request fosite might make for others.
type noFetch struct{}

var errNoFetch = errors.New("nothing is fetched for a client")

func (noFetch) Resolve(context.Context, string, bool) (*jose.JSONWebKeySet, error) {
	return nil, errNoFetch
}

func (noFetch) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNoFetch }
