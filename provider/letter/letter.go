package letter

import (
	"time"

	"loge/provider/text"
)

// Letter is one sheet for one person: what it says, without form. Make it with
// a Composer, and Check it before it joins a batch.
type Letter struct {
	Sender    []string    // who writes, at most 6 lines of 65 mm; longer ones are broken
	Recipient []string    // the address block, from Lines
	Date      time.Time   // of the letter; the PDF carries that of its first letter
	PlaceDate string      // « Lyon, le 12 mars 2027 »
	Object    string      // « Objet : … »
	Number    string      // « Numéro utilisateur : … »
	Before    []Paragraph // body above the box
	Secret    string      // alone in the box, printed in ASCII; empty: no box
	After     []Paragraph // body below the box
	Footer    []string    // operator and contact, at most 2 lines
	Reference string      // « Courrier 0012-00034 », in small at the right of the footer; empty: none
}

// Paragraph is a piece of the body. One that begins with a number and a full
// stop (« 1. Allez… ») is a step of a list: it hangs, and stands close to the
// step above.
type Paragraph []text.Span

// Check says why a letter cannot be printed: a character without a glyph, an
// address that did not come from Lines, a text that does not fit its place.
// nil means that WritePDF will take it.
func (l Letter) Check() error {
	_, err := lay(l)
	return err
}
