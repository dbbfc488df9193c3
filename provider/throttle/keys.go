package throttle

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Keys names the counters. Its value is a key derived from the master secret
// under the label "throttle": neither typed identifiers nor network addresses
// stand in the database in clear.
type Keys []byte

// User returns the counter of a user.
func (k Keys) User(id string) string { return "user:" + id }

// KnownBrowser returns the counter of a user in a browser that is known to be
// his. Strangers have no part in it.
func (k Keys) KnownBrowser(userID, browserID string) string {
	return k.User(userID) + "/browser:" + browserID
}

// Code returns the counter of the provisional passwords tried where the counter
// of [Keys.User] or [Keys.Unknown] lets nothing through any more.
func (k Keys) Code(key string) string { return key + "/code" }

// Factor returns the counter of a user's wrong codes beside the password. It is
// one in all browsers: whoever knows the password can have any number of known ones.
func (k Keys) Factor(userID string) string { return k.User(userID) + "/factor" }

// Unknown returns the counter of an identifier that nobody has, or of a text
// that is no identifier. Letter case and spaces make no difference, so that no
// spelling opens a second counter.
func (k Keys) Unknown(identifier string) string {
	return "unknown:" + k.hash("identifier", strings.ToUpper(strings.Join(strings.FieldsFunc(identifier, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
	}), "")))
}

// Notice returns what bounds how often somebody is told that an account waits:
// the counter of [Keys.User] or [Keys.Unknown].
func (k Keys) Notice(key string) string { return key + "/notice" }

// Address returns the counter of a network address, given as web.AddressKey
// writes it: one IPv4 address, one IPv6 /64.
func (k Keys) Address(address string) string { return "address:" + k.hash("address", address) }

// hash keeps 128 bits: enough that two never meet by chance.
func (k Keys) hash(use, value string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(use + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
