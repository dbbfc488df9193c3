package session

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"

	"loge/provider/secret"
)

// browserCookieLife bounds how long a copied flow cookie would be believed; the
// browser itself drops the cookie when it closes.
const browserCookieLife = 365 * 24 * time.Hour

// cookie is one kind of cookie: its name, its key and its life.
type cookie struct {
	name   string
	secure bool
	codec  *securecookie.SecureCookie
}

func newCookie(master secret.Master, name string, secure bool, life time.Duration) cookie {
	if secure {
		name = "__Host-" + name
	} else {
		// Cookies know no port: on the machine where somebody tries out an
		// application beside us, it would lose its own cookie « session » to ours.
		name = "loge-" + name
	}
	codec := securecookie.New(master.Derive("cookie "+name), nil)
	codec.SetSerializer(securecookie.NopEncoder{})
	codec.MaxAge(int(life.Seconds()))
	return cookie{name: name, secure: secure, codec: codec}
}

// fresh returns a cookie with a new random value and the hash of that value.
func (c cookie) fresh() (*http.Cookie, []byte, error) { return c.encode(secret.Random(32)) }

// again returns the request's cookie at the beginning of another life, or a
// fresh one.
func (c cookie) again(r *http.Request) (*http.Cookie, []byte, error) {
	if value, ok := c.value(r); ok {
		return c.encode(value)
	}
	return c.fresh()
}

func (c cookie) encode(value []byte) (*http.Cookie, []byte, error) {
	hash := sha256.Sum256(value) // before Encode, which may overwrite the value
	encoded, err := c.codec.Encode(c.name, value)
	if err != nil {
		return nil, nil, fmt.Errorf("encode cookie %s: %w", c.name, err)
	}
	return c.with(encoded), hash[:], nil
}

// read returns the hash of the value in the request's cookie. A cookie that
// does not decode is none.
func (c cookie) read(r *http.Request) ([]byte, bool) {
	value, ok := c.value(r)
	if !ok {
		return nil, false
	}
	hash := sha256.Sum256(value)
	return hash[:], true
}

func (c cookie) value(r *http.Request) ([]byte, bool) {
	sent, err := r.Cookie(c.name)
	if err != nil {
		return nil, false
	}
	// The last sign of base64 has bits that mean nothing: one text for one value.
	if _, err := base64.URLEncoding.Strict().DecodeString(sent.Value); err != nil {
		return nil, false
	}
	var value []byte
	if err := c.codec.Decode(c.name, sent.Value, &value); err != nil || len(value) != 32 {
		return nil, false
	}
	return value, true
}

// with returns the cookie with that content, until the browser closes.
func (c cookie) with(value string) *http.Cookie {
	return &http.Cookie{Name: c.name, Value: value, Path: "/", Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// gone returns the cookie that deletes it.
func (c cookie) gone() *http.Cookie {
	deleted := c.with("")
	deleted.MaxAge = -1
	return deleted
}
