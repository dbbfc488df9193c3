// Package account holds the rules about accounts and the people in them: how
// an identifier, a numéro utilisateur, an e-mail address or a name is written,
// and, in [MayIssue], the one rule that says whether a token may be given out.
//
// Rights in applications (habilitations) are read in three steps, by
// [HeldRights]. An application registers rights, or none and is open to
// everybody. An account holds them all, except restricted ones, which the agency
// gives, and those that it withholds. Of these an individual and an
// administrator hold all, a member what he was given. So an agency that never
// heard of rights notices nothing, and what the agency takes back is gone for
// everybody below at once, whatever was written there.
//
// Everything here is a pure function over plain values. The package knows no
// request, no database and no screen text: callers turn its errors into what
// they show. It does not know the order of the sign-in's steps either; that is
// the table of provider/signin.
//
// Normalising is generous where people type (spaces, hyphens, lower case) and
// strict in what comes out: a normalised value has exactly one spelling, so it
// can be a key.
package account
