package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"loge/provider/secret"
)

var b64 = base64.RawURLEncoding.Strict()

// kind makes and recognises one kind of opaque token: a prefix that secret
// scanners and people recognise, the moment it was made, 208 random bits, and
// the HMAC of these under a key of this kind. The database knows a token by its
// moment and its HMAC: who reads the database has no token, what was not made
// here never reaches it, and what is made together is stored together, so that
// writing a token touches the same few pages as the one before, however many
// there are.
type kind struct {
	prefix string
	macs   *sync.Pool // of HMACs under the key; to begin one costs more than to use it
}

func newKind(prefix string, key []byte) kind {
	return kind{prefix, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

const (
	momentBytes = 6  // Unix milliseconds, big endian; the random bytes follow
	nonceBytes  = 32 // both
)

// nonce is what makes a token the only one.
func nonce() string {
	b := secret.Random(nonceBytes)
	var moment [8]byte
	binary.BigEndian.PutUint64(moment[:], uint64(time.Now().UnixMilli()))
	copy(b, moment[8-momentBytes:])
	return b64.EncodeToString(b)
}

func (k kind) mac(nonce string) string {
	h := k.macs.Get().(hash.Hash)
	defer k.macs.Put(h)
	h.Reset()
	h.Write([]byte(nonce))
	return b64.EncodeToString(h.Sum(nil))
}

// stored is the database's key of the token with this nonce and HMAC. Its text
// sorts as its moment does.
func stored(nonce, mac string) string {
	moment, err := b64.DecodeString(nonce[:min(len(nonce), momentBytes/3*4)])
	if err != nil {
		return "" // no nonce of ours: it has no HMAC either
	}
	return hex.EncodeToString(moment) + mac
}

// sign returns the database's key of what bears this nonce.
func (k kind) sign(nonce string) string { return stored(nonce, k.mac(nonce)) }

func (k kind) generate() (token, signature string) {
	n := nonce()
	mac := k.mac(n)
	return k.prefix + n + "." + mac, stored(n, mac)
}

// signature returns the database's key of a token made here, or "".
func (k kind) signature(token string) string {
	rest, ok := strings.CutPrefix(token, k.prefix)
	if !ok || len(rest) != 2*43+1 {
		return ""
	}
	n, mac, ok := strings.Cut(rest, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(k.mac(n))) {
		return ""
	}
	return stored(n, mac)
}

// opaque is the codes and tokens. Expiry is not theirs: the store
// decides it, with the provider's clock.
type opaque struct {
	code, access, refresh, device kind
	signed                        kind // makes the database's key of a JWT access token from its jti, a nonce
}

var _ oauth2.AuthorizeCodeStrategy = opaque{}

func newOpaque(master secret.Master) opaque {
	return opaque{
		code:    newKind("loge_ac_", master.Derive("authorization codes")),
		access:  newKind("loge_at_", master.Derive("access tokens")),
		refresh: newKind("loge_rt_", master.Derive("refresh tokens")),
		device:  newKind("loge_dc_", master.Derive("device codes")),
		signed:  newKind("", master.Derive("JWT access tokens")),
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
