// Package providertest runs a whole provider for one test: every part is the
// one that serves, on a database of its own, over HTTP on loopback. Only the
// clock can be moved, mails land in a folder, and Argon2id is as cheap as its
// smallest parameters make it.
//
// [Browser] is a person without JavaScript; [Partner] a relying party on
// go-oidc and x/oauth2.
package providertest
