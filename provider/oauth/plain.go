package oauth

import (
	"encoding/json"
	"strconv"
	"strings"

	"loge/storage"
)

// What is written and read at each request is JSON of strings and numbers in a
// fixed order. This file does that without reflection. Whatever is not as plain
// as it nearly always is is left to encoding/json, which does the same slowly.

// plain tells whether a text stands in JSON as it is: ASCII without quotes,
// backslashes, control characters, and the three that encoding/json escapes for
// HTML.
func plain(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < 0x20 || c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// appendText appends a string of JSON.
func appendText(to []byte, text string) []byte {
	if !plain(text) {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic("encode a string: " + err.Error()) // never: broken UTF-8 is replaced
		}
		return append(to, quoted...)
	}
	return append(append(append(to, '"'), text...), '"')
}

// appendMember appends what stands before a value, and a string.
func appendMember(to []byte, before, text string) []byte {
	return appendText(append(to, before...), text)
}

// unread is the rest of a JSON object that is read member by member, in the
// order in which we write them. Each method takes what it looks for from the
// beginning, or leaves everything as it is and returns false.
type unread string

// text takes a plain string into to; before is what stands before it.
func (u *unread) text(before string, to *string) bool {
	rest, ok := strings.CutPrefix(string(*u), before+`"`)
	if !ok {
		return false
	}
	text, rest, ok := strings.Cut(rest, `"`)
	if !ok || !plain(text) {
		return false
	}
	*to, *u = text, unread(rest)
	return true
}

// time takes a number of seconds into to; before is what stands before it.
func (u *unread) time(before string, to *storage.Time) bool {
	rest, ok := strings.CutPrefix(string(*u), before)
	if !ok {
		return false
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 1 && digits[0] == '0' { // no number of JSON
		return false
	}
	*to, *u = storage.Time(seconds), unread(rest[len(digits):])
	return true
}
