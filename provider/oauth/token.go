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
	Scope       string `json:"scope"`
	IDToken     string `json:"id_token"`
}

// Token is the token endpoint: POST, one grant, authorization_code.
func (p *Provider) Token(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	response, err := p.redeem(ctx, u, w, r)
	if err != nil {
		p.refuseToken(w, r, u, answer(err))
		return
	}
	writeJSON(w, http.StatusOK, response)
}

// redeem exchanges a code for tokens. Everything is read and signed before the
// one transaction; what it says decides.
func (p *Provider) redeem(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) (*tokenResponse, error) {
	if err := readTokenForm(w, r); err != nil {
		return nil, err
	}
	session := &record{}
	request, err := p.engine.NewAccessRequest(ctx, r, session)
	if err != nil {
		return nil, err
	}
	if err := p.mayBeIssued(ctx, session.Session, u.client.ID, words(u.code.Granted)); err != nil {
		return nil, invalidGrant(err)
	}
	response, err := p.engine.NewAccessResponse(ctx, request)
	if err != nil {
		return nil, err
	}
	event := storage.AuditEvent{At: storage.At(p.Now()), Actor: session.User, Action: "token.issued", Subject: session.User,
		Details: map[string]string{"client": u.client.ID, "grant": request.GetID(), "grant_type": "authorization_code"}}
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.Audit(ctx, event) })
	if err := u.commit(ctx, p.DB); errors.Is(err, storage.ErrNotFound) {
		return nil, refuse("invalid_grant", "The code was redeemed or revoked a moment ago.")
	} else if err != nil {
		return nil, fmt.Errorf("store tokens: %w", err)
	}
	idToken, _ := response.GetExtra("id_token").(string)
	return &tokenResponse{AccessToken: response.GetAccessToken(), TokenType: "Bearer", ExpiresIn: int64(p.Lifetimes.AccessToken.Seconds()),
		Scope: strings.Join(request.GetGrantedScopes(), " "), IDToken: idToken}, nil
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

// readTokenForm reads the body the strict way and leaves it where fosite looks,
// so that fosite reads nothing itself.
func readTokenForm(w http.ResponseWriter, r *http.Request) error {
	params, err := bodyParameters(w, r)
	if err != nil {
		return refuse("invalid_request", "The request is refused: "+err.Error()+".")
	}
	if name := params.anyRepeated(); name != "" {
		return refuse("invalid_request", "A parameter is sent more than once: "+name)
	}
	switch params.get("grant_type") {
	case "authorization_code":
	case "":
		return refuse("invalid_request", "The grant_type is missing.")
	default:
		return refuse("unsupported_grant_type", "The only grant_type is authorization_code.")
	}
	for _, name := range []string{"code", "redirect_uri"} {
		if params.get(name) == "" {
			return refuse("invalid_request", "The "+name+" is missing.")
		}
	}
	r.Form, r.PostForm = params.values, params.values
	return nil
}

// refuseToken writes an error of the token endpoint. Every 401 names the scheme
// a client may use (RFC 9110 §15.5.2).
func (p *Provider) refuseToken(w http.ResponseWriter, r *http.Request, u *unit, e *Error) {
	id := ""
	if u.client != nil {
		id = u.client.ID
	}
	p.log(r.Context(), "token refused", id, e)
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
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache") // RFC 6749 §5.1, for old caches
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails only when the client has gone
}
