package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"loge/provider/account"
	"loge/storage"
)

// errToken is the one answer to every token that opens nothing.
var errToken = refuse("invalid_token", "The access token is unknown, has expired or has been revoked.")

// UserInfo is the userinfo endpoint: GET or POST with a Bearer or DPoP header,
// or POST with a bearer token in the body. A token in the address is refused
// (RFC 6750 §5.3).
func (p *Provider) UserInfo(w http.ResponseWriter, r *http.Request) {
	token, scheme, err := bearer(w, r)
	if err != nil {
		p.refuseBearer(w, r, scheme, answer(err))
		return
	}
	if token == "" { // RFC 6750 §3.1: no error for who brought nothing
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+p.Issuer+`"`)
		w.Header().Add("WWW-Authenticate", `DPoP realm="`+p.Issuer+`", `+dpopAlgs)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, h, err := p.claimsShown(w, r, scheme, token)
	if err == nil {
		err = p.writeClaims(r.Context(), w, claims, h)
	}
	if err != nil {
		p.refuseBearer(w, r, scheme, answer(err))
	}
}

// claimsOf returns what the token's client may know now, if the request has
// proven the keys that the token asks for.
func (p *Provider) claimsOf(ctx context.Context, token string, proven confirmation) (facts, *storage.TokenHolder, error) {
	signature, _ := p.accessKey(ctx, token)
	if signature == "" {
		return nil, nil, errToken
	}
	h, err := p.DB.HolderOfToken(ctx, signature, storage.At(p.Now()))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil, errToken
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load access token: %w", err)
	}
	if refusal := account.MayIssue(h.User, h.Account, clientFacts(h.Holder), grantFacts(h.Holder, h.Grant), p.Now()); refusal != nil {
		return nil, nil, &Error{Code: errToken.Code, Description: errToken.Description, Err: refusal}
	}
	if !p.forUserinfo(h.Token.Audience) {
		return nil, nil, refuse("invalid_token", "The access token is restricted to other resources.")
	}
	if !storage.HasWord(h.Token.Scopes, "openid") { // narrowed when it was refreshed
		return nil, nil, refuse("insufficient_scope", "The scope of the access token does not contain openid.")
	}
	scopes := consented(h.Token.Scopes, h.Consented)
	if len(scopes) == 0 {
		return nil, nil, &Error{Code: errToken.Code, Description: errToken.Description, Err: errWithdrawn}
	}
	var rec record
	if err := rec.decode(h.Token.Session); err != nil {
		return nil, nil, err
	}
	if proven.JKT != "" && rec.Confirm.JKT == "" {
		return nil, nil, errUnbound
	}
	if !rec.Confirm.provenBy(proven) {
		return nil, nil, refuse("invalid_token", "The access token is bound to a key that the request does not prove to have.")
	}
	if e := insufficient(h.Client, rec.AMR); e != nil {
		return nil, nil, e
	}
	claims := claimsFor(scopes, &h.Holder).and(rec.Claims.UserInfo.released(h.Consented, &h.Holder))
	return append(claims, fact{"sub", rec.Sub}), h, nil
}

var errWithdrawn = errors.New("consent is withdrawn")

// consented are the scopes of a token that the person still lets the client
// have; all are space lists.
func consented(asked, consent string) []string {
	return slices.DeleteFunc(words(asked), func(scope string) bool { return !storage.HasWord(consent, scope) })
}

// bearer returns the request's token, "" when it brings none, and the scheme
// that it comes with.
func bearer(w http.ResponseWriter, r *http.Request) (token, scheme string, err error) {
	query, err := queryParameters(r)
	if err != nil || query.get("access_token") != "" || query.repeated["access_token"] {
		return "", schemeBearer, refuse("invalid_request", "The access token does not belong into the address.")
	}
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return "", schemeBearer, refuse("invalid_request", "There is more than one Authorization header.")
	}
	inBody, err := bodyToken(w, r)
	if err != nil {
		return "", schemeBearer, err
	}
	if len(headers) == 0 {
		return inBody, schemeBearer, nil
	}
	given, token, _ := strings.Cut(headers[0], " ")
	switch {
	case strings.EqualFold(given, schemeDPoP):
		scheme = schemeDPoP
	case strings.EqualFold(given, schemeBearer):
		scheme = schemeBearer
	}
	switch {
	case inBody != "":
		return "", schemeBearer, refuse("invalid_request", "The access token is sent in two ways.")
	case scheme == "":
		return "", schemeBearer, nil
	case token == "":
		return "", scheme, refuse("invalid_request", "The Authorization header holds no token.")
	}
	return strings.TrimLeft(token, " "), scheme, nil
}

// bodyToken returns the token in the body of a POST (RFC 6750 §2.2). A POST
// with a header may come without any form.
func bodyToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") == "" {
		return "", nil
	}
	params, err := bodyParameters(w, r)
	if err != nil {
		return "", refuse("invalid_request", "The request is refused: "+err.Error()+".")
	}
	if params.anyRepeated() != "" {
		return "", refuse("invalid_request", "A parameter is sent more than once.")
	}
	return params.get("access_token"), nil
}

func (p *Provider) refuseBearer(w http.ResponseWriter, r *http.Request, scheme string, e *Error) {
	p.log(r.Context(), "userinfo refused", "", e)
	if e.status() >= http.StatusInternalServerError {
		writeError(w, e)
		return
	}
	w.Header().Set("WWW-Authenticate", p.challenge(scheme, e))
	status := e.status()
	if e.Code == "invalid_dpop_proof" || e.Code == "use_dpop_nonce" { // RFC 9449 §7.1, §9
		status = http.StatusUnauthorized
	}
	writeJSON(w, status, errorResponse{e.Code, printable(e.Description)})
}
