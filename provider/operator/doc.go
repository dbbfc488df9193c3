// Package operator is what the agency does: it imports accounts, publishes the
// two texts people accept, and registers partner applications. The commands of
// cmd/loge call it; a console would call the same methods.
//
//	Import            accounts from a file: created, updated, unchanged or refused
//	PublishDocument   a version of the rules or the terms
//	AddClient, RenewClientSecret, DisableClient
//	Appoint, Demote, StartAgain  who is administrator of an organisation whose own is gone
//	Check             is this installation fit to serve?
//
// # Import
//
//	inspect  the whole file once: size, SHA-256, encoding
//	rows     one line after the other, split and decoded; never the whole file in memory
//	check    the rules that need nothing but the row
//	plan     what the row means for the accounts that exist: a batch of rows at a time
//	write    the batch in one transaction, with its audit event
//
// A run that is cut off has stored whole batches; the same command run again
// finds them unchanged and goes on. A dry run does all of it but write, so it
// only reads.
//
// The file wins over what is stored for the agency's own data: département,
// raison sociale, SIRET, postal address. Civilité, names and e-mail are the
// agency's only until somebody has signed in. Type and identifier never change.
// A column that the file does not have leaves what is stored alone; an empty
// cell empties it. Whoever could be reached neither by e-mail nor by letter is
// refused. Credentials go out once, when an account is created: changing an
// address later sends nothing, but messages that still wait take the new one.
//
// Each transaction that changed something writes one event accounts.imported
// with the file's name, its SHA-256, the lines and the counts; a run that
// changed nothing leaves no trace.
//
// The package deliberately does not know how messages leave (delivery), what
// a page shows, or how arguments are written.
package operator
