package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"unicode"

	"loge/provider/secret"
)

const (
	// Signs in a provisional password: 21 to the 12th power is 52.7 bits.
	provisionalLength = 12
	group             = 4

	codeLength = 6 // digits of an e-mail code
	maxTyped   = 256
)

// New returns a provisional password of 12 signs, each equally likely. It is
// made when the message that carries it is made, and kept nowhere; see [Hash].
func New() string { return secret.RandomText(secret.Signs, provisionalLength) }

// NewCode returns an e-mail code of 6 digits.
func NewCode() string { return secret.RandomText("0123456789", codeLength) }

// Format writes a provisional password for people: XXXX-XXXX-XXXX.
func Format(code string) string {
	if len(code) != provisionalLength {
		return code
	}
	return code[:group] + "-" + code[group:2*group] + "-" + code[2*group:]
}

// Normalize returns the 12 signs of a provisional password as [New] made them.
// Spaces, hyphens of all kinds and lower case are tolerated; ok tells whether
// the text could be one at all. It is for provisional passwords only: what a
// person chose is compared as it was typed.
func Normalize(typed string) (code string, ok bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code = squeeze(typed)
	if len(code) != provisionalLength || strings.Trim(code, secret.Signs) != "" {
		return "", false
	}
	return code, true
}

// squeeze drops spaces and hyphens and makes letters capital.
func squeeze(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case ignored(r) || unicode.Is(unicode.Pd, r) || r == '\u2212':
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, typed)
}

// NormalizeCode returns the digits of an e-mail code, spaces left out; ok tells
// whether there are six.
func NormalizeCode(typed string) (code string, ok bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		if ignored(r) {
			return -1
		}
		return r
	}, typed)
	if len(code) != codeLength || strings.Trim(code, "0123456789") != "" {
		return "", false
	}
	return code, true
}

// ignored tells spaces, and the signs without width that copying brings along.
func ignored(r rune) bool {
	return unicode.IsSpace(r) || r == '\u00ad' || '\u200b' <= r && r <= '\u200d' || r == '\u2060' || r == '\ufeff'
}

// Hash returns what is stored of a provisional password: HMAC-SHA256 under a
// key derived from the master secret, bound to the user, so that a row copied
// to another user opens nothing. code is as [Normalize] returns it.
func Hash(key []byte, userID, code string) []byte { return keyed(key, "provisional", userID, code) }

// HashLink returns what is stored of the secret in a link that lets a user choose
// another password. It never equals that of a provisional password.
func HashLink(key []byte, userID, secret string) []byte { return keyed(key, "link", userID, secret) }

// HashUndo returns what is stored of the secret in a link that takes a change of
// the e-mail address back, bound to that change.
func HashUndo(key []byte, changeID, secret string) []byte {
	return keyed(key, "undo", changeID, secret)
}

// HashCode returns what is stored of an e-mail code, bound to the user and to
// the address it was sent to (its key, see account.EmailKey).
func HashCode(key []byte, userID, emailKey, code string) []byte {
	return keyed(key, "e-mail code", userID, emailKey, code)
}

// Equal compares two hashes in constant time.
func Equal(a, b []byte) bool { return hmac.Equal(a, b) }

// keyed separates the parts by NUL, which none of them holds: form fields with
// NUL are refused, and the rest is ours.
func keyed(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join(parts, "\x00")))
	return mac.Sum(nil)
}
