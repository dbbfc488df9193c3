// Package partnertest has partner applications sign people in with the libraries
// and servers that partners use: openid-client on Node.js, mod_auth_openidc in
// Apache, and PHP without any. (go-oidc plays the partner in all other tests, see
// provider/providertest.) Each goes through the real pages and signs out; the
// first two are told of it by a logout token.
//
// The tests need Node.js 18 or later with npm, Apache 2.4 with mod_auth_openidc,
// PHP 8, and the build tag partners:
//
//	go test -tags partners ./provider/partnertest/
//
// npm fetches what testdata/node/package-lock.json names, once, into
// build/partners of the repository. None of it is a part of the program.
package partnertest
