package account

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxEmail = 254 // bytes, RFC 5321 §4.5.3.1.3 less the angle brackets
	maxLocal = 64  // bytes before the @, RFC 5321 §4.5.3.1.1
	maxName  = 80  // characters
)

var (
	// ErrEmpty says that a text that is needed is missing.
	ErrEmpty = errors.New("text is empty")
	// ErrTooLong says that a name has more than 80 characters.
	ErrTooLong = fmt.Errorf("text has more than %d characters", maxName)
	// ErrName says that a name holds no letter or a character that cannot be shown.
	ErrName = errors.New("name has no letter, or a control character")
	// ErrEmail says that a text is not a complete e-mail address.
	ErrEmail = errors.New("e-mail address is not complete")
	// ErrPhone says that a text is not a telephone number.
	ErrPhone = errors.New("telephone number has not the right number of digits")
)

// EmailKey returns an address as it is written to, and the key under which it
// is unique: case-folded as a whole, because no provider that landlords use
// tells two letter cases apart. International domain names stay as typed.
// An address is at most 254 bytes, without display name, quotes or IP address.
func EmailKey(s string) (email, key string, err error) {
	email = norm.NFC.String(strings.TrimFunc(s, blank))
	if email == "" {
		return "", "", ErrEmpty
	}
	if len(email) > maxEmail || !utf8.ValidString(email) {
		return "", "", ErrEmail
	}
	local, domain, found := strings.Cut(email, "@")
	if !found || len(local) > maxLocal || strings.ContainsFunc(email, unprintable) || !domainName(domain) {
		return "", "", ErrEmail
	}
	// The standard library knows which characters the local part may hold; equal
	// texts show that it read no name, comment or quotes into it.
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", "", ErrEmail
	}
	return email, norm.NFC.String(cases.Fold().String(email)), nil
}

// unprintable tells what an address must not hold even where RFC 6532 might let
// it pass: spaces, controls, and marks that turn the reading direction.
func unprintable(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

// domainName tells whether s has at least two labels and no address literal.
func domainName(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return len(labels) >= 2 && len(last) >= 2 && strings.Trim(last, "0123456789") != ""
}

// MaskEmail shows an address to somebody who should recognise it and to nobody
// else: p•••@g•••.fr. The number of dots is fixed, so that the length stays hidden.
func MaskEmail(email string) string {
	local, domain, found := strings.Cut(email, "@")
	if !found || local == "" || domain == "" {
		return "•••"
	}
	suffix := ""
	if i := strings.LastIndexByte(domain, '.'); i > 0 {
		suffix = domain[i:]
	}
	return first(local) + "•••@" + first(domain) + "•••" + suffix
}

func first(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

// PersonName returns a name without surrounding or doubled spaces, in NFC. It
// is refused when empty ([ErrEmpty]), longer than 80 characters ([ErrTooLong]),
// or when it has control characters or no letter at all ([ErrName]).
func PersonName(s string) (string, error) {
	name, err := Line(s)
	if err == nil && !strings.ContainsFunc(name, unicode.IsLetter) {
		err = ErrName
	}
	if err != nil {
		return "", err
	}
	return name, nil
}

// Line returns one line of text (fonction, raison sociale) without surrounding
// or doubled spaces, in NFC; the errors are those of [PersonName].
func Line(s string) (string, error) {
	// A line break or tab is refused rather than made a space: no form field
	// sends one, and names end up in mail headers.
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029' || bidi(r)
	}) {
		return "", ErrName
	}
	s = norm.NFC.String(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " "))
	switch {
	case s == "":
		return "", ErrEmpty
	case utf8.RuneCountInString(s) > maxName:
		return "", ErrTooLong
	}
	return s, nil
}

// bidi tells the marks that make a text read as another one (Trojan Source).
func bidi(r rune) bool {
	return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// Phone returns a telephone number in one spelling: a French one as
// 06 12 34 56 78, another one as + and its 8 to 15 digits; "" for an empty text,
// since the number is optional. Nothing says whether it is in service.
func Phone(s string) (string, error) {
	if len(s) > maxTyped {
		return "", ErrPhone
	}
	typed := strings.Map(func(r rune) rune {
		if blank(r) || hyphen(r) || strings.ContainsRune("./()", r) {
			return -1
		}
		return r
	}, s)
	if typed == "" {
		return "", nil
	}
	digits, abroad := strings.CutPrefix(typed, "+")
	if !abroad {
		digits, abroad = strings.CutPrefix(typed, "00")
	}
	if strings.Trim(digits, "0123456789") != "" {
		return "", ErrPhone
	}
	if abroad {
		// +33 (0)6 … is how many people write it.
		if rest, french := strings.CutPrefix(digits, "33"); french {
			digits, abroad = "0"+strings.TrimPrefix(rest, "0"), false
		}
	}
	if abroad {
		if len(digits) < 8 || len(digits) > 15 || digits[0] == '0' { // ITU-T E.164
			return "", ErrPhone
		}
		return "+" + digits, nil
	}
	if len(digits) != 10 || digits[0] != '0' || digits[1] == '0' {
		return "", ErrPhone
	}
	return digits[0:2] + " " + digits[2:4] + " " + digits[4:6] + " " + digits[6:8] + " " + digits[8:10], nil
}
