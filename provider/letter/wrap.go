package letter

import (
	"fmt"
	"strings"

	"loge/provider/text"
)

// run is a piece of a line in one font.
type run struct {
	face *face
	text string
}

// wrap breaks spans into lines of at most width mm. It breaks at ordinary
// spaces only, so that U+00A0 and U+202F keep together what French typography
// keeps together. A word wider than a line is an error.
func wrap(spans []text.Span, plain, strong *face, size, width float64) ([][]run, error) {
	var lines [][]run
	var line []run
	var filled float64
	for _, word := range words(spans, plain, strong) {
		w := runsWidth(word, size)
		if w > width {
			return nil, fmt.Errorf("%q is wider than a line", runsText(word))
		}
		space := plain.width(" ", size)
		if len(line) > 0 && filled+space+w > width {
			lines = append(lines, line)
			line, filled = nil, 0
		}
		if len(line) > 0 {
			// The space goes in the font of the word before, and so joins its run.
			line = join(line, run{line[len(line)-1].face, " "})
		}
		for _, r := range word {
			line = join(line, r)
		}
		filled = runsWidth(line, size)
	}
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines, nil
}

// words cuts spans at ordinary spaces. A word may change its font within:
// « **12 mars 2027**. »
func words(spans []text.Span, plain, strong *face) [][]run {
	var all [][]run
	var word []run
	for _, s := range spans {
		font := plain
		if s.Strong {
			font = strong
		}
		for i, part := range strings.Split(s.Text, " ") {
			if i > 0 && len(word) > 0 {
				all = append(all, word)
				word = nil
			}
			if part != "" {
				word = append(word, run{font, part})
			}
		}
	}
	if len(word) > 0 {
		all = append(all, word)
	}
	return all
}

func join(line []run, r run) []run {
	if n := len(line); n > 0 && line[n-1].face == r.face {
		line[n-1].text += r.text
		return line
	}
	return append(line, r)
}

func runsWidth(runs []run, size float64) float64 {
	var w float64
	for _, r := range runs {
		w += r.face.width(r.text, size)
	}
	return w
}

func runsText(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.text)
	}
	return b.String()
}
