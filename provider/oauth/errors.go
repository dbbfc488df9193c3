package oauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ory/fosite"
)

// Error is an error of the protocol, as a client is told it (RFC 6749 §4.1.2.1
// and §5.2, OpenID Connect Core §3.1.2.6, RFC 6750 §3.1).
type Error struct {
	Code        string // error
	Description string // error_description; made printable ASCII when it is written
	Err         error  // cause, for the log only; may be nil
	Levels      string // acr_values of the next request (RFC 9470 §3), "" elsewhere
	MaxAge      *int64 // max_age of the next request, nil = any
}

func (e *Error) Error() string {
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// statuses are the HTTP statuses of the errors we answer in JSON. An error that
// is not listed never leaves as itself.
var statuses = map[string]int{
	"invalid_request":                   http.StatusBadRequest,
	"invalid_client":                    http.StatusUnauthorized,
	"invalid_grant":                     http.StatusBadRequest,
	"unauthorized_client":               http.StatusBadRequest,
	"unsupported_grant_type":            http.StatusBadRequest,
	"unsupported_response_type":         http.StatusBadRequest,
	"invalid_scope":                     http.StatusBadRequest,
	"invalid_target":                    http.StatusBadRequest, // RFC 8707 §2
	"access_denied":                     http.StatusBadRequest,
	"login_required":                    http.StatusBadRequest,
	"interaction_required":              http.StatusBadRequest,
	"consent_required":                  http.StatusBadRequest,
	"request_not_supported":             http.StatusBadRequest,
	"request_uri_not_supported":         http.StatusBadRequest,
	"registration_not_supported":        http.StatusBadRequest,
	"invalid_request_object":            http.StatusBadRequest,
	"unmet_authentication_requirements": http.StatusBadRequest,
	"invalid_dpop_proof":                http.StatusBadRequest,
	"use_dpop_nonce":                    http.StatusBadRequest,
	"invalid_token":                     http.StatusUnauthorized,
	"invalid_client_metadata":           http.StatusBadRequest,
	"invalid_redirect_uri":              http.StatusBadRequest,
	"insufficient_user_authentication":  http.StatusUnauthorized,
	"insufficient_scope":                http.StatusForbidden,
	"server_error":                      http.StatusInternalServerError,
	"temporarily_unavailable":           http.StatusServiceUnavailable,
	"authorization_pending":             http.StatusBadRequest,
	"slow_down":                         http.StatusBadRequest,
	"expired_token":                     http.StatusBadRequest,
}

func (e *Error) status() int { return statuses[e.Code] }

// refuse makes an error for the client.
func refuse(code, description string) *Error { return &Error{Code: code, Description: description} }

// answer turns any error into one of the protocol: ours as it is, fosite's by
// the table, everything else into server_error without a word about it.
func answer(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	f, ok := errors.AsType[*fosite.RFC6749Error](err)
	if !ok {
		return &Error{Code: "server_error", Err: err}
	}
	if _, known := statuses[f.ErrorField]; !known || f.ErrorField == "server_error" {
		return &Error{Code: "server_error", Err: cause(f)}
	}
	return &Error{Code: f.ErrorField, Description: hint(f), Err: f.Unwrap()}
}

// cause digs out what fosite wrapped; its own text is just "server_error".
func cause(f *fosite.RFC6749Error) error {
	if inner := f.Unwrap(); inner != nil {
		return inner
	}
	return errors.New(f.ErrorField + " " + f.DebugField)
}

// hint is the most precise thing fosite or our store says to the developer:
// the innermost hint. Debug texts are never told.
func hint(f *fosite.RFC6749Error) string {
	text := f.HintField
	for inner := f.Unwrap(); inner != nil; inner = errors.Unwrap(inner) {
		if e, ok := inner.(*fosite.RFC6749Error); ok && e.HintField != "" {
			text = e.HintField
		}
	}
	return text
}

// maxDescription bounds an error_description, in bytes.
const maxDescription = 240

// printable keeps a description within %x20-21 / %x23-5B / %x5D-7E, the only
// characters RFC 6749 §4.1.2.1 allows: no double quote, no backslash, no accent.
func printable(text string) string {
	if len(text) > maxDescription {
		text = text[:maxDescription]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\' || r < 0x20 || r > 0x7e:
			return '?'
		}
		return r
	}, text)
}
