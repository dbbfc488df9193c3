package oauth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// Bounds on a DPoP proof.
const (
	maxProof  = 8 << 10 // bytes
	maxJTI    = 512
	proofSkew = 10 * time.Second // between its iat and our clock, either way, without a nonce
)

// proof is a DPoP proof (RFC 9449 §4.2) whose signature its own key has made.
type proof struct {
	jkt     string // thumbprint of the key
	claims  proofClaims
	expires time.Time // from then on it is refused by itself; until then its jti is remembered
}

type proofClaims struct {
	ID     string       `json:"jti"`
	Method string       `json:"htm"`
	URI    string       `json:"htu"`
	Issued *json.Number `json:"iat"`
	Token  string       `json:"ath"` // of the access token that it goes with
	Nonce  string       `json:"nonce"`
}

func badProof(why string) *Error {
	return refuse("invalid_dpop_proof", "The DPoP proof is refused: "+why+".")
}

// proofOf reads and checks the request's proof, nil when it brings none. What it
// cannot tell is whether the proof was used before: useProof can. Where there is
// a DPoP header, the answer gets the nonce that the next proof may have.
func (p *Provider) proofOf(w http.ResponseWriter, r *http.Request) (*proof, error) {
	headers := r.Header.Values("DPoP")
	if len(headers) == 0 {
		return nil, nil
	}
	now := p.Now()
	w.Header().Set("DPoP-Nonce", p.nonces.at(now))
	if len(headers) > 1 {
		return nil, badProof("there is more than one")
	}
	f, err := readProof(headers[0])
	if err != nil {
		return nil, err
	}
	if f.claims.Method != r.Method {
		return nil, badProof("htm is not the method of the request")
	}
	if !sameEndpoint(f.claims.URI, p.Issuer, r.URL.Path) && !sameEndpoint(f.claims.URI, p.certificateBase(), r.URL.Path) {
		return nil, badProof("htu is not the address of the endpoint, as discovery has it")
	}
	if err := p.fresh(f, now); err != nil {
		return nil, err
	}
	return f, nil
}

// readProof checks what can be checked without knowing the request.
func readProof(text string) (*proof, error) {
	const form = "it is not a JWT in compact form of type dpop+jwt, signed with "
	if len(text) > maxProof || strings.Count(text, ".") != 2 || strings.ContainsAny(text, "{, \t\r\n") {
		return nil, badProof(form + strings.Join(clientAlgs, ", "))
	}
	signed, err := jose.ParseSigned(text)
	if err != nil || len(signed.Signatures) != 1 {
		return nil, badProof(form + strings.Join(clientAlgs, ", "))
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders["typ"] != "dpop+jwt" || !slices.Contains(clientAlgs, header.Algorithm) {
		return nil, badProof(form + strings.Join(clientAlgs, ", "))
	}
	for _, name := range []jose.HeaderKey{"crit", "b64"} { // RFC 7515 §4.1.11: none is understood here
		if _, has := header.ExtraHeaders[name]; has {
			return nil, badProof("crit and b64 are not understood here")
		}
	}
	key := header.JSONWebKey
	if key == nil || !key.Valid() || !key.IsPublic() || !signs(key.Key, header.Algorithm) {
		return nil, badProof("its header has no public jwk that fits alg and is strong enough")
	}
	payload, err := openSigned(text, signed, *key)
	if err != nil {
		return nil, badProof("the signature is not of the key in its header")
	}
	thumbprint, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, badProof("its key has no thumbprint")
	}
	f := &proof{jkt: b64.EncodeToString(thumbprint)}
	if err := json.Unmarshal(payload, &f.claims); err != nil {
		return nil, badProof("its claims are not those of RFC 9449")
	}
	if f.claims.ID == "" || len(f.claims.ID) > maxJTI {
		return nil, badProof(fmt.Sprintf("jti is missing or longer than %d bytes", maxJTI))
	}
	return f, nil
}

