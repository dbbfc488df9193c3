// Package templates holds the files people see: pages, e-mails, texts, style
// sheet and script, embedded into the binary, and parses the pages.
//
//	layout.html      the frame of every page
//	partials/*.html  pieces used by several pages, each with its own {{define}}
//	pages/*.html     one file per page, defining "main"
//	locales/fr*.json the texts, read by package text
//	static/*         style sheet, script, icon, served by package web
//
// It knows neither data nor texts nor HTTP: the functions the pages call come
// from package web, and each page's data from the feature that shows it.
package templates
