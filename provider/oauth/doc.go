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
//	/oauth2/par              POST            PushRequest
//	/oauth2/token            POST            Token
//	/oauth2/userinfo         GET, POST       UserInfo
//	/oauth2/logout           GET, POST       Logout
//	/oauth2/logout/suite     POST            SubmitLogout, the button of the page that asks
//	/oauth2/revoke           POST            Revoke
//	/oauth2/introspect       POST            Introspect
//	/oauth2/register         POST            Register
//	/oauth2/register/{id}    GET, PUT, DELETE Registration
//	/oauth2/device           POST            Device, a device asks for a code
//	/appareil                GET, POST       DevicePage, SubmitDevice: a person types it
//
// An authorization request goes through these hands:
//
//	parameters → receive → readRequest → nothing left to ask? → issue → respond
//	                                           │ something is
//	                                           ▼
//	                                    a row in flows, the sign-in pages, Resume → issue → respond
//
// receive unwraps what does not come as plain parameters: request objects and
// pushed requests, of which only what is inside counts. A pushed request may be
// loaded again until it is answered; the transaction of the answer uses it up.
//
// readRequest checks everything before anybody is asked anything, in the order
// client, redirect URI, response mode, the rest. Until the redirect URI is
// settled a mistake is a page of ours; afterwards it is an error response, with
// iss. fosite sees plain parameters that have passed.
//
// Who is at the browser is then read once, with all that decides: whether a page
// is left to show and whether the one rule lets a code out are judged by facts of
// one moment. The token endpoint reads them again.
//
// A code is issued and redeemed in a unit of work: reads go to the database,
// writes are buffered, signatures are made, and then one short transaction
// applies all of it. In it the statements decide: a flow finishes once, a code
// is redeemed once, no token is added to a revoked grant. Revocation after a
// replay has its own commit, because the request that brings it fails.
//
//	grant ── code ── access token
//	  └───── refresh token ── access token, refresh token ── …
//
// The token endpoint knows authorization_code, which fosite does, and
// refresh_token, client_credentials and the device code, which are ours. Refresh
// tokens come with
// the scope offline_access, to clients registered for them, and the person is
// told for how long. Each is used once: the answer holds the next one, and those
// of one grant are a family. A used one works again for some seconds, because an
// answer can be lost and two tabs can ask at once; shown later, it revokes the
// family. The next one keeps the scopes; the access token may have fewer. A
// family ends when nobody uses it and, at the latest, a time after the sign-in.
//
// Offline access is for when the person is away. It outlives the browser's
// session, idle, signed out of or purged, and so do its access tokens. It ends
// with a new password, with signing out of all other sessions, with suspension,
// with the account, with the consent, with the client; with signing out of
// its session where the settings want that. What came without offline_access ends
// with the session.
//
// A device without a keyboard (RFC 8628) shows a code, and a person types it at
// /appareil. From there on she is asked like anybody, in a flow of her own
// browser, always with the consent page, which shows the code to compare; the
// grant belongs to the session in which she agreed, so a device that is to last
// asks for offline_access. A device code that another client shows is refused
// from then on. One that is shown again after it was redeemed revokes nothing: a
// device that lost the answer asks again.
//
//	waiting ──person agrees──▶ agreed ──device asks──▶ used
//	   └──person refuses, other client, 15 minutes──▶ over
//
// A token of client_credentials has no person and no grant behind it: userinfo
// is closed to it, and it is not written into the journal, which is about
// people. Revocation and introspection look at the token's prefix to know its
// kind. A client may end and look at its own tokens only, except that a client
// which is an audience of another one, a resource server, sees its access
// tokens.
//
// With a DPoP proof a client binds its access token to a key (RFC 9449), a
// public one its refresh tokens too; dpop_jkt, or the proof of a pushed request,
// binds the code before. A proof is used up, with a commit of its own, once the
// client has authenticated or, at userinfo, once the token has turned out good:
// it works once there as well, at the price of one commit per call. Nonces follow
// from the master secret and the time, so that replicas agree and store none.
//
// A code shown again after it was redeemed revokes its grant. Of two
// redemptions at once one wins; the other learns invalid_grant and revokes
// nothing. A code shown by another client has leaked and is burnt.
//
// An access token is opaque, or for clients that are registered so a JWT that
// resource servers read by themselves (RFC 9068). Both have a row, and here the
// row decides: revocation, introspection and userinfo know no difference. The
// row of a JWT is found by its jti, after typ, signature and iss were checked.
// What is signed differs in typ: JWT for ID tokens, at+jwt, logout+jwt,
// token-introspection+jwt, and none for userinfo.
//
// A client may say which resources a token is for (RFC 8707), of those that its
// resource servers answer for. Then only these may introspect it, and userinfo
// takes it if the issuer is among them. What the authorization request named
// bounds the grant; each token may be for less. Without any, the token is for
// all resource servers of the client and for userinfo.
//
// account.MayIssue is asked before a code is issued, before tokens are, and
// each time userinfo is read, with facts read in one statement for that moment.
//
// Signing keys change by themselves. The state of a key follows from its times
// alone, so that every replica sees the same; keystate.go has the lengths:
//
//	next ── signing ── published ── kept ── purged
//	└────── in the key set ──────┘   └ for id_token_hint alone
//
// A compromised one is withdrawn and verifies nothing from then on. There is a
// key for each algorithm; RS256 and PS256 have an RSA key each, so that exactly
// one fits a signature. The first RSA keys are not made by the start, which
// they would slow down, but by the rotation job's first run, or before it by
// the first request for the key set or for a signature: the key set is never
// shown without them.
//
// Scopes that the client may not ask or that do not exist are left out, as
// OpenID Connect Core §3.1.2.1 wants, and the token response says what was
// granted; openid itself is required. Offered is the code flow with S256. The
// answer travels in the query, by a page that posts itself, or, to public
// clients, in the fragment; errors as codes do. Request objects by reference and
// other grants are refused as discovery says.
//
// Claims asked by name are released with the consent that their scope needs, and
// only to clients that may ask the scope. acr says how somebody signed in; an
// essential one that no sign-in reaches is refused. A level that the session does
// not have yet is asked for on the pages (level.go); who has no factor may add one
// there, or go back: then the client learns unmet_authentication_requirements. A
// client's default_acr_values is its floor, and userinfo holds tokens of weaker
// sign-ins against it (RFC 9470).
//
// A sign-out that an application asks for is done at once when it shows an ID
// token of the very session of this browser; else the person is asked. However a
// session ends, storage writes a row for each client of it that wants to be told
// in the same transaction, and SendLogouts posts the logout tokens:
//
//	queued ──► 200, 204: sent
//	   ▲  ├──► 400, or a day has passed: failed
//	   └──┴──► anything else: later, with all that waits for that client
//
// Front-channel logout is offered to those who want it: the page after the
// sign-out loads their frames. Most browsers keep cookies out of frames of another
// site, so it works within the agency's own domain only.
//
// The package deliberately does not know how people sign in: the field Pending
// names the page that has to be shown first.
package oauth
