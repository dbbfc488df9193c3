package factor

import (
	"slices"
	"strings"
)

// Kinds of factor, as stored.
const (
	KindPasskey = "passkey" // clé d’accès
	KindTOTP    = "totp"    // application de codes
)

// Methods of authentication (RFC 8176), as a session has them. A passkey is pop:
// without attestation nobody knows whether hardware keeps its key (hwk) or not
// (swk). Codes of the list are one-time passwords as those of an application are.
const (
	MethodPassword = "pwd"
	methodOneTime  = "otp"
	methodKey      = "pop"
	methodMultiple = "mfa"
)

// Levels of a sign-in, the values of acr. Core §2 wants names that nobody else
// uses; an eIDAS level is not ours to claim.
const (
	LevelPassword = "urn:loge:acr:password"
	LevelFactor   = "urn:loge:acr:two-factor"
)

// Levels are all there are, the weakest first.
var Levels = []string{LevelPassword, LevelFactor}

// WithKey are the methods of a session in which a passkey was shown after the
// password; space lists both.
func WithKey(amr string) string { return with(amr, methodKey) }

// WithCode are the methods of a session in which a code was typed after the
// password, of an application or of the list.
func WithCode(amr string) string { return with(amr, methodOneTime) }

func with(amr, method string) string {
	methods := strings.Fields(amr)
	for _, more := range []string{method, methodMultiple} {
		if !slices.Contains(methods, more) {
			methods = append(methods, more)
		}
	}
	return strings.Join(methods, " ")
}

// Reached are the levels that the methods of a session reach, the weakest first:
// what was done decides, never what was asked.
func Reached(amr string) []string {
	methods := strings.Fields(amr)
	if !slices.Contains(methods, MethodPassword) {
		return nil
	}
	if slices.Contains(methods, methodMultiple) {
		return Levels
	}
	return Levels[:1]
}

// Asked is the weakest of the levels named that there is, "" when none is: what
// somebody names several of is content with each.
func Asked(named []string) string {
	for _, level := range Levels {
		if slices.Contains(named, level) {
			return level
		}
	}
	return ""
}
