// Package text finds and formats what people read: the sentences of the pages,
// e-mails and letters, and French dates, hours and durations.
//
// Sentences live in templates/locales/fr*.json as flat keys ("login.h1"), one
// file per medium: fr.json for pages, others beside it for e-mails and letters.
// They hold {variables} and the mark **…** around what is to stand out. A text
// is never assembled from pieces in Go code: what changes inside a sentence is
// a variable of that sentence.
//
// The package deliberately knows nothing of HTML: package web turns the marks
// into elements and escapes the rest.
package text
