package oauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/secret"
	"loge/storage"
)

// Bounds on a client assertion.
const (
	maxAssertion  = 8 << 10          // bytes
	assertionLife = time.Hour        // from now to its exp, the most; its jti is remembered that long
	assertionSkew = 10 * time.Second // how far a client's clock may be off
)

// assertionType is the one client_assertion_type (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertion is a client assertion in compact form; its claims are to be
// believed once verifyAssertion has returned nil.
type assertion struct {
	text   string
	signed *jose.JSONWebSignature
	claims assertionClaims
}

// assertionClaims are those of RFC 7523 §3. Numbers are Unix seconds, with a
// fraction where the client likes it.
type assertionClaims struct {
	Issuer    string       `json:"iss"`
	Subject   string       `json:"sub"`
	Audience  oneOrMore    `json:"aud"`
	Expires   *json.Number `json:"exp"`
	Issued    *json.Number `json:"iat"`
	NotBefore *json.Number `json:"nbf"`
	ID        string       `json:"jti"`
}

// oneOrMore is a string or an array of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var single string
	if json.Unmarshal(text, &single) == nil {
		*o = oneOrMore{single}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

var errAssertionForm = refuse("invalid_client", "The client_assertion is not a JWT in compact form, signed with one of "+strings.Join(clientAlgs, ", ")+".")

// readAssertion reads a client assertion without believing any of it.
func readAssertion(text string) (*assertion, error) {
	if len(text) > maxAssertion || strings.Count(text, ".") != 2 || strings.ContainsAny(text, "{ \t\r\n") {
		return nil, errAssertionForm
	}
	signed, err := jose.ParseSigned(text)
	if err != nil || len(signed.Signatures) != 1 {
		return nil, errAssertionForm
	}
	header := signed.Signatures[0].Protected
	for _, name := range []jose.HeaderKey{"crit", "b64"} { // RFC 7515 §4.1.11: none is understood here
		if _, has := header.ExtraHeaders[name]; has {
			return nil, errAssertionForm
		}
	}
	a := &assertion{text: text, signed: signed}
	if !slices.Contains(clientAlgs, header.Algorithm) || json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &a.claims) != nil {
		return nil, errAssertionForm
	}
	return a, nil
}

// verifyAssertion authenticates the client by its assertion (RFC 7523 §3, Core §9), once.
// An assertion for an unknown client, or one that may not use it, costs what a
// wrong signature costs. path is the endpoint's.
func (p *Provider) verifyAssertion(ctx context.Context, c storage.Client, a *assertion, path string) error {
	header := a.signed.Signatures[0].Protected
	var keys []jose.JSONWebKey
	var unread error
	pinned := c.Metadata.TokenEndpointAuthSigningAlg
	if mayUse(c, storage.AuthPrivateKeyJWT) && (pinned == "" || algName(pinned) == algName(header.Algorithm)) {
		keys, unread = p.clientKeys(ctx, c, header.KeyID, header.Algorithm)
	}
	if len(keys) == 0 {
		_, _ = openSigned(a.text, a.signed, nobodysKey(header.Algorithm)) // takes its time, and fails
		return &Error{Code: errClient.Code, Description: errClient.Description, Err: unread}
	}
	signedBy := func(key jose.JSONWebKey) bool { _, err := openSigned(a.text, a.signed, key); return err == nil }
	if !slices.ContainsFunc(keys, signedBy) {
		return errClient
	}
	// It is the client's own: from here on its developer may know what is wrong.
	expires, err := a.claims.check(c.ID, []string{p.Issuer, p.Issuer + tokenPath, p.Issuer + path, p.certificateBase() + path}, p.Now())
	if err != nil {
		return refuse("invalid_client", "The client_assertion is refused: "+err.Error()+".")
	}
	return p.useOnce(ctx, c, a.claims.ID, expires)
}

// check returns when the assertion expires.
func (c assertionClaims) check(clientID string, audiences []string, now time.Time) (expires time.Time, err error) {
	expires, issued, notBefore, err := c.times()
	switch {
	case err != nil:
		return expires, err
	case c.Issuer != clientID || c.Subject != clientID:
		return expires, errors.New("iss and sub must be the client_id")
	case !slices.ContainsFunc(c.Audience, func(aud string) bool { return slices.Contains(audiences, aud) }):
		return expires, errors.New("aud must be the issuer or the address of the endpoint")
	case expires.IsZero():
		return expires, errors.New("it has no exp")
	case !now.Before(expires.Add(assertionSkew)):
		return expires, errors.New("it has expired")
	case expires.After(now.Add(assertionLife + assertionSkew)):
		return expires, fmt.Errorf("exp must be at most %d s ahead", int(assertionLife.Seconds()))
	case notBefore.After(now.Add(assertionSkew)):
		return expires, errors.New("nbf is in the future")
	case issued.After(now.Add(assertionSkew)):
		return expires, errors.New("iat is in the future")
	case c.ID == "":
		return expires, errors.New("it has no jti")
	}
	return expires, nil
}

// times reads exp, iat and nbf; an absent one is zero.
func (c assertionClaims) times() (expires, issued, notBefore time.Time, err error) {
	for _, t := range []struct {
		from *json.Number
		to   *time.Time
	}{{c.Expires, &expires}, {c.Issued, &issued}, {c.NotBefore, &notBefore}} {
		if t.from == nil {
			continue
		}
		seconds, err := t.from.Float64()
		if err != nil || seconds < 1 || seconds > 1<<40 {
			return expires, issued, notBefore, errors.New("exp, iat and nbf must be Unix seconds")
		}
		*t.to = time.Unix(int64(seconds), 0)
	}
	return expires, issued, notBefore, nil
}

// useOnce notes the jti with a commit of its own, so that a request which fails
// later has used its assertion up all the same.
func (p *Provider) useOnce(ctx context.Context, c storage.Client, jti string, expires time.Time) error {
	sum := sha256.Sum256([]byte(c.ID + "\x00" + jti))
	err := p.DB.InTx(ctx, func(q *storage.Queries) error { return q.UseAssertion(ctx, sum[:], storage.At(expires)) })
	if errors.Is(err, storage.ErrConflict) {
		return refuse("invalid_client", "The client_assertion is refused: its jti was used before.")
	}
	if err != nil {
		return fmt.Errorf("note use of client assertion: %w", err)
	}
	return nil
}

// nobodysKey is a key for each algorithm that nobody can sign with.
func nobodysKey(alg string) any {
	keys := nobodysKeys()
	switch alg = algName(alg); {
	case keys.ec[alg] != nil:
		return keys.ec[alg]
	case alg == string(jose.EdDSA):
		return keys.edwards
	}
	return keys.rsa
}

type decoys struct {
	rsa     *rsa.PublicKey
	ec      map[string]*ecdsa.PublicKey // by alg
	edwards ed25519.PublicKey
}

var nobodysKeys = sync.OnceValue(func() decoys {
	modulus := secret.Random(minRSABits / 8)
	modulus[0] |= 0x80
	modulus[len(modulus)-1] |= 1
	// None of these fails: since Go 1.24 crypto/rand does not.
	ec := map[string]*ecdsa.PublicKey{}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, _ := ecdsa.GenerateKey(curve, rand.Reader)
		ec[alg] = &key.PublicKey
	}
	edwards, _, _ := ed25519.GenerateKey(rand.Reader)
	return decoys{&rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}, ec, edwards}
})
