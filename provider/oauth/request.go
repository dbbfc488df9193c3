package oauth

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"loge/provider/factor"
	"loge/storage"
)

// Bounds on what is kept of an authorization request, in bytes.
const (
	maxClientID  = 128
	maxState     = 2048
	maxNonce     = 512
	maxScope     = 1024
	maxLoginHint = 320 // longer ones are left out
)

// request is an authorization request that may be answered by redirect: its
// client and redirect URI are settled.
type request struct {
	client      *client
	redirectURI string
	mode        string // response_mode, one of responseModes
	state       string
	scopes      []string // what will be granted: asked, known, and allowed to the client
	prompts     []string
	maxAge      time.Duration // -1: absent, which is not 0
	nonce       string
	challenge   string // code_challenge, S256
	jkt         string // dpop_jkt
	loginHint   string
	hint        string   // id_token_hint as sent
	hintSubject string   // its verified sub
	contexts    []string // acr_values that exist here
	claims      claimsRequest
	resources   []string   // URIs that access tokens are meant for (RFC 8707)
	pushed      []byte     // hash of the request_uri it came with
	outer       url.Values // how it came, when that was not plain parameters
}

// badRequest is a mistake that may not be answered by redirect, because the
// client or its redirect URI is in doubt (RFC 6749 §3.1.2.4): a page of ours.
type badRequest struct{ reason string }

func (e *badRequest) Error() string { return e.reason }

// readRequest checks everything that can be checked before anybody is asked
// anything. With a *badRequest there is no request; with an *Error there is
// one, to be answered with it.
func (p *Provider) readRequest(ctx context.Context, params parameters) (*request, error) {
	q, err := p.addressee(ctx, params)
	if err != nil {
		return nil, err
	}
	q.hear(params)
	for _, check := range checks {
		if err := check(q, params); err != nil {
			return q, err
		}
	}
	if q.hint != "" {
		subject, ok := p.hintSubject(ctx, q.hint, q.client.ID)
		if !ok {
			return q, refuse("invalid_request", "The id_token_hint is not an ID token of this provider for this client.")
		}
		q.hintSubject = subject
	}
	wanted, err := p.targetOf(ctx, q.client.Client, params.values["resource"])
	if err != nil {
		return q, err
	}
	q.resources = wanted.resources
	return q, nil
}

// hear takes the state, for the checks' own answers.
func (q *request) hear(params parameters) {
	if state := params.get("state"); len(state) <= maxState {
		q.state = state
	}
}

// addressee settles whom an answer would go to.
func (p *Provider) addressee(ctx context.Context, params parameters) (*request, error) {
	c, err := p.clientNamed(ctx, params)
	if err != nil {
		return nil, err
	}
	uri := params.get("redirect_uri")
	switch {
	case params.repeated["redirect_uri"]:
		return nil, &badRequest{"redirect_uri is sent twice"}
	case !registered(c, uri):
		return nil, &badRequest{"the redirect_uri is not registered for the client"}
	}
	return &request{client: &client{c}, redirectURI: uri, mode: modeQuery, maxAge: -1}, nil
}

// checks are made in this order; the first that fails is answered.
var checks = []func(*request, parameters) error{
	checkMode, checkState, checkRepeated, checkObjects, checkType, checkScope, checkNonce, checkPKCE, checkPrompt, checkMaxAge, checkHints,
	checkContext, checkClaims, checkDPoP,
}

// checkState refuses a state that could not come back exactly.
func checkState(q *request, params parameters) error {
	switch {
	case len(params.get("state")) > maxState:
		return refuse("invalid_request", "The state is too long.")
	case q.mode == modeFormPost && strings.ContainsAny(q.state, "\r\n"):
		// Browsers send every line break of a form as CR LF; RFC 6749 has
		// none in a state (appendix A.5).
		q.state = ""
		return refuse("invalid_request", "The state has a line break, which form_post would change.")
	}
	return nil
}

func checkRepeated(_ *request, params parameters) error {
	if name := params.anyRepeated(); name != "" {
		return refuse("invalid_request", "A parameter is sent more than once: "+name)
	}
	return nil
}

// checkObjects refuses what must never be ignored in silence (Core §3.1.2.6).
func checkObjects(_ *request, params parameters) error {
	for _, o := range []struct{ name, code string }{
		{"request_uri", "request_uri_not_supported"},
		{"registration", "registration_not_supported"},
	} {
		if params.get(o.name) != "" {
			return refuse(o.code, "The parameter "+o.name+" is not supported.")
		}
	}
	return nil
}

func checkType(q *request, params parameters) error {
	switch params.get("response_type") {
	case "code":
		if !q.client.MayUse(storage.GrantCode) {
			return refuse("unauthorized_client", "The client is not registered for people to sign in.")
		}
		return nil
	case "":
		return refuse("invalid_request", "The response_type is missing.")
	}
	return refuse("unsupported_response_type", "The only response_type is code.")
}

