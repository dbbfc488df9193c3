// Package oauth speaks OpenID Connect with the partner applications. It is the
// only package that knows fosite, v0.49.0, which is the state machine of the
// authorization code grant and nothing more: whatever touches the outside or
// the database is here.
//
// Routes:
//
//	/.well-known/openid-configuration        Discovery
//	/.well-known/oauth-authorization-server  Discovery
//	/oauth2/jwks                             JWKS
//	/oauth2/authorize        GET, POST       Authorize
//	/oauth2/authorize/suite  GET             Resume, after the sign-in pages
//	/oauth2/token            POST            Token
//	/oauth2/userinfo         GET, POST       UserInfo
//
// An authorization request goes through these hands:
//
//	parameters → readRequest → nothing left to ask? → issue → respond
//	                                 │ something is
//	                                 ▼
//	                          a row in flows, the sign-in pages, Resume → issue → respond
//
// readRequest checks everything before anybody is asked anything, in the order
// client, redirect URI, response mode, the rest. Until the redirect URI is
// settled a mistake is a page of ours; afterwards it is an error response, with
// iss. fosite sees plain parameters that have passed.
//
// A code is issued and redeemed in a unit of work: reads go to the database,
// writes are buffered, signatures are made, and then one short transaction
// applies all of it. In it the statements decide: a flow finishes once, a code
// is redeemed once, no token is added to a revoked grant. Revocation after a
// replay has its own commit, because the request that brings it fails.
//
//	grant ── code ── access token
//
// A code shown again after it was redeemed revokes its grant. Of two
// redemptions at once one wins; the other learns invalid_grant and revokes
// nothing. A code shown by another client has leaked and is burnt.
//
// account.MayIssue is asked before a code is issued, before tokens are, and
// each time userinfo is read, with facts read in one statement for that moment.
//
// Scopes that the client may not ask or that do not exist are left out, as
// OpenID Connect Core §3.1.2.1 wants, and the token response says what was
// granted; openid itself is required. Offered are the code flow with S256, the
// response mode query, and opaque access tokens. Request objects, offline
// access, other modes and grants are refused or ignored as discovery says.
//
// The package deliberately does not know how people sign in: the field Pending
// tells whether a page has to be shown, and /connexion/suite shows it.
package oauth
