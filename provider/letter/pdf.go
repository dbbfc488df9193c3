package letter

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"
)

// PerFile is how many letters go well into one file: 5 MB on disk, less than 100 MB of
// memory while it is made, a stack of paper that one person can fold.
const PerFile = 2000

// WritePDF writes one page per letter, A4, in the order given. The bytes depend
// on the letters alone: the same letters give the same file. Text is real text
// in embedded fonts. A letter that cannot be printed is an error that names its
// place in the batch, and nothing is written: Check each letter before.
//
// The whole file is made in memory, about 25 KB for each letter: cut a print
// run with slices.Chunk(letters, PerFile).
func WritePDF(w io.Writer, letters []Letter) error { return writePDF(w, letters, true) }

func writePDF(w io.Writer, letters []Letter, compress bool) error {
	if len(letters) == 0 {
		return errors.New("write letters: none")
	}
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetCompression(compress)
	doc.SetCatalogSort(true)
	doc.SetCreationDate(letters[0].Date.UTC())
	doc.SetModificationDate(letters[0].Date.UTC())
	doc.SetProducer("loge", true)
	doc.SetTitle(letters[0].Object, true)
	if len(letters[0].Sender) > 0 {
		doc.SetAuthor(letters[0].Sender[0], true)
	}
	doc.SetLang("fr-FR")
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	f := fonts()
	for _, font := range []*face{f.text, f.bold, f.mono, f.address} {
		// The library renumbers accents in the font's own bytes while it cuts
		// the font down: the next file would get wrong ones.
		doc.AddUTF8FontFromBytes(font.name, "", bytes.Clone(font.data))
	}
	for i, l := range letters {
		p, err := lay(l)
		if err != nil {
			return fmt.Errorf("letter %d of %d: %w", i+1, len(letters), err)
		}
		draw(doc, p)
	}
	if err := doc.Output(w); err != nil {
		return fmt.Errorf("write letters: %w", err)
	}
	return nil
}

func draw(doc *fpdf.Fpdf, p page) {
	doc.AddPage()
	doc.SetDrawColor(150, 150, 150)
	doc.SetLineWidth(foldWidth)
	for _, y := range folds {
		doc.Line(0, y, foldLength, y)
	}
	doc.Line(left, footerRule, right, footerRule)
	doc.SetDrawColor(0, 0, 0)
	if p.frame > 0 {
		doc.SetLineWidth(boxLine)
		doc.Rect(left, p.frame, right-left, boxHeight, "D")
	}
	var last piece
	for _, s := range p.pieces {
		if s.face != last.face || s.size != last.size {
			doc.SetFont(s.face.name, "", s.size)
		}
		doc.Text(s.x, s.y, s.text)
		last = s
	}
}
