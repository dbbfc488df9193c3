package account

import (
	"time"

	"loge/storage"
)

// Refusal is the reason why no token may be given out now. It is for logs and
// audit events; what the person sees depends on where it is found.
type Refusal string

func (r Refusal) Error() string { return "no token: " + string(r) }

// The reasons, in the order in which MayIssue looks for them.
const (
	ClientDisabled     Refusal = "application is disabled"
	AccountSuspended   Refusal = "account is suspended"
	UserSuspended      Refusal = "user is suspended"
	UserDormant        Refusal = "user is dormant"
	UserClosed         Refusal = "user is closed"
	NotActivated       Refusal = "user has not finished the first sign-in"
	PasswordDue        Refusal = "user has to choose a password"
	SessionProvisional Refusal = "session was opened with a provisional password"
	SessionEnded       Refusal = "session has ended"
	SessionExpired     Refusal = "session has reached its absolute limit"
	SessionIdle        Refusal = "session has been idle for too long"
	PasswordChanged    Refusal = "password was chosen after access was granted"
	DocumentsPending   Refusal = "rules or terms are not accepted"
	NoRight            Refusal = "user has no right in the application"
)

// ClientFacts is what MayIssue needs to know of the application.
type ClientFacts struct {
	Disabled bool
	Rights   storage.Rights // of the user in it
}

// SessionFacts is what MayIssue needs to know of the browser session behind
// the token and of the texts. The zero value is refused: nothing is accepted.
type SessionFacts struct {
	Provisional bool         // opened with a provisional password
	EndedAt     storage.Time // signed out, replaced, or ended by the agency
	ExpiresAt   storage.Time // absolute limit; 0: does not bind this token (a grant that outlives the browser)
	IdleAt      storage.Time // when it lapses unless used; 0: does not bind this token
	GrantedAt   storage.Time // of a grant that outlives the browser: a password chosen later ends it; 0: does not bind
	// Accepted says that a version of the rules and one of the terms are accepted.
	// The newest is the sign-in's business: publishing it ends no token.
	Accepted bool
}

// MayIssue is the one rule that says whether a token may be issued, refreshed,
// introspected as active or used at userinfo. It returns nil or a [Refusal].
// It must be asked each time, with rows read for that time: a person suspended
// a second ago gets nothing from a refresh token of last week.
//
// A limit is passed when now has reached it. A state that is not known here is
// refused.
func MayIssue(user storage.User, account storage.Account, client ClientFacts, session SessionFacts, now time.Time) error {
	passed := func(limit storage.Time) bool { return !limit.IsZero() && limit <= storage.At(now) }
	switch {
	case client.Disabled:
		return ClientDisabled
	case !account.SuspendedAt.IsZero():
		return AccountSuspended
	case user.State == storage.StateSuspended:
		return UserSuspended
	case user.State == storage.StateDormant:
		return UserDormant
	case user.State == storage.StateClosed:
		return UserClosed
	case user.State != storage.StateActive:
		return NotActivated
	case user.PasswordHash == "" || user.PasswordMustChange:
		return PasswordDue
	case session.Provisional:
		return SessionProvisional
	case !session.EndedAt.IsZero():
		return SessionEnded
	case passed(session.ExpiresAt):
		return SessionExpired
	case passed(session.IdleAt):
		return SessionIdle
	case !session.GrantedAt.IsZero() && session.GrantedAt < user.PasswordSetAt:
		return PasswordChanged
	case !session.Accepted:
		return DocumentsPending
	case !MayOpen(user, client.Rights):
		return NoRight
	}
	return nil
}
