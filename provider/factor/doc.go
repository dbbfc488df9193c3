// Package factor holds the rules of the double vérification: what a person shows
// beside the password.
//
//	passkey  a clé d'accès: a key kept by a telephone, a computer or a security key (WebAuthn)
//	totp     an application de codes: six digits, another half-minute, other digits (RFC 6238)
//
// and, for who has lost both, a list of ten codes de secours, each used once.
//
// Nobody is forced: the operator may ask it of administrators, an application of
// everybody who wants to enter it, and whoever has set it up is asked at each
// sign-in. It always comes after the password, which is one way to sign in and
// the only one: a passkey alone opens nothing. That the person touched the key
// is enough then, so no PIN is asked for it (user verification "discouraged").
//
// Levels are computed from the methods that the session has. acr says which:
//
//	urn:loge:acr:password    pwd
//	urn:loge:acr:two-factor  pwd otp mfa, pwd pop mfa
//
// Single use is storage's: a time step, a count of signatures and a code of the
// list are each accepted by one statement that only one of two can win. What is
// stored of a secret is sealed or hashed with keys derived from the master
// secret. The package knows no page, no session and no database.
package factor
