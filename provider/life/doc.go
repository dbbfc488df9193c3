// Package life is what happens to an access because time passes: reminders to
// those who never signed in, two warnings and then dormancy for those who no
// longer do, closing, and the erasure of what is personal.
//
// Nobody loses an access without two warnings, the second a week before. New
// codes reopen a dormant one (loge account reset, « Problème de connexion »).
// Every step is one statement that takes users and notes that it was done, in
// the transaction that writes the mail: of two replicas one does it, once.
package life
