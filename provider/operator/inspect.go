package operator

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// source is what one look at the whole file tells.
type source struct {
	size   int64
	sha256 string // hexadecimal, of the file's bytes
	utf8   bool   // else Windows-1252
	bom    int    // bytes to leave out at the start
}

var byteOrderMark = []byte("\ufeff")

// inspect reads the file once from its start. Text in Windows-1252 practically
// never holds a valid sequence of UTF-8, so a file without any, but with bytes
// that are not UTF-8, is Windows-1252. Where both occur the more frequent one
// decides, and the rows written the other way are refused one by one.
func inspect(r io.Reader) (source, error) {
	hash := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(r, hash), 64<<10)
	var s source
	start, err := in.Peek(len(byteOrderMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("read file: %w", err)
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		return s, errors.New("file is UTF-16 (« Unicode text »): save it as CSV UTF-8")
	}
	if bytes.Equal(start, byteOrderMark) {
		s.bom = len(byteOrderMark)
	}
	valid, invalid := 0, 0
	for {
		char, size, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, fmt.Errorf("read file: %w", err)
		}
		s.size += int64(size)
		switch {
		case char == utf8.RuneError && size == 1:
			invalid++
		case size > 1:
			valid++
		}
	}
	s.utf8 = s.bom > 0 || invalid == 0 || valid > invalid
	s.sha256 = hex.EncodeToString(hash.Sum(nil))
	return s, nil
}

// decode returns the line as text, or false when it holds bytes that are no
// character of the file's encoding.
func (s source) decode(line []byte) (string, bool) {
	if s.utf8 {
		return string(line), utf8.Valid(line)
	}
	ascii := true
	for _, b := range line {
		if ascii = b < utf8.RuneSelf; !ascii {
			break
		}
	}
	if ascii {
		return string(line), true
	}
	text := make([]byte, 0, len(line)+16)
	for _, b := range line {
		char := charmap.Windows1252.DecodeByte(b)
		if char == utf8.RuneError || 0x80 <= char && char <= 0x9f {
			return string(text), false
		}
		text = utf8.AppendRune(text, char)
	}
	return string(text), true
}
