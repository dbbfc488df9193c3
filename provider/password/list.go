package password

import (
	"bufio"
	"bytes"
	"crypto/sha1" // names passwords as Have I Been Pwned does; protects nothing
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// List is a set of passwords that nobody may choose, as a Bloom filter: it never
// forgets one of its passwords, and takes one in a million others for one of
// them. An entry costs 29 bits. It may be used from several goroutines.
type List struct {
	entries uint64
	bits    []byte
}

// Bounds of a list that an operator brings: 73 MB of memory, and what a line
// of it may hold.
const (
	maxEntries = 20_000_000
	maxLine    = 1024 // bytes
)

const (
	bitsPerEntry = 29 // one error in a million (Bloom 1970)
	probes       = 20 // ln 2 × bitsPerEntry
)

// The embedded lists; common.LICENSE tells where they come from. The words are
// those that people fill up with digits and signs.
var (
	//go:embed common.bloom
	commonBloom []byte
	//go:embed words.bloom
	wordsBloom []byte

	common = sync.OnceValue(func() *List { return embedded(commonBloom) })
	words  = sync.OnceValue(func() *List { return embedded(wordsBloom) })
)

func newList(entries uint64) *List {
	return &List{entries: entries, bits: make([]byte, (entries*bitsPerEntry+7)/8+1)}
}

// embedded opens a list that marshal has written: the number of entries, then
// the bits.
func embedded(b []byte) *List {
	l := &List{entries: binary.BigEndian.Uint64(b), bits: b[8:]}
	if len(l.bits) != len(newList(l.entries).bits) {
		panic("password: an embedded list is damaged")
	}
	return l
}

func (l *List) marshal() []byte {
	return append(binary.BigEndian.AppendUint64(nil, l.entries), l.bits...)
}

// Len returns how many passwords the list was made from.
func (l *List) Len() int { return int(l.entries) }

// Bytes returns how much memory the list takes.
func (l *List) Bytes() int { return len(l.bits) }

// FalsePositives returns the part of other passwords that the list takes for
// its own, between 0 and 1.
func (l *List) FalsePositives() float64 {
	set := 0
	for _, b := range l.bits {
		for ; b != 0; b &= b - 1 {
			set++
		}
	}
	return math.Pow(float64(set)/float64(len(l.bits)*8), probes)
}

// each calls fn for every bit of an entry until fn returns false (Kirsch and
// Mitzenmacher 2006: two hashes stand for many).
func (l *List) each(sum [sha1.Size]byte, fn func(i uint64, bit byte) bool) {
	n := uint64(len(l.bits)) * 8
	a, b := binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])|1
	for range probes {
		if at := a % n; !fn(at/8, 1<<(at%8)) {
			return
		}
		a += b
	}
}

func (l *List) add(sum [sha1.Size]byte) {
	l.each(sum, func(i uint64, bit byte) bool { l.bits[i] |= bit; return true })
}

func (l *List) has(s string) bool {
	found := true
	l.each(sha1.Sum([]byte(s)), func(i uint64, bit byte) bool { found = l.bits[i]&bit != 0; return found })
	return found
}

// ReadList reads a list from a file: a password a line, in UTF-8, or its SHA-1 in
// hexadecimal, with or without « :count » behind it, as Have I Been Pwned
// writes them. Letter case and accents of passwords in clear make no difference.
// The file is read twice and never held in memory.
func ReadList(file string) (*List, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var n uint64
	if err := entries(f, func([sha1.Size]byte) { n++ }); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("%s: holds no password", file)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	l, read := newList(n), uint64(0)
	if err := entries(f, func(sum [sha1.Size]byte) { l.add(sum); read++ }); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if read != n {
		return nil, fmt.Errorf("%s: has changed while it was read; start again", file)
	}
	return l, nil
}

// entries calls add for each password of a text. Its errors name the line but
// not what stands there.
func entries(r io.Reader, add func(sum [sha1.Size]byte)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxLine), maxLine)
	n, count := 0, 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		if count++; count > maxEntries {
			return fmt.Errorf("line %d: more than %d passwords; keep the most frequent ones", n, maxEntries)
		}
		if !utf8.Valid(line) {
			return fmt.Errorf("line %d: is not UTF-8; convert the file, for example with iconv", n)
		}
		sum, ok := hashed(line)
		if !ok {
			sum = sha1.Sum([]byte(fold(string(line))))
		}
		add(sum)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: is longer than %d bytes; write one password a line", n+1, maxLine)
	}
	return lines.Err()
}

// hashed reads a line that is a SHA-1, or a SHA-1, a colon and a number.
func hashed(line []byte) (sum [sha1.Size]byte, ok bool) {
	digest, count, _ := bytes.Cut(line, []byte(":"))
	if len(digest) != 2*sha1.Size || len(bytes.Trim(count, "0123456789")) > 0 {
		return sum, false
	}
	_, err := hex.Decode(sum[:], digest)
	return sum, err == nil
}

// lists tells whether the list holds the password as it was typed, in the form
// that passwords in clear are kept in, or without its substitutions.
func (l *List) lists(typed, folded string) bool {
	return l.has(typed) || l.has(folded) || l.has(norm.NFC.String(strings.ToLower(typed))) || l.has(unleet.Replace(folded))
}