// checkScope keeps what exists and the client may ask; the rest is left out
// (Core §3.1.2.1).
func checkScope(q *request, params parameters) error {
	scope := params.get("scope")
	if len(scope) > maxScope {
		return refuse("invalid_scope", "The scope is too long.")
	}
	for _, name := range words(scope) {
		if offered(name) && q.client.MayAsk(name) && !slices.Contains(q.scopes, name) &&
			(name != offlineAccess || q.client.MayUse(storage.GrantRefresh)) {
			q.scopes = append(q.scopes, name)
		}
	}
	if !slices.Contains(q.scopes, "openid") {
		return refuse("invalid_scope", "The scope must contain openid, and the client must be registered for it.")
	}
	return nil
}

func checkNonce(q *request, params parameters) error {
	if q.nonce = params.get("nonce"); len(q.nonce) > maxNonce {
		return refuse("invalid_request", "The nonce is too long.")
	}
	return nil
}

func checkPKCE(q *request, params parameters) error {
	challenge, method := params.get("code_challenge"), params.get("code_challenge_method")
	switch {
	case challenge == "" && q.client.needsPKCE():
		return refuse("invalid_request", "The code_challenge is missing: this client must use PKCE.")
	case challenge == "" && method != "":
		return refuse("invalid_request", "There is a code_challenge_method without a code_challenge.")
	case challenge == "":
		return nil
	case method != "S256":
		return refuse("invalid_request", "The code_challenge_method must be S256.")
	}
	if sum, err := b64.DecodeString(challenge); err != nil || len(sum) != 32 {
		return refuse("invalid_request", "The code_challenge is not the base64url form of a SHA-256, 43 characters.")
	}
	q.challenge = challenge
	return nil
}

func checkPrompt(q *request, params parameters) error {
	q.prompts = words(params.get("prompt"))
	for _, prompt := range q.prompts {
		switch prompt {
		case "none", "login", "consent", "select_account":
		default:
			return refuse("invalid_request", "The prompt is unknown.")
		}
	}
	if q.asks("none") && len(q.prompts) > 1 {
		return refuse("invalid_request", "The prompt none stands alone.")
	}
	return nil
}

func checkMaxAge(q *request, params parameters) error {
	text := params.get("max_age")
	if text == "" {
		if usual := q.client.Metadata.DefaultMaxAge; usual != nil && *usual >= 0 {
			q.maxAge = time.Duration(*usual) * time.Second
		}
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return refuse("invalid_request", "The max_age is not a number of seconds.")
	}
	q.maxAge = time.Duration(seconds) * time.Second
	return nil
}

func checkHints(q *request, params parameters) error {
	if hint := params.get("login_hint"); len(hint) <= maxLoginHint {
		q.loginHint = hint
	}
	if q.hint = params.get("id_token_hint"); len(q.hint) > maxHint {
		return refuse("invalid_request", "The id_token_hint is too long.")
	}
	return nil
}

// asks says whether the request has that prompt.
func (q *request) asks(prompt string) bool { return slices.Contains(q.prompts, prompt) }

// canonical is the request as a query: what was kept of it and no more.
// readRequest reads it again when the person comes back.
func (q *request) canonical() string {
	values := url.Values{"response_type": {"code"}, "client_id": {q.client.ID}, "redirect_uri": {q.redirectURI},
		"scope": {strings.Join(q.scopes, " ")}}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.mode != modeQuery {
		set("response_mode", q.mode)
	}
	set("state", q.state)
	set("nonce", q.nonce)
	set("dpop_jkt", q.jkt)
	set("prompt", strings.Join(q.prompts, " "))
	set("login_hint", q.loginHint)
	set("id_token_hint", q.hint)
	set(pushedParameter, b64.EncodeToString(q.pushed))
	set("acr_values", strings.Join(q.contexts, " "))
	set("claims", q.claims.text())
	if len(q.resources) > 0 {
		values["resource"] = q.resources
	}
	if q.challenge != "" {
		set("code_challenge", q.challenge)
		set("code_challenge_method", "S256")
	}
	if q.maxAge >= 0 {
		set("max_age", strconv.Itoa(int(q.maxAge/time.Second)))
	}
	return values.Encode()
}

// flow is what the sign-in pages need to know of the request; to be stored, it
// lacks Request.
func (q *request) flow(now time.Time) storage.Flow {
	f := storage.Flow{ClientID: q.client.ID, RedirectURI: q.redirectURI, Scopes: strings.Join(q.shared(), " "),
		LoginHint: q.loginHint, ForceConsent: q.asks("consent"), ChooseAccount: q.asks("select_account"),
		ForceSignIn: q.asks("login") || q.maxAge == 0, ForceFactor: q.level() == factor.LevelFactor}
	if q.maxAge > 0 {
		f.FreshAfter = storage.At(now.Add(-q.maxAge))
	}
	return f
}
