// Package self is « Mon compte »: what people see, change and end of their own
// access.
//
//	/compte                        details, password, sign-ins, devices, texts
//	/compte/renseignements         names, telephone, fonction
//	/compte/adresse-e-mail         another address, with the password and a code
//	/adresse-e-mail/annuler        the former address takes that back; nobody signed in
//	/compte/donnees[.json]         everything that is kept about the person
//	/compte/fermeture              a request to close, withdrawn by /retirer
//	/compte/mot-de-passe           another password, for who knows the current one
//	/compte/confirmer              the password again, before what Confirmed guards
//	/compte/appareils/deconnecter  ends the session of one browser
//	/compte/appareils/autres       ends all sessions but this one
//	/compte/textes/KIND/VERSION    the proof of an acceptance, to print
//
// Every handler is given a session.Visit: who has finished the sign-in is
// decided by signin, and nothing here asks again. Whose something is stands in
// each query; what is somebody else's does not exist (404).
//
// Ending one's own session is signing out, and is left to /deconnexion. A
// session that only rests is listed until its absolute end: applications count
// on it still. Ending one ends also what applications hold of it for when the
// person is away: whoever ends a browser wants nothing of it to go on.
//
// What changes or hands out the access itself needs a recent proof of who sits
// there: the sign-in, or the password typed again, not longer ago than ten minutes
// (session.RecentFor; a form that was shown in time has as long again). Confirmed
// asks for it and leads back. auth_time and amr stay those of the sign-in.
//
// Whoever changes the password types the current one, counted as at the sign-in.
// The other browsers are signed out unless the person unchecks the box; a
// provisional password on its way dies. auth_time stays that of the sign-in.
//
// An e-mail address is changed by who knows the password and reads the mails of
// the new address. It changes at once; for 24 hours the former one may take that
// back by a link. Whoever uses the link says that a stranger knew the password, so
// the password dies with all sessions and grants, and a double vérification that is
// younger than the change with them; « Mot de passe oublié », which reaches the
// restored address, is the way in. Until the day is over the new address is sent
// nothing that opens the access (package delivery refuses it, whoever asked), the
// former one is nobody else's, and of several changes the earliest owner's link
// wins. An address that was the first one has no former one to ask: nothing waits.
//
// A request to close is one for the agency, which looks whether the access is
// still needed; nothing changes before it answers. The only administrator of an
// organisation hands the role over first: nobody else could.
//
// The copy of a person's data is what storage.KeptTables lists of every table,
// without secrets; that somebody of the agency did something is in it, not who.
//
// Where a device is not known any more, because its session was purged or the
// sign-in failed, the page says so rather than guess.
package self
