// Package demo runs the whole service on one machine, with invented people:
// the provider on embedded SQLite, the partner application « Loyers », and a
// mailbox page on which the e-mails and letters of the demonstration are read.
//
// The provider is the real one, filled through provider/operator as an agency
// would fill it: two documents published, accounts imported from people.csv, a
// client added. The partner application is an ordinary relying party, made with
// coreos/go-oidc and x/oauth2: discovery, authorization code with PKCE, state
// and nonce, verified ID token, userinfo; it signs out at the provider and is
// told when somebody signed out elsewhere. It knows of the provider nothing but
// its address, its own client identifier and its secret.
//
// The mailbox stands for the post office and for everybody's mail program. It
// shows secrets to whoever asks, so everything listens on loopback only.
//
// Three listeners, on ports that follow each other:
//
//	provider  /…
//	partner   / · /connexion · /retour · /quitter (POST) · /deconnexion (POST) · /sortie
//	          · /fin-de-session (POST, by the provider) · /politique · /style.css
//	mailbox   / · /{person} · /message/{file} · /courrier/{file} · /style.css
//
// A demonstration continues where it stopped when it is started again in the
// same folder.
package demo
