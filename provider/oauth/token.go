package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"loge/storage"
)

// tokenResponse is the answer of the token endpoint (Core §3.1.3.3).
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope,omitempty"`
	Refresh     string `json:"refresh_token,omitempty"`
	IDToken     string `json:"id_token,omitempty"`
}

const tokenPath = "/oauth2/token"

// Token is the token endpoint: POST.
func (p *Provider) Token(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	response, err := p.exchange(ctx, u, w, r)
	if err != nil {
		p.refuseClient(w, r, "token refused", u, answer(err))
		return
	}
	writeJSON(w, http.StatusOK, response)
}

// exchange gives tokens for what the client brings.
func (p *Provider) exchange(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) (*tokenResponse, error) {
	params, err := clientForm(w, r)
	if err != nil {
		return nil, err
	}
	u.asksTokens = true
	if u.proof, err = p.proofOf(w, r); err != nil {
		return nil, err
	}
	switch params.get("grant_type") {
	case storage.GrantCode:
		return p.redeem(ctx, u, r, params)
	case storage.GrantRefresh:
		return p.refresh(ctx, u, r, params)
	case storage.GrantCredentials:
		return p.credential(ctx, u, r, params)
	case storage.GrantDevice:
		return p.redeemDevice(ctx, u, r, params)
	case "":
		return nil, refuse("invalid_request", "The grant_type is missing.")
	}
	return nil, refuse("unsupported_grant_type", "The grant_type is none of "+strings.Join(grantTypes, ", ")+".")
}

// grantTypes are those that exchange knows, for discovery.
var grantTypes = []string{storage.GrantCode, storage.GrantRefresh, storage.GrantCredentials, storage.GrantDevice}

// redeem exchanges a code for tokens. Everything is read and signed before the
// one transaction; what it says decides.
func (p *Provider) redeem(ctx context.Context, u *unit, r *http.Request, params parameters) (*tokenResponse, error) {
	for _, name := range []string{"code", "redirect_uri"} {
		if params.get(name) == "" {
			return nil, refuse("invalid_request", "The "+name+" is missing.")
		}
	}
	r.Form, r.PostForm = params.values, params.values // where fosite looks, so that it reads nothing itself
	session := &record{}
	request, err := p.engine.NewAccessRequest(ctx, r, session)
	if err != nil {
		return nil, err
	}
	if !session.Confirm.provenBy(u.proven) {
		return nil, refuse("invalid_grant", "The code is bound to a key that the request does not prove to have.")
	}
	h := u.holder
	if err := p.mayHave(h, words(u.code.Granted)); err != nil {
		return nil, invalidGrant(err)
	}
	if err := p.aim(ctx, u, session.Resources, params); err != nil {
		return nil, err
	}
	session.asked = session.Claims.IDToken.released(h.Consented, &h)
	response, err := p.engine.NewAccessResponse(ctx, request)
	if err != nil {
		return nil, err
	}
	refresh, err := p.firstRefreshToken(u, session, request.GetGrantedScopes())
	if err != nil {
		return nil, err
	}
	u.write(p.issued(session.User, u.client, request.GetID(), storage.GrantCode))
	if err := u.commit(ctx, p.DB); errors.Is(err, storage.ErrNotFound) {
		return nil, refuse("invalid_grant", "The code was redeemed or revoked a moment ago.")
	} else if err != nil {
		return nil, fmt.Errorf("store tokens: %w", err)
	}
	idToken, _ := response.GetExtra("id_token").(string)
	return &tokenResponse{AccessToken: response.GetAccessToken(), TokenType: u.proven.tokenType(), ExpiresIn: p.expiresIn(u.client),
		Scope: strings.Join(request.GetGrantedScopes(), " "), Refresh: refresh, IDToken: idToken}, nil
}

// expiresIn is how long the client's access tokens live, in seconds.
func (p *Provider) expiresIn(c *client) int64 {
	return int64(p.Lifetimes.of(c.Client).AccessToken.Seconds())
}

// issued notes in the journal that a client was given tokens.
func (p *Provider) issued(userID string, c *client, grantID, grantType string) func(context.Context, *storage.Queries) error {
	event := storage.AuditEvent{At: storage.At(p.Now()), Actor: userID, Action: "token.issued", Subject: userID,
		Details: map[string]string{"client": c.ID, "grant": grantID, "grant_type": grantType}}
	return func(ctx context.Context, q *storage.Queries) error { return q.Audit(ctx, event) }
}

// invalidGrant turns the refusal of the person into that of the code; a failure
// of ours stays one.
func invalidGrant(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Code: "invalid_grant", Description: e.Description, Err: e.Err}
	}
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{Code: "invalid_grant", Description: "The session of this code has ended.", Err: err}
	}
	return err
}

// clientForm reads what a client posts, the strict way: each parameter once.
func clientForm(w http.ResponseWriter, r *http.Request) (parameters, error) {
	params, err := bodyParameters(w, r)
	if err != nil {
		return params, refuse("invalid_request", "The request is refused: "+err.Error()+".")
	}
	if name := params.anyRepeated(); name != "" {
		return params, refuse("invalid_request", "A parameter is sent more than once: "+name)
	}
	return params, nil
}

// refuseClient writes an error of an endpoint where clients authenticate. Every
// 401 names the scheme a client may use (RFC 9110 §15.5.2).
func (p *Provider) refuseClient(w http.ResponseWriter, r *http.Request, what string, u *unit, e *Error) {
	id := ""
	if u.client != nil {
		id = u.client.ID
	}
	p.log(r.Context(), what, id, e)
	if e.status() == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+p.Issuer+`"`)
	}
	writeError(w, e)
}

type errorResponse struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func writeError(w http.ResponseWriter, e *Error) {
	writeJSON(w, e.status(), errorResponse{e.Code, printable(e.Description)})
}

// writeJSON writes an answer that nobody may keep.
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	writeText(w, status, text)
}

// What is set on nearly every answer of the protocol. The values are shared by
// all answers: whoever sets one puts another list in its place.
var (
	asJSON  = []string{"application/json"}
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)

// writeText is writeJSON for what is JSON already.
func writeText(w http.ResponseWriter, status int, text []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = asJSON, noStore
	h["Pragma"] = noCache // RFC 6749 §5.1, for old caches
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails only when the client has gone
}
