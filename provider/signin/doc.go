// Package signin holds the pages between « Connexion » and the application:
// the sign-in itself, the steps of a first sign-in, the texts to accept, the
// consent, and the way out.
//
// One ordered table, in next.go, says what comes next:
//
//	login ─► choose ─► factor ─► administrator ─► details ─► email ─► password ─► rules ─► terms ─► access ─► enrolment ─► codes ─► consent ─► done
//	         asked by   if the    first person     first      address   after a     a version        no right  a factor is  on the   per client,
//	         an appli-  person    of an            sign-in    is new    provisional not yet          in the    wanted and   screen   once
//	         cation     has one   organisation                          one         accepted         client    missing
//
// The pages of factor, enrolment and codes are those of secondfactor. The factor
// comes before everything else that a password opens, a provisional one too: who
// reads the e-mails of a person with a factor comes no further.
//
// Every page first reads the stored state (state.go) and asks the table whether
// it is its turn; if not, it stores nothing and redirects to the step that is.
// No page knows another one: each ends at Onward, which answers what
// /connexion/suite would, and that asks again.
// A reload, a second tab, the back button or a typed address therefore always
// arrives at the right step, and never past one.
//
//	/connexion/suite      asks the table and redirects
//	/connexion/refus      a text was not accepted; nothing is lost
//	/connexion/arreter    stop and sign out
//	/connexion/prolonger  how long the session lasts; POST puts the end off
//	/connexion/expiration the session has expired
//	/deconnexion          sign out
//	/                     Mon Compte Partenaire: the services that the person may open
//	/connexion/changer    another account; the present session ends when that is proven
//	/textes/KIND/VERSION  a text, public, to print
//
// access has nothing to ask: whoever holds no right in an application stops
// there, or goes back to it, which is told access_denied.
//
// The running authorization request, if any, travels as demande: the id of a
// flow row that belongs to this browser. When nothing is left the browser goes
// to /oauth2/authorize/suite, and what happens there is not known here.
//
// Somebody who asks for a page of « Mon compte » without being signed in, or
// after the session has expired, comes back to it: then demande is the address
// of that page, and nothing but one of ours (provider/own.go).
//
// A session opened with a provisional password reaches the steps up to
// password and nothing else. The provisional password is consumed when the own
// one is saved, so that a person may stop and resume before.
package signin
