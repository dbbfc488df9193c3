// Package errorsx is the part of ory/x that fosite calls to carry details of an
// error from where it happens to where it is answered.
package errorsx

// WithStack returns err as it is: the log names the request and the wrapped
// causes, a captured stack would only cost time on every non-matching handler.
func WithStack(err error) error { return err }

// Cause returns the innermost error of a chain of Cause methods.
func Cause(err error) error {
	for {
		inner, ok := err.(interface{ Cause() error })
		if !ok {
			return err
		}
		next := inner.Cause()
		if next == nil {
			return err
		}
		err = next
	}
}

// The interfaces below are found on errors by type assertion in fosite.
type (
	// StatusCodeCarrier is an error that knows its HTTP status.
	StatusCodeCarrier interface{ StatusCode() int }
	// RequestIDCarrier is an error that knows the request it happened in.
	RequestIDCarrier interface{ RequestID() string }
	// ReasonCarrier is an error with a reason for the caller.
	ReasonCarrier interface{ Reason() string }
	// DebugCarrier is an error with a detail for the log.
	DebugCarrier interface{ Debug() string }
	// StatusCarrier is an error with a status in words.
	StatusCarrier interface{ Status() string }
	// DetailsCarrier is an error with structured details.
	DetailsCarrier interface{ Details() map[string]any }
)
