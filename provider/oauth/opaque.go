package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"loge/provider/secret"
)

var b64 = base64.RawURLEncoding.Strict()

// kind makes and recognises one kind of opaque token: a prefix that secret
// scanners and people recognise, 256 random bits, and their HMAC under a key of
// this kind. The HMAC is the token's key in the database: who reads the
// database has no token, and what was not made here never reaches it.
type kind struct {
	prefix string
	key    []byte
}

func (k kind) sign(random string) string {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(random))
	return b64.EncodeToString(h.Sum(nil))
}

func (k kind) generate() (token, signature string) {
	random := b64.EncodeToString(secret.Random(32))
	signature = k.sign(random)
	return k.prefix + random + "." + signature, signature
}

// signature returns the signature of a token made here, or "".
func (k kind) signature(token string) string {
	rest, ok := strings.CutPrefix(token, k.prefix)
	if !ok || len(rest) != 2*43+1 {
		return ""
	}
	random, signature, ok := strings.Cut(rest, ".")
	if !ok || !hmac.Equal([]byte(signature), []byte(k.sign(random))) {
		return ""
	}
	return signature
}

// opaque is the codes and tokens. Expiry is not theirs: the store
// decides it, with the provider's clock.
type opaque struct {
	code, access, refresh, device kind
	signed                        kind // makes the database's key of a JWT access token from its jti
}

var _ oauth2.AuthorizeCodeStrategy = opaque{}

func newOpaque(master secret.Master) opaque {
	return opaque{
		code:    kind{"loge_ac_", master.Derive("authorization codes")},
		access:  kind{"loge_at_", master.Derive("access tokens")},
		refresh: kind{"loge_rt_", master.Derive("refresh tokens")},
		device:  kind{"loge_dc_", master.Derive("device codes")},
		signed:  kind{"", master.Derive("JWT access tokens")},
	}
}

// AuthorizeCodeSignature is "" for a code that was not made here: the store
// answers that without a look into the database.
func (o opaque) AuthorizeCodeSignature(_ context.Context, code string) string {
	return o.code.signature(code)
}

func (o opaque) GenerateAuthorizeCode(context.Context, fosite.Requester) (code, signature string, err error) {
	code, signature = o.code.generate()
	return code, signature, nil
}

func (o opaque) ValidateAuthorizeCode(_ context.Context, _ fosite.Requester, code string) error {
	if o.code.signature(code) == "" {
		return fosite.ErrTokenSignatureMismatch
	}
	return nil
}
