package oauth

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"loge/storage"
)

// dpopAlgs tells in WWW-Authenticate how proofs may be signed (RFC 9449 §7.1).
var dpopAlgs = `algs="` + strings.Join(clientAlgs, " ") + `"`

// claimsShown returns what the token opens, with the proof that the scheme DPoP
// asks for. The proof is used up for a token that is good: nobody makes us
// store anything without one.
func (p *Provider) claimsShown(w http.ResponseWriter, r *http.Request, scheme, token string) (claims facts, h *storage.TokenHolder, err error) {
	proven := p.certificateOf(r)
	if scheme != schemeDPoP {
		return p.claimsOf(r.Context(), token, proven)
	}
	f, err := p.proofOf(w, r)
	switch {
	case err != nil:
		return nil, nil, err
	case f == nil:
		return nil, nil, badProof("there is none")
	case !f.goesWith(token):
		return nil, nil, badProof("ath is not the SHA-256 of the access token, in base64url")
	}
	proven.JKT = f.jkt
	claims, h, err = p.claimsOf(r.Context(), token, proven)
	if err != nil {
		return nil, nil, err
	}
	return claims, h, p.useProof(r.Context(), f)
}

// The schemes of the Authorization header at userinfo.
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// errUnbound: RFC 9449 §7.1 wants the scheme DPoP for bound tokens only.
var errUnbound = &Error{Code: errToken.Code, Description: "The access token is not bound to a key: send it as a Bearer token.", Err: errors.New("token is not bound")}

// challenge is the WWW-Authenticate of an error, for the scheme that was used.
func (p *Provider) challenge(scheme string, e *Error) string {
	text := scheme + ` realm="` + p.Issuer + `", error="` + e.Code + `", error_description="` + printable(e.Description) + `"`
	if e.Levels != "" { // names of ours: nothing to quote in them
		text += `, acr_values="` + e.Levels + `"`
	}
	if e.MaxAge != nil {
		text += `, max_age="` + strconv.FormatInt(*e.MaxAge, 10) + `"`
	}
	if scheme == schemeDPoP {
		text += ", " + dpopAlgs
	}
	return text
}
