package terms

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"loge/storage"
)

const (
	maxText    = 512 << 10 // bytes of a document
	maxSummary = 500       // characters
)

// kinds in the order in which they are accepted.
var kinds = []string{storage.Rules, storage.Terms}

// Item is a document that a person has to accept.
type Item struct {
	Document storage.Document
	Changed  bool // the person accepted an earlier version: show what changes
}

// Pending returns what remains to be accepted now, rules before terms. docs may
// hold any number of versions: the latest one published until now counts,
// and of two published in one second the one with the later id. A kind without a
// document asks for nothing.
func Pending(docs []storage.Document, accepted []storage.Acceptance, now time.Time) []Item {
	var items []Item
	for _, kind := range kinds {
		current, found := latest(docs, kind, storage.At(now))
		if !found {
			continue
		}
		item := Item{Document: current}
		done := false
		for _, a := range accepted {
			if a.DocumentID == current.ID && a.SHA256 == current.SHA256 {
				done = true
			}
			item.Changed = item.Changed || a.Kind == kind
		}
		if !done {
			items = append(items, item)
		}
	}
	return items
}

func latest(docs []storage.Document, kind string, now storage.Time) (current storage.Document, found bool) {
	for _, d := range docs {
		if d.Kind != kind || d.PublishedAt > now {
			continue
		}
		newer := d.PublishedAt > current.PublishedAt || d.PublishedAt == current.PublishedAt && d.ID > current.ID
		if !found || newer {
			current, found = d, true
		}
	}
	return current, found
}

// Sum returns the SHA-256 of the exact bytes of a text, in hexadecimal.
func Sum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Proof returns what is stored when a user accepts a document, which must come
// with its text. It fails when the text is not the one that was published: then
// something changed it in the database, and nobody can accept it.
func Proof(d storage.Document, user storage.User, now time.Time) (storage.Acceptance, error) {
	if Sum(d.Text) != d.SHA256 {
		return storage.Acceptance{}, fmt.Errorf("accept %s %s: the stored text is not the one that was published", d.Kind, d.Version)
	}
	return storage.Acceptance{
		ID: storage.NewID(), UserID: user.ID, AccountID: user.AccountID,
		DocumentID: d.ID, Kind: d.Kind, Version: d.Version, SHA256: d.SHA256, AcceptedAt: storage.At(now),
	}, nil
}

// versionShape: a version stands in URLs and in « Version {version} ».
var versionShape = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

// New returns a document ready to be published, or all that is wrong with it.
// The text is kept byte for byte. summary says what changes; the first version
// may leave it empty.
func New(kind, version, summary, text string, now time.Time) (storage.Document, error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if kind != storage.Rules && kind != storage.Terms {
		fault("kind is %q: it is rules or terms", kind)
	}
	if !versionShape.MatchString(version) {
		fault("version %q: write 1 to 32 letters, digits, dots, hyphens or underscores, a letter or digit first", version)
	}
	if utf8.RuneCountInString(summary) > maxSummary || strings.ContainsFunc(summary, unicode.IsControl) {
		fault("summary: write one line of at most %d characters", maxSummary)
	}
	switch {
	case strings.TrimSpace(text) == "":
		fault("text is empty")
	case len(text) > maxText:
		fault("text has %d bytes: at most %d are possible", len(text), maxText)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		fault("text is not UTF-8: save the file as UTF-8")
	}
	if len(faults) > 0 {
		return storage.Document{}, errors.Join(faults...)
	}
	return storage.Document{
		ID: storage.NewID(), Kind: kind, Version: version, Summary: strings.TrimRight(strings.TrimSpace(summary), "."),
		Text: text, SHA256: Sum(text), PublishedAt: storage.At(now),
	}, nil
}
