// Package recovery brings people back in: « Mot de passe oublié » and « Problème
// de connexion ».
//
// Nobody here is signed in, so nothing here may tell whether an account exists.
// What somebody asks for is therefore written down, sealed, and the page is
// shown; the account is looked up afterwards, by a job:
//
//	form ─► limits of the address ─► help_requests ─► the same page for everybody
//	                                      │
//	              Answer (a job) ◄────────┘
//	              account, limits of the account, outbox, journal: one transaction
//
// The answer has the same bytes after the same work whatever was typed, and no
// path through these pages takes an address to send anything to: mails and
// letters go where the agency, or the person once signed in, said.
//
//	/mot-de-passe-oublie           asks for the e-mail address
//	/mot-de-passe-oublie/envoye    what happens next
//	/mot-de-passe-oublie/choisir   the link of security.reset: link; GET changes nothing
//	/mot-de-passe-oublie/termine   the password is changed
//	/probleme-de-connexion[/STEP]  the questions, one a page; see graph.go
//
// An address that was changed less than a day ago in « Mon compte » gets nothing
// that opens the access, and the one that was given up gets the link that takes
// the change back: see moved.go.
//
// Where a walk through the questions ends without help it has a reference, under
// which the agency finds what was asked and what came of it.
package recovery
