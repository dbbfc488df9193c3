// Package password holds everything about secrets that people type: what a
// password must be ([Check]), how it is kept ([Hasher]), and the secrets loge
// makes itself, provisional passwords and e-mail codes.
//
// A password that somebody chose is kept as Argon2id, with its parameters next
// to it, and at most so many computations run at once: the rest waits a moment
// in a short queue and is then refused with [ErrBusy], because each computation
// takes 19 MiB. A secret made by loge is random, so a keyed hash is enough: a
// stolen database without the master secret gives nothing to try against.
//
// The package deliberately knows neither users nor tables nor pages. Counting
// wrong tries is provider/throttle; which page asks for a password is
// provider/signin. It keeps no history of passwords and has no composition
// rule: length and the block-list are what protects people (ASVS 6.2.5).
//
// The states of a provisional password are the columns of its row: made, then
// used, superseded or expired. It opens one page and nothing else.
package password
