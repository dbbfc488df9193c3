package templates

import "embed"

// Mail holds mail/*.txt and mail/*.html, one pair per kind of e-mail beside the
// two layouts; package mail parses them.
//
//go:embed mail/*.txt mail/*.html
var Mail embed.FS
