package operator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxLine      = 16 << 10 // bytes of one line; an honest row has a few hundred
	maxJoinLines = 8        // lines that a cell with line breaks may add to its row
)

// line is one line of the file, without its end.
type line struct {
	number  int // 1 is the first
	text    string
	ended   bool // by a line break, not by the end of the file
	tooLong bool
	garbled bool // bytes that are no characters
}

// row is one row of the file.
type row struct {
	line  int // where it starts
	cells []string
	fault string // why it cannot be read, in French; empty when it can
}

// rows reads a file row by row. It is not encoding/csv, for which a quotation
// mark too many swallows the rest of the file: here it costs one row.
type rows struct {
	in        *bufio.Reader
	source    source
	separator byte
	columns   int
	ahead     []line // read already, because an open quotation mark looked for its other end
	number    int
	read      int64 // bytes
}

func newRows(r io.Reader, s source) (*rows, error) {
	in := bufio.NewReaderSize(r, maxLine)
	if _, err := in.Discard(s.bom); err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return &rows{in: in, source: s, read: int64(s.bom)}, nil
}

// next returns the next row that holds anything, or io.EOF.
func (r *rows) next() (row, error) {
	for {
		l, err := r.line()
		if err != nil {
			return row{}, err
		}
		switch {
		case l.tooLong:
			return row{line: l.number, fault: fmt.Sprintf("ligne de plus de %d octets", maxLine)}, nil
		case l.garbled:
			cells, _ := split(strings.ToValidUTF8(l.text, "\ufffd"), r.separator) // for the number in the report
			return row{line: l.number, cells: cells, fault: "caractères illisibles : la ligne n’a pas le même encodage que le reste du fichier"}, nil
		}
		cells, state := split(l.text, r.separator)
		if state == quoteOpen {
			if joined, ok := r.join(l); ok {
				return row{line: l.number, cells: joined}, nil
			}
		}
		if state != fine {
			return row{line: l.number, cells: cells, fault: state.fault()}, nil
		}
		if blank(cells) {
			continue
		}
		if cells, ok := r.fit(cells); ok && (l.ended || len(cells) >= r.columns) {
			return row{line: l.number, cells: cells}, nil
		}
		return row{line: l.number, cells: cells, fault: fmt.Sprintf("%d cellules au lieu de %d", len(cells), r.columns)}, nil
	}
}

// fit leaves out empty cells beyond the last column. Missing cells at the end
// are read as empty, because spreadsheets leave out separators there; but not
// on a last line without line break, which may have been cut off.
func (r *rows) fit(cells []string) ([]string, bool) {
	for len(cells) > r.columns && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells, len(cells) <= r.columns
}

// join tries to complete a row whose last cell goes on in the next lines. It
// succeeds only with exactly the right number of cells; and a cell with a line
// break must not hold a separator, or two rows with one stray quotation mark
// each could pass as one. Otherwise the lines stay what they are: rows.
func (r *rows) join(first line) ([]string, bool) {
	text := first.text
	for i := range maxJoinLines {
		if i == len(r.ahead) {
			l, err := r.scan()
			if err != nil {
				return nil, false // also at the end of the file: the quotation mark stays open
			}
			r.ahead = append(r.ahead, l)
		}
		l := r.ahead[i]
		if l.tooLong || l.garbled || len(text)+len(l.text) > maxLine {
			return nil, false
		}
		text += "\n" + l.text
		cells, state := split(text, r.separator)
		if state == quoteOpen {
			continue
		}
		if state != fine || len(cells) != r.columns {
			return nil, false
		}
		for j, cell := range cells {
			if !strings.Contains(cell, "\n") {
				continue
			}
			if strings.IndexByte(cell, r.separator) >= 0 {
				return nil, false
			}
			cells[j] = strings.ReplaceAll(strings.ReplaceAll(cell, "\r", ""), "\n", " ")
		}
		r.ahead = r.ahead[i+1:]
		return cells, true
	}
	return nil, false
}

func (r *rows) line() (line, error) {
	if len(r.ahead) > 0 {
		l := r.ahead[0]
		r.ahead = r.ahead[1:]
		return l, nil
	}
	return r.scan()
}

// scan reads one line; of a line that is too long, nothing is kept.
func (r *rows) scan() (line, error) {
	raw, err := r.in.ReadSlice('\n')
	r.number++
	l := line{number: r.number}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.tooLong = true
		r.read += int64(len(raw))
		raw, err = r.in.ReadSlice('\n')
	}
	r.read += int64(len(raw))
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, fmt.Errorf("read line %d: %w", r.number, err)
	}
	if err != nil && len(raw) == 0 && !l.tooLong {
		return line{}, io.EOF
	}
	l.ended = err == nil
	if l.tooLong {
		return l, nil
	}
	text, ok := r.source.decode(bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r")))
	l.text, l.garbled = text, !ok
	return l, nil
}

// quotes says how the quotation marks of a row stand.
type quotes int

const (
	fine quotes = iota
	quoteOpen
	quoteStray
)

func (q quotes) fault() string {
	if q == quoteOpen {
		return "guillemet ouvert et jamais refermé"
	}
	return "texte après un guillemet fermant"
}

// split cuts a line at its separators. A cell that begins with a quotation
// mark ends at the next one; a doubled one stands for itself (RFC 4180 §2). A
// quotation mark elsewhere is an ordinary sign.
func split(text string, separator byte) ([]string, quotes) {
	cells := make([]string, 0, 16)
	for {
		if !strings.HasPrefix(text, `"`) {
			end := strings.IndexByte(text, separator)
			if end < 0 {
				return append(cells, strings.TrimSpace(text)), fine
			}
			cells = append(cells, strings.TrimSpace(text[:end]))
			text = text[end+1:]
			continue
		}
		cell, rest, closed := quoted(text[1:])
		cells = append(cells, strings.TrimSpace(cell))
		switch {
		case !closed:
			return cells, quoteOpen
		case rest == "":
			return cells, fine
		case rest[0] != separator:
			return cells, quoteStray
		}
		text = rest[1:]
	}
}

// quoted reads up to the closing quotation mark.
func quoted(text string) (cell, rest string, closed bool) {
	end := strings.IndexByte(text, '"')
	if end < 0 {
		return text, "", false
	}
	if !strings.HasPrefix(text[end+1:], `"`) {
		return text[:end], text[end+1:], true
	}
	var b strings.Builder
	for {
		b.WriteString(text[:end])
		text = text[end+1:]
		if !strings.HasPrefix(text, `"`) {
			return b.String(), text, true
		}
		b.WriteByte('"')
		text = text[1:]
		if end = strings.IndexByte(text, '"'); end < 0 {
			return b.String() + text, "", false
		}
	}
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if cell != "" {
			return false
		}
	}
	return true
}
