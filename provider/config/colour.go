package config

import (
	"math"
	"regexp"
	"strconv"
)

// minContrast is what WCAG 2.2 asks of text (1.4.3, level AA).
const minContrast = 4.5

var colourShape = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// validateColour checks a colour that is used as text on white and under white
// text; the ratio is the same.
func validateColour(f *faults, path, colour string) {
	if !colourShape.MatchString(colour) {
		f.add(path, "must be written #rrggbb, for example #0a4f8f")
		return
	}
	if ratio := contrastOnWhite(colour); ratio < minContrast {
		// Rounded down, so that 4.49 is not shown as the 4.5 that is asked.
		f.add(path, "%s has a contrast of %.1f:1 on white and needs %.1f:1: choose a darker one", colour, math.Floor(ratio*10)/10, minContrast)
	}
}

// contrastOnWhite is WCAG's contrast ratio of a well-formed colour and white.
func contrastOnWhite(colour string) float64 {
	channel := func(from int) float64 {
		n, _ := strconv.ParseUint(colour[from:from+2], 16, 8) // two hexadecimal digits
		c := float64(n) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	luminance := 0.2126*channel(1) + 0.7152*channel(3) + 0.0722*channel(5)
	return 1.05 / (luminance + 0.05)
}
