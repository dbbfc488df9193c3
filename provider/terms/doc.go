// Package terms knows which texts a person still has to accept, what is kept as
// proof, and how a text becomes part of a page.
//
// There are two texts: the rules of use (règles d’usage), which bind the person,
// and the terms (conditions d’utilisation), the frame of the service. Each
// person accepts the current version of both, one after the other; a new version
// is asked again at the next sign-in. The personal-data notice is a third text,
// which is read and never accepted: it is not here.
//
// The proof of an acceptance is the SHA-256 of the exact text, its version, the
// person and the time; no network address, which would be more than is needed.
//
// The package deliberately knows neither pages nor statements, and not the
// order of the steps.
package terms
