// Package delivery lets what stands in the outbox leave: e-mails by a job,
// letters by print runs.
//
// Secrets are made here, at the moment the message that carries them is
// produced, and exist nowhere in clear afterwards: the database keeps a keyed
// hash, the mail or the PDF keeps the rest.
//
// One e-mail:
//
//	claim  → compose → store hash → send → settle
//	 lease,             committed            one transaction: sent, older provisional
//	 attempt            before the           passwords replaced, what follows queued
//	 counted            relay hears of it    after the separation, journal
//
// A process that dies on the way leaves a message whose lease ends after ten
// minutes; it is then sent again with a new secret. Until a newer provisional
// password has left, the older one stays valid: at every moment the password
// that reached the person works.
//
// One print run, of one kind of letter:
//
//	open   → compose → write file → finish
//	 number,            temporary     one transaction: hashes, letters printed, older
//	 letters            name, fsync,  passwords replaced, what follows queued, journal
//	 taken              rename
//
// A run that dies on the way stays open; the next Print puts its letters back
// into the queue, removes its file and says so. A letter whose address does not
// fit the window stays in the queue and in a report, and holds up no other.
//
// The identifier goes first, the password later, never in one message; both
// carry the numéro utilisateur. What is valid « jusqu’au 12 mars » is valid all
// that day in Paris: a validity of a day or more ends at midnight.
//
// What comes back, by e-mail (RFC 3464) or by post, ends the secret it carried and
// marks the address of the account.
//
// The package deliberately does not know who enqueues a message and why, nor
// how often it runs.
package delivery
