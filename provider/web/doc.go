// Package web is what every page needs between net/http and a feature:
// handlers that return errors, rendering, forms, the client's address, request
// numbers, the access log, security headers, cross-origin protection and the
// static files.
//
// The path of a request, outermost first:
//
//	RequestID → Log → Recover → SecurityHeaders → router (Route) → CrossOrigin → Pages.Handle → handler
//
// A handler decodes with Form, asks the rules, stores in one transaction, and
// ends with SeeOther, Pages.Render or an error. It writes nothing before it
// can no longer fail, so an error always becomes a whole page:
//
//	*Error              its own text and status
//	storage.ErrNotFound 404
//	anything else       500 with the request's number, logged once
//
// The package deliberately knows no feature, no session and no protocol. It
// never writes err.Error() to a page. Pages go out uncompressed: a secret and
// typed text in one compressed answer could be told apart by its length
// (BREACH). Style sheet and script hold neither and are compressed once.
package web
