// Package account holds the rules about accounts and the people in them: how
// an identifier, a numéro utilisateur, an e-mail address or a name is written,
// and, in [MayIssue], the one rule that says whether a token may be given out.
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
