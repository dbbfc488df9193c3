package letter

import (
	"encoding/binary"
	"fmt"
	"sync"

	"loge/templates"
)

// A face is one font: its bytes for the PDF, and what is needed to know before
// drawing whether a text can be printed and how wide it gets.
type face struct {
	name   string // in the PDF library
	data   []byte
	units  float64      // font units per em
	glyphs map[rune]int // characters it can print
	widths []int        // advance of each glyph, in font units
}

type faces struct{ text, bold, mono, address *face }

// fonts are parsed on first use: most processes never print a letter.
var fonts = sync.OnceValue(func() faces {
	return faces{
		text:    mustFace("text", "DejaVuSansCondensed.ttf"),
		bold:    mustFace("bold", "DejaVuSansCondensed-Bold.ttf"),
		mono:    mustFace("mono", "DejaVuSansMono.ttf"),
		address: mustFace("address", "LogeCourier.ttf"),
	}
})

func mustFace(name, file string) *face {
	data, err := templates.Fonts.ReadFile("fonts/" + file)
	if err != nil {
		panic("letter: " + err.Error()) // embedded: cannot happen
	}
	f, err := parseFace(name, data)
	if err != nil {
		panic(fmt.Sprintf("letter: font %s: %v", file, err)) // embedded and tested
	}
	return f
}

// parseFace reads the tables head, hhea, hmtx and cmap of a
// TrueType font. It trusts its input, which is embedded in the binary.
func parseFace(name string, data []byte) (*face, error) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(data[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(data[at:])) }
	tables := map[string]int{}
	for i := range u16(4) {
		entry := 12 + 16*i
		tables[string(data[entry:entry+4])] = u32(entry + 8)
	}
	for _, t := range []string{"head", "hhea", "hmtx", "cmap"} {
		if tables[t] == 0 {
			return nil, fmt.Errorf("no table %s", t)
		}
	}
	f := &face{name: name, data: data, units: float64(u16(tables["head"] + 18)), glyphs: map[rune]int{}}
	for i := range u16(tables["hhea"] + 34) {
		f.widths = append(f.widths, u16(tables["hmtx"]+4*i))
	}
	return f, f.readCharacters(tables["cmap"], u16, u32)
}

// readCharacters reads subtable format 4 of cmap: the characters below U+10000.
func (f *face) readCharacters(cmap int, u16, u32 func(int) int) error {
	sub := 0
	for i := range u16(cmap + 2) {
		if at := cmap + u32(cmap+4+8*i+4); u16(at) == 4 {
			sub = at
		}
	}
	if sub == 0 {
		return fmt.Errorf("no character map of format 4")
	}
	n := u16(sub+6) / 2
	ends, starts := sub+14, sub+16+2*n
	deltas, offsets := starts+2*n, starts+4*n
	for i := range n {
		for c := u16(starts + 2*i); c <= u16(ends+2*i) && c < 0xffff; c++ {
			glyph := c
			if offset := u16(offsets + 2*i); offset != 0 {
				glyph = u16(offsets + 2*i + offset + 2*(c-u16(starts+2*i)))
			}
			if glyph != 0 {
				glyph = (glyph + u16(deltas+2*i)) & 0xffff
			}
			if glyph != 0 {
				f.glyphs[rune(c)] = glyph
			}
		}
	}
	return nil
}

// width is how wide s gets at size points, in mm.
func (f *face) width(s string, size float64) float64 {
	units := 0
	for _, r := range s {
		units += f.widths[min(f.glyphs[r], len(f.widths)-1)]
	}
	return float64(units) / f.units * size * pt
}

// prints says whether the font has every character of s.
func (f *face) prints(s string) error {
	for _, r := range s {
		if f.glyphs[r] == 0 {
			return fmt.Errorf("%q: the font cannot print %q (%U)", s, r, r)
		}
	}
	return nil
}
