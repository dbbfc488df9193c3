package providertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/storage"
)

// Partner is a relying party on go-oidc and x/oauth2: /login starts, /callback
// verifies, and what it learned is in Result.
type Partner struct {
	Client storage.Client
	Secret string
	URL    string
	OAuth  oauth2.Config
	// Options are added to the next authorization request.
	Options []oauth2.AuthCodeOption
	// Wrap, if set, turns the address of each authorization request into the one
	// that the browser is sent to: with a request object, or pushed.
	Wrap func(address string) string
	// Hold keeps the codes that come back, for Redeem, instead of redeeming them.
	Hold bool

	verifier *oidc.IDTokenVerifier
	provider *oidc.Provider

	mu      sync.Mutex
	pkce    map[string]string // state → verifier
	results []Result

	leaving   map[string]bool // states of sign-outs
	signedOut []SignedOut
}

// Result is one return to the callback.
type Result struct {
	Answer   url.Values // the authorization response
	Posted   bool       // it came in the body of a POST and nothing in the address
	Origin   string     // of the page that posted it
	Error    string     // error of the authorization response
	Issuer   string     // iss of the authorization response
	Code     string
	Claims   map[string]any // of the verified ID token
	UserInfo map[string]any
	Token    *oauth2.Token
	Verifier string // PKCE
	Err      error
}

// Partner registers an application with all scopes and runs it.
func (p *Provider) Partner(change ...func(*operator.NewClient)) *Partner {
	p.t.Helper()
	rp := &Partner{pkce: map[string]string{}, leaving: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", rp.login)
	mux.HandleFunc("GET /callback", rp.callback)
	mux.HandleFunc("POST /callback", rp.callback) // response_mode=form_post
	rp.handleSignOut(mux)
	server := httptest.NewServer(mux)
	p.t.Cleanup(server.Close)
	rp.URL = server.URL
	n := operator.NewClient{Name: "Loyers", Publisher: "la société Loyers", Purpose: "déclarer vos loyers",
		RedirectURIs: []string{server.URL + "/callback"}, PostLogoutRedirectURIs: []string{server.URL + "/left"}, BackchannelLogoutURI: server.URL + "/told",
		Scopes: []string{"openid", "profile", "email", "phone", "bailleur", "organisme"}}
	for _, c := range change {
		c(&n)
	}
	ctx := context.Background()
	var err error
	if rp.Client, rp.Secret, err = p.Operator.AddClient(ctx, n); err != nil {
		p.t.Fatal(err)
	}
	if rp.provider, err = oidc.NewProvider(ctx, p.URL); err != nil {
		p.t.Fatal(err)
	}
	rp.OAuth = oauth2.Config{ClientID: rp.Client.ID, ClientSecret: rp.Secret, Endpoint: rp.provider.Endpoint(),
		RedirectURL: n.RedirectURIs[0], Scopes: n.Scopes}
	rp.verifier = rp.provider.Verifier(&oidc.Config{ClientID: rp.Client.ID, Now: p.Clock.Now, SupportedSigningAlgs: []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}})
	return rp
}

// Last returns the latest result.
func (rp *Partner) Last() Result {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	if len(rp.results) == 0 {
		return Result{Err: fmt.Errorf("nobody came back to the partner")}
	}
	return rp.results[len(rp.results)-1]
}

// All returns every result, oldest first.
func (rp *Partner) All() []Result {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return slices.Clone(rp.results)
}

// Results returns how often somebody came back.
func (rp *Partner) Results() int {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return len(rp.results)
}

func (rp *Partner) login(w http.ResponseWriter, r *http.Request) {
	state, verifier := storage.NewID(), oauth2.GenerateVerifier()
	rp.mu.Lock()
	rp.pkce[state] = verifier
	options := append([]oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oidc.Nonce("n-" + state)}, rp.Options...)
	rp.mu.Unlock()
	address := rp.OAuth.AuthCodeURL(state, options...)
	if rp.Wrap != nil {
		address = rp.Wrap(address)
	}
	http.Redirect(w, r, address, http.StatusFound)
}

func (rp *Partner) callback(w http.ResponseWriter, r *http.Request) {
	result := rp.redeem(r)
	rp.mu.Lock()
	rp.results = append(rp.results, result)
	rp.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<h1>Loyers</h1>")
}

func (rp *Partner) redeem(r *http.Request) (result Result) {
	query := r.URL.Query()
	if r.Method == http.MethodPost {
		if result.Err = r.ParseForm(); result.Err != nil {
			return result
		}
		query, result.Posted, result.Origin = r.PostForm, r.URL.RawQuery == "", r.Header.Get("Origin")
	}
	result.Answer, result.Error, result.Issuer, result.Code = query, query.Get("error"), query.Get("iss"), query.Get("code")
	rp.mu.Lock()
	verifier, known := rp.pkce[query.Get("state")]
	rp.mu.Unlock()
	result.Verifier = verifier
	if !known {
		result.Err = fmt.Errorf("unknown state %q", query.Get("state"))
		return result
	}
	if result.Error != "" || rp.Hold {
		return result
	}
	result.Token, result.Err = rp.OAuth.Exchange(r.Context(), result.Code, oauth2.VerifierOption(verifier))
	if result.Err != nil {
		return result
	}
	raw, _ := result.Token.Extra("id_token").(string)
	token, err := rp.verifier.Verify(r.Context(), raw)
	if err != nil {
		result.Err = err
		return result
	}
	if token.Nonce != "n-"+query.Get("state") {
		result.Err = fmt.Errorf("nonce %q", token.Nonce)
		return result
	}
	if result.Err = token.Claims(&result.Claims); result.Err != nil {
		return result
	}
	info, err := rp.provider.UserInfo(r.Context(), oauth2.StaticTokenSource(result.Token))
	if err != nil {
		result.Err = err
		return result
	}
	result.Err = info.Claims(&result.UserInfo)
	return result
}

// Answer is what an endpoint of the protocol answered.
type Answer struct {
	Status int
	Header http.Header
	JSON   map[string]any
}

// Redeem sends a held code to the token endpoint of the provider at address,
// and returns the answer as it is.
func (rp *Partner) Redeem(t testing.TB, address string, r Result) Answer {
	t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {r.Code}, "redirect_uri": {rp.OAuth.RedirectURL}, "code_verifier": {r.Verifier}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(rp.Client.ID), url.QueryEscape(rp.Secret))
	return Call(t, request)
}

// UserInfo asks the userinfo endpoint of the provider at address.
func (rp *Partner) UserInfo(t testing.TB, address, token string) Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/oauth2/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return Call(t, request)
}

// Call sends a request of the protocol and reads its JSON, if it has any.
func Call(t testing.TB, r *http.Request) Answer {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return Answer{}
	}
	defer response.Body.Close()
	a := Answer{Status: response.StatusCode, Header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a.JSON); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%s answers %d with no JSON: %v", r.URL, a.Status, err)
	}
	return a
}

// String prints the claims, for failure messages.
func (r Result) String() string {
	text, _ := json.Marshal(map[string]any{"error": r.Error, "claims": r.Claims, "userinfo": r.UserInfo})
	return fmt.Sprint(string(text), r.Err)
}
