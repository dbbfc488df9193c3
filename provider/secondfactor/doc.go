// Package secondfactor holds the pages of the double vérification: showing a
// factor at the sign-in, adding and removing one. provider/factor has the rules.
//
// In the sign-in, whose table (provider/signin/next.go) says whose turn it is:
//
//	/connexion/verification                   a code, or a code of the list
//	/connexion/verification/cle               the answer of a passkey
//	/connexion/double-verification            why one has to be added, or back to the application
//	/connexion/double-verification/…          adding it, as below
//	/connexion/codes-de-secours               the recovery codes, until they are noted
//
// In « Mon compte », after a recent proof of the password (self.Confirmed):
//
//	/compte/double-verification               what there is
//	/compte/double-verification/application   adds an application of codes
//	/compte/double-verification/cle           adds a passkey
//	/compte/double-verification/codes         other recovery codes
//	/compte/double-verification/retirer       removes a factor
//
// Who shows or adds a factor is given another session cookie: the session has
// more power. A session that began before the first factor was added is asked
// for it at its next page. Nothing is remembered for the next sign-in: a browser
// that is trusted for a month is one more thing to steal.
//
// Codes are counted like passwords, before they are compared, under one counter
// for all browsers of the person: whoever knows the password could have any
// number of known ones. The answer to a wrong, a used and a late code is the
// same. Passkeys cannot be guessed and are not counted. A wait of the counter is
// told by e-mail once a day: somebody knows the password.
//
// What the session waits for (session.PendingKey and the like) is answered once
// and for ten minutes. The secret of an application and the recovery codes are
// sealed there, as the factors are in their table. Recovery codes stay on the
// screen until the person says that they are noted, so a lost answer loses none;
// after that only their hashes are left.
//
// Removing the last factor removes the recovery codes with it. Who has lost all of
// them calls the agency: operator.RemoveFactors.
package secondfactor
