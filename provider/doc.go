// Package provider builds the identity provider from its parts, lists its
// routes and runs it.
//
// # Layers
//
// Imports only go down; arch_test.go enforces it.
//
//	0  storage, templates                       what is remembered, what is shown
//	1  config, text, job, secret, telemetry,    settings, texts, lease-holding jobs, keys, metrics,
//	   outbound                                 requests to addresses that others name
//	2  account, password, factor, throttle,     rules: no HTTP, no SQL
//	   terms, registry
//	3  web, mail, letter, emailcode             tools
//	4  session                                  the browser's cookies and sign-in
//	5  oauth, signin, recovery, self,           features: they never import each other
//	   organisation, secondfactor, delivery, operator
//	6  provider                                 wiring
//	7  cmd/loge, demo, providertest             what starts it
//
// Features meet in the database and through redirects only. Where one needs a
// decision of another (oauth asks whether the sign-in is finished), this package
// hands over a function.
//
// # A sign-in, there and back
//
// A partner sends the browser to /oauth2/authorize. oauth checks the request;
// unless session, steps and consent are all there, it stores the request as a
// flow bound to the browser, asks signin's table what is missing and redirects to
// that step; each step stores its outcome in one transaction and redirects to the
// next, or, when nothing is missing, to /oauth2/authorize/suite, where the code is
// issued. /connexion/suite finds the way again from anywhere. The partner redeems
// the code at /oauth2/token and asks /oauth2/userinfo.
//
// A page request passes, from the outside in: request id and access log,
// recovery, security headers, router, body limit, cross-origin protection,
// error adapter, handler. Protocol requests skip the cross-origin protection:
// partners legitimately post from elsewhere.
//
// # Words
//
//	compte                 Account       what the agency opened, one per département
//	utilisateur            User          one person who signs in
//	bailleur physique      individual    an account with exactly one user
//	bailleur moral         organisation  an account with one user or many
//	administrateur         administrator a user who answers for an organisation's accesses: users.role says who
//	collaborateur          member        any other user of an organisation
//	numéro utilisateur     Number        14 characters, opaque, on every message; no secret
//	identifiant            Identifier    LOG and 8 characters: what is typed to sign in
//	mot de passe provisoire Provisional  random, expiring, single use; opens only the choice of one's own
//	règles d'usage         rules         a Document in versions; every person accepts it
//	conditions d'utilisation terms       a Document in versions; binds the organisation
//	application partenaire Client        a relying party
//	partage                Consent       what a user lets a client see
//	demande                Flow          a running authorization request
//	habilitation           Right         what people may do in an application
//	double vérification    Factor        what is shown beside the password: clé d’accès, application de codes
//	code de secours        RecoveryCode  stands in for a lost factor, once
//	session                Session       a browser's sign-in
//	message, courrier      Message, Letter what is sent or printed
//	journal                AuditEvent    who did what, when, to whom
package provider
