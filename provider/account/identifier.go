package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"loge/provider/secret"
)

const (
	identifierPrefix = "LOG"
	identifierLength = 8  // after the prefix
	numberLength     = 14 // numéro utilisateur
	siretLength      = 14

	// maxTyped bounds what a normaliser looks at, in bytes. The longest honest
	// value, each character followed by a three-byte space, is far below.
	maxTyped = 256
)

// ErrIdentifier says that a text cannot be an identifier, whatever is added or
// left out.
var ErrIdentifier = errors.New("identifier is not LOG and 8 letters or digits")

// NormalizeIdentifier returns an identifier in its one spelling, LOG and eight
// characters of [0-9A-Z]. It accepts what people type: lower case, without LOG,
// with spaces of any kind, dots or hyphens between the characters.
func NormalizeIdentifier(s string) (string, error) {
	if len(s) > maxTyped {
		return "", ErrIdentifier
	}
	s = upper(strings.Map(func(r rune) rune {
		if r == '.' || blank(r) || hyphen(r) {
			return -1
		}
		return r
	}, s))
	// Eight characters are the part after LOG even if they begin with LOG.
	if len(s) == len(identifierPrefix)+identifierLength {
		var found bool
		if s, found = strings.CutPrefix(s, identifierPrefix); !found {
			return "", ErrIdentifier
		}
	}
	if len(s) != identifierLength || !plain(s) {
		return "", ErrIdentifier
	}
	return identifierPrefix + s, nil
}

// FormatIdentifier writes a normalised identifier as people read it: LOG, an
// ordinary space, eight characters. Anything else is returned as it is.
func FormatIdentifier(s string) string {
	rest, found := strings.CutPrefix(s, identifierPrefix)
	if !found || len(rest) != identifierLength {
		return s
	}
	return identifierPrefix + " " + rest
}

// NewIdentifier returns a random identifier: 21 signs to the 8th power, about
// 35 bits. It is not a secret; uniqueness is for the database to say. Agencies
// that hand over identifiers of their own may use every letter and digit.
func NewIdentifier() string {
	return identifierPrefix + secret.RandomText(secret.Signs, identifierLength)
}

// NumberError says why a text is not a numéro utilisateur.
type NumberError struct {
	Typed int  // characters typed, spaces left out
	Sign  rune // first character that is neither letter nor digit, or 0
}

func (e *NumberError) Error() string {
	if e.Sign != 0 {
		return fmt.Sprintf("number has a character %q: it is made of letters and digits", e.Sign)
	}
	return fmt.Sprintf("number has %d characters instead of %d", e.Typed, numberLength)
}

// NormalizeNumber returns a numéro utilisateur: exactly 14 characters of
// [0-9A-Z], without spaces, in upper case. It is opaque: no check digit is ever
// computed, because genuine numbers fail it. The error is a *[NumberError].
func NormalizeNumber(s string) (string, error) {
	s = upper(squeeze(s))
	typed := 0
	for _, r := range s {
		typed++
		if !alphanumeric(r) {
			return "", &NumberError{Typed: len([]rune(s)), Sign: r}
		}
	}
	if typed != numberLength {
		return "", &NumberError{Typed: typed}
	}
	return s, nil
}

// ErrSIRET says that a text is not 14 digits.
var ErrSIRET = errors.New("siret is not 14 digits")

// NormalizeSIRET returns the 14 digits, spaces left out, or "" for an empty
// text. Only the shape is checked.
func NormalizeSIRET(s string) (string, error) {
	s = squeeze(s)
	if s == "" {
		return "", nil
	}
	if len(s) != siretLength || strings.Trim(s, "0123456789") != "" {
		return "", ErrSIRET
	}
	return s, nil
}

// squeeze drops every space.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, s)
}

// blank tells spaces of all kinds, and the signs without width that come along
// when text is copied out of a mail or a PDF.
func blank(r rune) bool {
	switch r {
	case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsSpace(r)
}

// hyphen tells hyphens and dashes of all kinds, and the minus sign.
func hyphen(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' }

// upper touches a to z only: unicode.ToUpper would turn ı into I and ſ into S,
// and two different texts would become one key.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

func alphanumeric(r rune) bool { return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' }

func plain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !alphanumeric(r) }) < 0
}
