package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	formBytes  = 64 << 10 // the largest form we have, with eighty rights, is under 4 KiB
	formFields = 300      // as many as an organisation may have rights to choose from
)

// Form reads a submitted form: application/x-www-form-urlencoded only, at most
// 64 KiB and 300 fields, each once, valid UTF-8 without NUL. Anything else is
// an *Error with a page that says what to do. The query string is not looked
// at, so a value never comes from an address somebody was sent.
func Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := formType(r.Header.Get("Content-Type")); err != nil {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Message: "error.form", Err: err}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, formBytes))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, &Error{Status: http.StatusRequestEntityTooLarge, Message: "error.too_large", Err: err}
		}
		return nil, unreadable(err)
	}
	if strings.Count(string(body), "&") >= formFields {
		return nil, unreadable(errors.New("too many fields"))
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, unreadable(err)
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, unreadable(errors.New("a field comes twice"))
		}
		if !clean(name) || !clean(all[0]) {
			return nil, unreadable(errors.New("a value is not text"))
		}
	}
	return values, nil
}

func formType(header string) error {
	media, params, err := mime.ParseMediaType(header)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if media != "application/x-www-form-urlencoded" {
		return fmt.Errorf("content type %s", media)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fmt.Errorf("charset %s", charset)
	}
	return nil
}

// unreadable keeps the cause for the log; it holds positions, never values.
func unreadable(err error) error {
	return &Error{Status: http.StatusBadRequest, Message: "error.form", Err: err}
}

func clean(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
