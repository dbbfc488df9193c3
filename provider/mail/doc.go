// Package mail composes and sends one e-mail.
//
//	Message  kind, recipient, data   →  Composer.Compose  →  Mail
//	Mail     headers, text, HTML     →  Sender.Send       →  relay or folder
//
// The kinds are those of [Message]. A new one is a line in kinds, a pair of
// templates in templates/mail, and its texts in templates/locales/fr.mail.json.
//
// Every mail says the same in plain text and in HTML, carries no image, no
// attachment and no tracking, and marks itself as automatic (RFC 3834). Notices
// about security hold no link: they say how to get there; only the notice of a
// changing e-mail address has one, which cancels the change. Subjects hold no
// identifier, number, password, code or person's name.
//
// What mail servers report about a mail (RFC 3464) is read here too, with
// [ReadReport].
//
// The package deliberately knows neither the outbox nor when to retry: an
// Error says whether trying again makes sense.
package mail
