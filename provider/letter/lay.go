package letter

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"loge/provider/text"
)

// pt is one point in millimetres.
const pt = 25.4 / 72

// The sheet, in mm from its top left corner. Sizes are in points.
const (
	sheetWidth, sheetHeight = 210.0, 297.0
	left, right             = 20.0, 190.0

	senderTop, senderPitch, senderWidth, senderLines = 18.3, 4.15, 65.0, 6

	windowX, windowFirst = 105.0, 57.5
	windowPitch          = 12 * pt // 6 lines: the last baseline is 78.7
	windowClose          = 10 * pt // 7 lines: it is there as well
	windowSize           = 10.0    // 12 characters per inch

	foldLength, foldWidth = 5.0, 0.2

	dateLine, objectLine, numberLine = 103.0, 110.0, 116.5
	objectLong, objectPitch          = 108.0, 4.5 // first line and pitch of an object of two lines

	bodyFirst, bodyEnd = 125.5, 275.0
	bodySize           = 11.0
	bodyPitch          = 14 * pt
	paragraphGap       = 8 * pt
	stepIndent         = 6.0

	boxTop, boxBottom  = 140.0, 185.0
	boxHeight, boxLine = 18.0, 0.5
	boxGap             = 5.5 // from a baseline to the frame below
	secretSize         = 16.0

	footerRule                           = 279.0 // a line above the footer
	footerFirst, footerPitch, footerSize = 284.0, 4.0, 8.5
)

// folds are where the sheet is folded in three.
var folds = [...]float64{99, 198}

// page is a letter with a place for everything on it.
type page struct {
	pieces []piece
	frame  float64 // top of the secret's box; 0: none
}

// piece is a run of text in one font, on a baseline.
type piece struct {
	face *face
	size float64 // points
	x, y float64 // start of the baseline, mm
	text string
}

func (p *page) put(f *face, size, x, y float64, s string) error {
	p.pieces = append(p.pieces, piece{f, size, x, y, s})
	return f.prints(s)
}

// lay finds a place for everything, or says what has none.
func lay(l Letter) (page, error) {
	var p page
	if err := errors.Join(p.layHead(l), p.layBody(l), p.layFooter(l)); err != nil {
		return page{}, fmt.Errorf("lay out letter: %w", err)
	}
	return p, nil
}

// layHead places what stands above the body.
func (p *page) layHead(l Letter) error {
	f := fonts()
	var errs []error
	y := senderTop
	var lines int
	for i, sender := range l.Sender {
		font, size := f.text, 9.0
		if i == 0 {
			font, size = f.bold, 10.0
		}
		broken, err := wrap([]text.Span{{Text: sender}}, font, font, size, senderWidth)
		errs = append(errs, err)
		for _, line := range broken {
			errs = append(errs, p.putLine(line, size, left, y))
			y += senderPitch
			lines++
		}
	}
	if lines > senderLines {
		errs = append(errs, fmt.Errorf("sender: %d lines of %.0f mm, at most %d", lines, senderWidth, senderLines))
	}
	if n := len(l.Recipient); n < 2 || n > maxAbroad {
		errs = append(errs, fmt.Errorf("recipient: %d lines, want 2 to %d", n, maxAbroad))
	}
	pitch := windowPitch
	if len(l.Recipient) > maxLines {
		pitch = windowClose
	}
	for i, line := range l.Recipient {
		if len(line) > maxWidth {
			errs = append(errs, fmt.Errorf("recipient: line %q has %d characters, at most %d", line, len(line), maxWidth))
		}
		errs = append(errs, p.put(f.address, windowSize, windowX, windowFirst+float64(i)*pitch, line))
	}
	errs = append(errs,
		p.putWithin(f.text, left, dateLine, l.PlaceDate),
		p.layObject(l.Object),
		p.putWithin(f.text, left, numberLine, l.Number))
	return errors.Join(errs...)
}

// layObject places the object on one line, or on two when it names a company
// with a long name.
func (p *page) layObject(object string) error {
	f := fonts()
	lines, err := wrap([]text.Span{{Text: object}}, f.bold, f.bold, bodySize, right-left)
	if err != nil {
		return err
	}
	if len(lines) > 2 {
		return fmt.Errorf("object: %d lines, at most 2", len(lines))
	}
	y := objectLine
	if len(lines) == 2 {
		y = objectLong
	}
	var errs []error
	for i, line := range lines {
		errs = append(errs, p.putLine(line, bodySize, left, y+float64(i)*objectPitch))
	}
	return errors.Join(errs...)
}

