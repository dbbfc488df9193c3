package password

import (
	"strings"
	"unicode/utf8"

	"loge/provider/secret"
)

// Slip is what keeps a text from being the provisional password it looks like.
type Slip int

// The slips. Each can be seen in the text alone, so that telling it to whoever
// typed it says nothing about any account.
const (
	NoSlip      Slip = iota
	WrongLength      // a sign too many or too few
	WrongSign        // a letter or digit that provisional passwords never hold, such as O for D
)

// Misread tells whether a text looks like a provisional password copied with a
// mistake, and how many signs it has. Only capitals and digits, or groups with
// hyphens between them, look like one: a password that somebody chose seldom does.
func Misread(typed string) (Slip, int) {
	if _, ok := Normalize(typed); ok || len(typed) > maxTyped {
		return NoSlip, 0
	}
	signs := squeeze(typed)
	n := utf8.RuneCountInString(signs)
	grouped := strings.Count(typed, "-") == 2
	if n < provisionalLength-2 || n > provisionalLength+2 || strings.Trim(signs, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" ||
		!grouped && signs != strings.Join(strings.Fields(typed), "") {
		return NoSlip, 0
	}
	if n != provisionalLength {
		return WrongLength, n
	}
	if strings.Trim(signs, secret.Signs) != "" {
		return WrongSign, n
	}
	return NoSlip, 0
}
