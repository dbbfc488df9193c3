// Package session keeps a browser signed in.
//
// Three cookies, each with its own key derived from the master secret:
//
//	__Host-session  the sign-in; gone with the browser, on sign-out or when the row ends
//	__Host-flow     one random value per browser; authorization requests are tied to it
//	__Host-device   one random value per browser, a year long: who has signed in here before
//
// On a plain http issuer, which is loopback only, they are called loge-session,
// loge-flow and loge-device, and lack Secure, because most browsers refuse Secure
// cookies there.
//
// A cookie holds 32 random bytes under a MAC, the database their SHA-256: a
// stolen database opens no session, a forged cookie is refused without asking
// the database. The row decides everything else:
//
//	Start ──► live ──► idle or past its absolute end ──► ErrExpired
//	           │ ▲
//	    Rotate └─┘  End, EndOthers ──► ErrExpired
//
// Current and Extend count as use, Look does not; Remaining tells when idleness
// would end the session.
//
// An idle session has no power, but it is not over for the applications that
// were signed in to: Resting finds it for who signs out, or in again, until its
// absolute end. Storage notes for each of those applications that it is to be
// told when a session ends, whichever way it does.
//
// The device cookie signs nobody in. It only has the failures of the person who
// signed in here counted apart from those of strangers.
//
// A cookie that does not decode is no cookie. The package does not know what a
// session may do: that is account.MayIssue and the table of signin.
package session