// putWithin places a line that must fit between the margins.
func (p *page) putWithin(f *face, x, y float64, s string) error {
	if x+f.width(s, bodySize) > right {
		return fmt.Errorf("%q is wider than the sheet", s)
	}
	return p.put(f, bodySize, x, y, s)
}

func (p *page) layBody(l Letter) error {
	f := fonts()
	y, err := p.layParagraphs(l.Before, bodyFirst)
	if err != nil {
		return err
	}
	if l.Secret != "" {
		top := max(boxTop, y-bodyPitch-paragraphGap+boxGap)
		if top+boxHeight > boxBottom {
			return errors.New("the text above the secret is too long")
		}
		width := f.mono.width(l.Secret, secretSize)
		if width > right-left-2*boxGap {
			return errors.New("the secret is wider than its box") // never print it in an error
		}
		p.frame = top
		middle := top + boxHeight/2 + 0.365*secretSize*pt // half the height of a capital
		if p.put(f.mono, secretSize, (left+right-width)/2, middle, l.Secret) != nil {
			return errors.New("the secret holds a character that cannot be printed")
		}
		y = top + boxHeight + boxGap + 3 // 3: a capital's height below the gap
	}
	y, err = p.layParagraphs(l.After, y)
	if err != nil {
		return err
	}
	if end := y - bodyPitch - paragraphGap + 0.24*bodySize*pt; end > bodyEnd { // 0.24: what hangs below a baseline
		return fmt.Errorf("body: ends at %.0f mm, must end at %.0f", end, bodyEnd)
	}
	return nil
}

var step = regexp.MustCompile(`^([0-9]\.) `)

// layParagraphs places paragraphs from baseline y on, and returns the baseline
// a next paragraph would have.
func (p *page) layParagraphs(paragraphs []Paragraph, y float64) (float64, error) {
	f := fonts()
	for i, paragraph := range paragraphs {
		x, spans := left, []text.Span(paragraph)
		if mark := stepMark(paragraph); mark != "" {
			if i > 0 {
				y -= paragraphGap / 2
			}
			if err := p.put(f.text, bodySize, x, y, mark); err != nil {
				return y, err
			}
			x += stepIndent
			spans = append([]text.Span{{Text: strings.TrimPrefix(spans[0].Text, mark+" "), Strong: spans[0].Strong}}, spans[1:]...)
		}
		lines, err := wrap(spans, f.text, f.bold, bodySize, right-x)
		if err != nil {
			return y, err
		}
		for _, line := range lines {
			if err := p.putLine(line, bodySize, x, y); err != nil {
				return y, err
			}
			y += bodyPitch
		}
		y += paragraphGap
	}
	return y, nil
}

// stepMark is the « 1. » of a step, or "".
func stepMark(p Paragraph) string {
	if len(p) == 0 {
		return ""
	}
	if m := step.FindStringSubmatch(p[0].Text); m != nil {
		return m[1]
	}
	return ""
}

func (p *page) putLine(line []run, size, x, y float64) error {
	var errs []error
	for _, r := range line {
		errs = append(errs, p.put(r.face, size, x, y, r.text))
		x += r.face.width(r.text, size)
	}
	return errors.Join(errs...)
}

func (p *page) layFooter(l Letter) error {
	f := fonts()
	if len(l.Footer) > 2 {
		return fmt.Errorf("footer: %d lines, at most 2", len(l.Footer))
	}
	var errs []error
	reference := f.text.width(l.Reference, footerSize)
	if l.Reference != "" {
		errs = append(errs, p.put(f.text, footerSize, right-reference, footerFirst, l.Reference))
	}
	for i, line := range l.Footer {
		if i == 0 && l.Reference != "" && f.text.width(line, footerSize)+reference+stepIndent > right-left {
			errs = append(errs, fmt.Errorf("footer: %q leaves no place for the number of the letter", line))
		}
		if f.text.width(line, footerSize) > right-left {
			errs = append(errs, fmt.Errorf("footer: %q is wider than the sheet", line))
		}
		errs = append(errs, p.put(f.text, footerSize, left, footerFirst+float64(i)*footerPitch, line))
	}
	return errors.Join(errs...)
}
