package demo

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Names of the partner's cookies. Cookies do not tell ports apart, so they must
// not be named like the provider's.
const (
	partnerBrowser = "loyers_navigateur"
	partnerSession = "loyers_session"
)

const (
	loginLife = time.Hour // to sign in, come back to the letter, and finish
	// maxRemembered bounds what strangers can make the partner remember.
	maxRemembered = 1000
)

// partner is the invented application « Loyers », an ordinary relying party.
// It remembers in memory only: started again, it asks people to sign in again.
type partner struct {
	issuer   string
	address  string
	clientID string
	secret   string
	now      func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider // discovered on first use
	logins   map[string]login
	sessions map[string]received
}

// login is a sign-in that was sent to the provider and has not come back.
type login struct {
	browser  string // of the browser that asked: another one may not finish it
	nonce    string
	verifier string
	expires  time.Time
}

func newPartner(issuer, address, clientID, secret string, now func() time.Time) *partner {
	return &partner{
		issuer: issuer, address: address, clientID: clientID, secret: secret, now: now,
		logins: map[string]login{}, sessions: map[string]received{},
	}
}

// Handler serves the partner's pages.
func (p *partner) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /connexion", p.signIn)
	mux.HandleFunc("GET /retour", p.callback)
	mux.HandleFunc("POST /quitter", p.signOut)
	mux.HandleFunc("POST /deconnexion", p.signOutEverywhere)
	mux.HandleFunc("GET /sortie", p.signedOut)
	mux.HandleFunc("POST /fin-de-session", p.told)
	mux.HandleFunc("GET /politique", p.policy)
	return surround(mux, p.issuer)
}

// discover reads the provider's configuration once it answers.
func (p *partner) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider == nil {
		// The key set keeps the context it was made with: not this request's.
		provider, err := oidc.NewProvider(context.WithoutCancel(ctx), p.issuer)
		if err != nil {
			return nil, fmt.Errorf("discover provider: %w", err)
		}
		p.provider = provider
	}
	return p.provider, nil
}

func (p *partner) oauth(provider *oidc.Provider) *oauth2.Config {
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return &oauth2.Config{
		ClientID:     p.clientID,
		ClientSecret: p.secret,
		Endpoint:     endpoint,
		RedirectURL:  p.address + "/retour",
		Scopes:       partnerScopes,
	}
}

func (p *partner) home(w http.ResponseWriter, r *http.Request) {
	if session, ok := p.current(r); ok {
		render(w, http.StatusOK, "partner_claims.html", session)
		return
	}
	render(w, http.StatusOK, "partner_home.html", map[string]any{"Left": r.URL.Query().Has("parti"), "Closed": r.URL.Query().Has("ferme"), "Issuer": p.issuer})
}

// signIn sends the browser to the provider; with ?autre=1 to sign in anew. The
// provider itself may have sent it here, with iss (OpenID Connect Core §4).
func (p *partner) signIn(w http.ResponseWriter, r *http.Request) {
	if issuer := r.URL.Query().Get("iss"); issuer != "" && issuer != p.issuer {
		p.refuse(w, http.StatusBadRequest, "state", fmt.Errorf("asked to sign in at another provider %q", issuer))
		return
	}
	provider, err := p.discover(r.Context())
	if err != nil {
		p.refuse(w, http.StatusBadGateway, "unreachable", err)
		return
	}
	browser := p.browser(w, r)
	state, begun := rand.Text(), login{browser: browser, nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), expires: p.now().Add(loginLife)}
	p.remember(state, begun)
	options := []oauth2.AuthCodeOption{oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier)}
	if r.URL.Query().Has("autre") {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	http.Redirect(w, r, p.oauth(provider).AuthCodeURL(state, options...), http.StatusSeeOther)
}

// callback is where the provider sends the browser back.
func (p *partner) callback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	begun, ok := p.finish(query.Get("state"), r)
	if !ok {
		// The back button or a reload after success lands here too.
		if _, signedIn := p.current(r); signedIn {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		p.refuse(w, http.StatusBadRequest, "state", errors.New("state unknown, used or of another browser"))
		return
	}
	if code := query.Get("error"); code != "" {
		kind := "answer"
		if code == "access_denied" {
			kind = "denied"
		}
		p.refuse(w, http.StatusForbidden, kind, fmt.Errorf("%s: %s", code, query.Get("error_description")))
		return
	}
	session, err := p.redeem(r.Context(), query, begun)
	if err != nil {
		p.refuse(w, http.StatusBadGateway, "token", err)
		return
	}
	p.open(w, session)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// redeem exchanges the code and checks everything a relying party must check
// (OpenID Connect Core 1.0 §3.1.3.7, §5.3.2; RFC 9207).
func (p *partner) redeem(ctx context.Context, answer url.Values, begun login) (received, error) {
	provider, err := p.discover(ctx)
	if err != nil {
		return received{}, err
	}
	var metadata struct {
		SendsIssuer bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return received{}, fmt.Errorf("read discovery document: %w", err)
	}
	if issuer := answer.Get("iss"); issuer != p.issuer && (metadata.SendsIssuer || issuer != "") {
		return received{}, fmt.Errorf("answer of another issuer %q", issuer)
	}
	tokens, err := p.oauth(provider).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return received{}, fmt.Errorf("exchange code: %w", err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return received{}, errors.New("no ID token in the answer")
	}
	idToken, err := provider.VerifierContext(ctx, p.verification()).Verify(ctx, raw)
	if err != nil {
		return received{}, fmt.Errorf("verify ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(begun.nonce)) != 1 {
		return received{}, errors.New("the ID token carries another nonce")
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(tokens.AccessToken); err != nil {
			return received{}, fmt.Errorf("verify at_hash: %w", err)
		}
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return received{}, fmt.Errorf("ask userinfo: %w", err)
	}
	if info.Subject != idToken.Subject {
		return received{}, errors.New("userinfo speaks of another subject than the ID token")
	}
	return receive(raw, idToken, info)
}

// verification is what every token of the provider is measured by.
func (p *partner) verification() *oidc.Config { return &oidc.Config{ClientID: p.clientID, Now: p.now} }
