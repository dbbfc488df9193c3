package templates

import "embed"

// Fonts holds fonts/*.ttf, the fonts printed into letters; fonts/README.md
// tells where each comes from and how it was cut down.
//
//go:embed fonts/*.ttf
var Fonts embed.FS
