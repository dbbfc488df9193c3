package letter

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"loge/provider/text"
)

// placed is a text as it stands in the PDF, in mm from the top left corner.
type placed struct {
	face           *face
	size           float64
	x, y           float64 // start of the baseline
	top, bottom, w float64 // extent of its ink
	text           string
}

var pdfText = regexp.MustCompile(`(?s)BT /F(\w+) ([0-9.]+) Tf ET|BT (-?[0-9.]+) (-?[0-9.]+) Td \(((?:\\.|[^\\)])*)\) Tj ET`)

// read takes the texts out of an uncompressed PDF of one page. It trusts only
// what stands in the file: positions, sizes and characters.
func read(t *testing.T, l Letter) []placed {
	t.Helper()
	var b bytes.Buffer
	if err := writePDF(&b, []Letter{l}, false); err != nil {
		t.Fatal(err)
	}
	// The library names fonts by a hash; the page says the name, the resources
	// say its object, the object its base font.
	bases := map[string]*face{}
	f := fonts()
	for _, font := range []*face{f.text, f.bold, f.mono, f.address} {
		object := regexp.MustCompile(`(\d+) 0 obj\n<</Type /Font\n/Subtype /Type0\n/BaseFont /utf8` + font.name + "\n").FindSubmatch(b.Bytes())
		if object == nil {
			t.Fatalf("font %s is not in the PDF", font.name)
		}
		resource := regexp.MustCompile(`/F(\w+) ` + string(object[1]) + ` 0 R`).FindSubmatch(b.Bytes())
		if resource == nil {
			t.Fatalf("font %s has no name in the PDF", font.name)
		}
		bases[string(resource[1])] = font
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var all []placed
	var at placed
	for _, m := range pdfText.FindAllStringSubmatch(b.String(), -1) {
		if m[1] != "" {
			at.face, at.size = bases[m[1]], number(m[2])
			continue
		}
		p := at
		p.x, p.y, p.text = number(m[3])*pt, sheetHeight-number(m[4])*pt, unescape(m[5])
		p.w = p.face.width(p.text, p.size)
		p.top, p.bottom = p.y, p.y
		for _, r := range p.text {
			low, high := p.face.ink(r)
			p.top = min(p.top, p.y-high*p.size*pt)
			p.bottom = max(p.bottom, p.y-low*p.size*pt)
		}
		all = append(all, p)
	}
	return all
}

// unescape turns a PDF string of UTF-16BE into text.
func unescape(s string) string {
	s = strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r").Replace(s)
	var units []uint16
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, binary.BigEndian.Uint16([]byte(s[i:i+2])))
	}
	return string(utf16.Decode(units))
}

// ink is how far a glyph goes below and above the baseline, in ems: the box of
// its outline in the font's glyf table.
func (f *face) ink(r rune) (low, high float64) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(f.data[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(f.data[at:])) }
	tables := map[string]int{}
	for i := range u16(4) {
		entry := 12 + 16*i
		tables[string(f.data[entry:entry+4])] = u32(entry + 8)
	}
	glyph := f.glyphs[r]
	at, next := 2*u16(tables["loca"]+2*glyph), 2*u16(tables["loca"]+2*glyph+2)
	if u16(tables["head"]+50) == 1 {
		at, next = u32(tables["loca"]+4*glyph), u32(tables["loca"]+4*glyph+4)
	}
	if at == next {
		return 0, 0 // a space
	}
	y := func(offset int) float64 { return float64(int16(u16(tables["glyf"]+at+offset))) / f.units }
	return y(4), y(8)
}

