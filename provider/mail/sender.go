package mail

import (
	"context"
	"errors"
)

// Sender lets a mail go: SMTP through a relay, Directory into a folder.
// An *Error says whether trying again makes sense.
type Sender interface {
	Send(ctx context.Context, m *Mail) error
}

// Error says why a mail did not go.
type Error struct {
	// Permanent: the relay refused this recipient or this content with a 5xx
	// answer, so the same mail will be refused again. Everything else is
	// temporary: no connection, no TLS, a wrong password, a refused sender,
	// because these are the operator's to mend, and then the mail can go.
	Permanent bool
	Code      int // the relay's answer, 0 when there was none
	Err       error

	text string
}

// Error is the cause without the recipient's address: it goes into logs.
func (e *Error) Error() string { return "send mail: " + e.text }

func (e *Error) Unwrap() error { return e.Err }

// Permanent says whether err is a refusal that will not change.
func Permanent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Permanent
}