// sameEndpoint compares an htu with an address of ours. Letter case of scheme
// and host, the usual port, query and fragment do not count (RFC 9449 §4.3).
// Our own is in lower case and does not name the usual port.
func sameEndpoint(htu, base, path string) bool {
	u, err := url.Parse(htu)
	if err != nil || u.User != nil {
		return false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
	return scheme+"://"+host == base && u.Path == path
}

// fresh checks that the proof was made a moment ago: a nonce of ours says so,
// or the client's clock where nonces are not required. Whoever has neither gets
// a nonce to try again with, so that clocks need not be right.
func (p *Provider) fresh(f *proof, now time.Time) error {
	if f.claims.Issued == nil {
		return badProof("iat is missing")
	}
	seconds, err := f.claims.Issued.Float64()
	if err != nil || seconds < 1 || seconds > 1<<40 {
		return badProof("iat is not in Unix seconds")
	}
	if f.claims.Nonce != "" {
		if f.expires = p.nonces.end(f.claims.Nonce, now); f.expires.IsZero() {
			return useNonce("the nonce is not from here, or has expired")
		}
		return nil
	}
	if p.RequireDPoPNonce {
		return useNonce("a nonce is required")
	}
	issued := time.Unix(int64(seconds), 0)
	if issued.Before(now.Add(-proofSkew)) || issued.After(now.Add(proofSkew)) {
		return useNonce(fmt.Sprintf("iat is more than %d s off", int(proofSkew.Seconds())))
	}
	f.expires = issued.Add(proofSkew + time.Second) // the fraction that a clock may show
	return nil
}

func useNonce(why string) *Error {
	return refuse("use_dpop_nonce", "Make a new proof with the nonce of the header DPoP-Nonce: "+why+".")
}

// useProof notes the jti with a commit of its own, so that a request which fails
// later has used its proof up all the same.
func (p *Provider) useProof(ctx context.Context, f *proof) error {
	sum := sha256.Sum256([]byte(f.jkt + "\x00" + f.claims.ID))
	err := p.DB.InTx(ctx, func(q *storage.Queries) error { return q.UseProof(ctx, sum[:], storage.At(f.expires)) })
	if errors.Is(err, storage.ErrConflict) {
		return badProof("its jti was used before")
	}
	if err != nil {
		return fmt.Errorf("note use of DPoP proof: %w", err)
	}
	return nil
}

// provesKey uses up the proof of a request whose client has authenticated.
func (p *Provider) provesKey(ctx context.Context, u *unit) error {
	switch {
	case u.proof != nil:
		if err := p.useProof(ctx, u.proof); err != nil {
			return err
		}
		u.proven.JKT = u.proof.jkt
	case u.asksTokens && u.client.Metadata.DPoPBoundAccessTokens:
		return badProof("there is none, and the client is registered with dpop_bound_access_tokens")
	}
	return nil
}

// goesWith says whether the proof was made for this access token.
func (f *proof) goesWith(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return f.claims.Token == b64.EncodeToString(sum[:])
}

// checkDPoP keeps the thumbprint of the key that the code is to be redeemed
// with (RFC 9449 §10).
func checkDPoP(q *request, params parameters) error {
	if q.jkt = params.get("dpop_jkt"); q.jkt == "" {
		return nil
	}
	if sum, err := b64.DecodeString(q.jkt); err != nil || len(sum) != sha256.Size {
		return refuse("invalid_request", "The dpop_jkt is not the base64url form of a SHA-256, 43 characters.")
	}
	return nil
}

// asksFor has the code ask for the key that the pushed request has proven.
func (q *request) asksFor(proven confirmation) error {
	if proven.JKT == "" {
		return nil
	}
	if q.jkt != "" && q.jkt != proven.JKT {
		return badProof("its key is not that of dpop_jkt")
	}
	q.jkt = proven.JKT
	return nil
}
