package factor

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"unicode"

	"loge/provider/secret"
)

const (
	// RecoveryCodes is how many a person gets at once.
	RecoveryCodes = 10
	// recoveryLength in digits: 40 bits, of which nobody tries more than 20 a day.
	recoveryLength = 12
)

// NewRecoveryCodes draws codes of digits alone: they are typed on the same
// keypad as those of an application.
func NewRecoveryCodes() []string {
	codes := make([]string, 0, RecoveryCodes)
	for range RecoveryCodes {
		codes = append(codes, secret.RandomText("0123456789", recoveryLength))
	}
	return codes
}

// FormatRecoveryCode is how a code is shown, in groups of four.
func FormatRecoveryCode(code string) string { return groups(code) }

// HashRecoveryCode is what is stored of a code. key is derived from the master
// secret: without it the hash of so short a code would be searched.
func HashRecoveryCode(key []byte, userID, code string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(userID + "\x00" + code))
	return mac.Sum(nil)
}

// Kinds of what may be typed where a code is asked.
type Typed int

const (
	NoCode       Typed = iota // neither
	OneTimeCode               // of an application
	RecoveryCode              // of the list
)

// ReadCode tells from the number of digits which code was typed, whatever spaces and
// hyphens it has.
func ReadCode(typed string) (code string, kind Typed) {
	code = strings.Map(func(r rune) rune {
		if r == '-' || r == '‑' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, typed)
	for _, r := range code {
		if r < '0' || r > '9' {
			return "", NoCode
		}
	}
	switch len(code) {
	case codeLength:
		return code, OneTimeCode
	case recoveryLength:
		return code, RecoveryCode
	}
	return "", NoCode
}
