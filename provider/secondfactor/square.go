package secondfactor

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the empty border of a square that cameras need, in modules.
const quiet = 4

// square is what cameras read, as the path of an inline SVG: a policy that lets
// pages load nothing from elsewhere needs no exception for it.
type square struct {
	Size int    // of the view box
	Path string // black modules, row by row
}

func newSquare(content string) (square, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return square{}, fmt.Errorf("draw square: %w", err)
	}
	var path strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := 0; x < size; x++ {
			start := x
			for x < size && code.At(x, y) == color.Black {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	return square{Size: size + 2*quiet, Path: path.String()}, nil
}
