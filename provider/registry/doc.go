// Package registry is the rules of what a partner application may register:
// the names and their meaning (Document), the defaults, the checks and the
// limits. The operator's commands and dynamic registration go through the same
// functions, so that an application is described and checked in one way.
//
//	Read      clients from a YAML or JSON file, each fault with its line
//	Document  one client, with the names of RFC 7591 §2 and some of our own
//	Check     the whole client at once: each fault named with what to do
//	Examine   Check, and what only a look at the client's own addresses tells
//	Compare   what a change would change, field by field
//	Logo      a picture that may be shown, made anew from one that was fetched
//
// Whoever calls Examine hands over how to fetch: the guard of package outbound.
// The package deliberately knows no database and asks nobody itself.
package registry