// worst is a letter whose address uses all six lines, all 38 columns, every
// capital and every digit.
func worst(t *testing.T) Letter {
	t.Helper()
	l := samples(t)["identifier_organisation"]
	lines, err := Lines("ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789Q", "QUAI (B), J. / Q, 2E & 3E, L'ETAGE Q Q",
		"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWQ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ 012345678 Q",
		"QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "29000 QUIMPER ABCDEFGHIJKLMNOPRSTUVWXY")
	if err != nil {
		t.Fatal(err)
	}
	l.Recipient = lines
	return l
}

func TestAddressStaysInTheWindow(t *testing.T) {
	letters := samples(t)
	letters["worst"] = worst(t)
	abroad := worst(t)
	abroad.Recipient = append(abroad.Recipient, "REPUBLIQUE DEMOCRATIQUE DU CONGO")
	letters["abroad"] = abroad
	for name, l := range letters {
		found := 0
		for _, p := range read(t, l) {
			if p.face != fonts().address {
				// The quiet zone holds the address alone.
				if p.x < 210 && p.x+p.w > 85 && p.top < 92 && p.bottom > 40 {
					t.Errorf("%s: %q stands in the quiet zone, x %.1f–%.1f y %.1f–%.1f", name, p.text, p.x, p.x+p.w, p.top, p.bottom)
				}
				continue
			}
			if p.text != l.Recipient[found] {
				t.Errorf("%s: address line %d is %q, want %q", name, found+1, p.text, l.Recipient[found])
			}
			pitch := 4.2333
			if len(l.Recipient) == 7 {
				pitch = 3.5278
			}
			if want := 57.5 + pitch*float64(found); !near(p.x, 105) || !near(p.y, want) || p.size != 10 {
				t.Errorf("%s: address line %d stands at %.2f, %.2f in %.1f pt, want 105, %.2f in 10 pt", name, found+1, p.x, p.y, p.size, want)
			}
			if p.x < 100 || p.x+p.w > 190 || p.top < 55 || p.bottom > 79 {
				t.Errorf("%s: %q leaves the window, x %.2f–%.2f y %.2f–%.2f", name, p.text, p.x, p.x+p.w, p.top, p.bottom)
			}
			found++
		}
		if found != len(l.Recipient) {
			t.Errorf("%s: %d address lines in the PDF, want %d", name, found, len(l.Recipient))
		}
	}
}

func near(got, want float64) bool { return got > want-0.02 && got < want+0.02 }

func TestEverythingHasItsPlace(t *testing.T) {
	for name, l := range samples(t) {
		secrets := 0
		for _, p := range read(t, l) {
			if p.x < 20-0.01 || p.x+p.w > 190.01 {
				t.Errorf("%s: %q leaves the margins, x %.1f–%.1f", name, p.text, p.x, p.x+p.w)
			}
			zone := "between the places"
			switch {
			case p.top >= 15 && p.bottom <= 40 && p.x+p.w <= 85:
				zone = "sender"
			case p.face == fonts().address:
				zone = "address"
			case p.top >= 100 && p.bottom <= 118:
				zone = "references"
			case p.top >= 121.5 && p.bottom <= 275:
				zone = "body"
			case p.top >= 280 && p.bottom <= 290:
				zone = "footer"
			}
			if zone == "between the places" {
				t.Errorf("%s: %q stands %s, y %.1f–%.1f", name, p.text, zone, p.top, p.bottom)
			}
			if l.Secret != "" && strings.Contains(p.text, l.Secret) {
				secrets++
				if p.top < 140 || p.bottom > 185 || p.size != 16 || p.face != fonts().mono {
					t.Errorf("%s: the secret stands at y %.1f–%.1f in %.0f pt", name, p.top, p.bottom, p.size)
				}
			}
		}
		if l.Secret != "" && secrets != 1 {
			t.Errorf("%s: the secret stands %d times, want once", name, secrets)
		}
	}
}

func TestTextIsReal(t *testing.T) {
	l := samples(t)["administrator_appointed"]
	var b strings.Builder
	for _, p := range read(t, l) {
		b.WriteString(p.text + "\n")
	}
	for _, want := range []string{"Zoë Lefèvre-Ÿvard est administrateur depuis le " + text.Date(printDay), "Œillets-Réunis", "Valmont-sur-Ÿerres", "Ce n’est pas normal\u202f?"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the PDF:\n%s", want, b.String())
		}
	}
}

// TestFontsPrintFrench makes sure that no French letter or sign is missing.
func TestFontsPrintFrench(t *testing.T) {
	const french = "AÀÂÄÆBCÇDEÉÈÊËFGHIÎÏJKLMNOÔÖŒPQRSTUÙÛÜVWXYŸZ aàâäæbcçdeéèêëfghiîïjklmnoôöœpqrstuùûüvwxyÿz 0123456789 .,;:!?…'’\"«»“”()[]/-–—°€&@%+=\u00a0\u202f"
	for _, f := range []*face{fonts().text, fonts().bold} {
		if err := f.prints(french); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}
