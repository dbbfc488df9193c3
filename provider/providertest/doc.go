// Package providertest runs a whole provider for one test: every part is the
// one that serves, on a database of its own, over HTTP on loopback. Only the
// clock can be moved, mails land in a folder, and Argon2id is as cheap as its
// smallest parameters make it. [Options] change that, [Provider.Replica] puts a
// second provider on the same database.
//
// [Browser] is a person without JavaScript; [Partner] a relying party on
// go-oidc and x/oauth2. What people are sent is read as they read it: mails from
// their files ([Provider.Credentials], [Provider.Code]), letters as printed
// ([Provider.PrintedCredentials]).
package providertest
