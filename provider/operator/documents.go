package operator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"loge/storage"
)

const (
	// MaxDocument is the most a document may have, in bytes.
	MaxDocument = 1 << 20
	maxVersion  = 32  // characters
	maxSummary  = 500 // characters
)

// NewDocument is a text to publish.
type NewDocument struct {
	Kind    string // storage.Rules or storage.Terms
	Version string // empty: the next whole number
	Summary string // « ce qui change », shown to those who accepted an earlier version; may be empty
	Text    string // Markdown, UTF-8, at most MaxDocument bytes
}

// ErrPublished says that the current version has that very text already.
var ErrPublished = errors.New("this text is published already")

// PublishDocument makes a text the current version of its kind: everybody is
// asked to accept it at the next sign-in. [ErrPublished], with the document,
// when it is the current one already: then nothing has changed.
// storage.ErrConflict when the version exists.
func (o *Operator) PublishDocument(ctx context.Context, n NewDocument) (storage.Document, error) {
	if n.Kind != storage.Rules && n.Kind != storage.Terms {
		return storage.Document{}, fmt.Errorf("kind of document %q: it is %s or %s", n.Kind, storage.Rules, storage.Terms)
	}
	n.Text = strings.TrimPrefix(n.Text, string(byteOrderMark))
	n.Version, n.Summary = strings.TrimSpace(n.Version), strings.TrimRight(strings.TrimSpace(n.Summary), " .")
	if err := errors.Join(checkText(n.Text), checkLine("version", n.Version, maxVersion), checkLine("changes", n.Summary, maxSummary), checkVersion(n.Version)); err != nil {
		return storage.Document{}, err
	}
	former, err := o.DB.Documents(ctx, n.Kind)
	if err != nil {
		return storage.Document{}, fmt.Errorf("load former versions: %w", err)
	}
	sum := sha256.Sum256([]byte(n.Text))
	d := storage.Document{ID: storage.NewID(), Kind: n.Kind, Version: n.Version, Summary: n.Summary, Text: n.Text,
		SHA256: hex.EncodeToString(sum[:]), PublishedAt: o.now()}
	if len(former) > 0 && former[0].SHA256 == d.SHA256 {
		return former[0], ErrPublished
	}
	if d.Version == "" {
		d.Version = nextVersion(former)
	}
	if len(former) > 0 && d.PublishedAt <= former[0].PublishedAt {
		d.PublishedAt = former[0].PublishedAt + 1 // the latest is the current one, also within a second
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.PublishDocument(ctx, d); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: d.PublishedAt, Actor: o.Actor, Action: "document.published", Subject: d.ID,
			Details: map[string]string{"kind": d.Kind, "version": d.Version, "sha256": d.SHA256}})
	})
	if errors.Is(err, storage.ErrConflict) {
		return storage.Document{}, fmt.Errorf("%s version %s %w with another text: leave the version out, or give a new one", d.Kind, d.Version, storage.ErrConflict)
	}
	if err != nil {
		return storage.Document{}, fmt.Errorf("publish document: %w", err)
	}
	return d, nil
}

func checkText(text string) error {
	switch {
	case len(text) > MaxDocument:
		return fmt.Errorf("text has more than %d bytes", MaxDocument)
	case !utf8.ValidString(text):
		return errors.New("text is not UTF-8: save the file as UTF-8")
	case strings.ContainsRune(text, 0):
		return errors.New("text holds a NUL byte: is this a text file?")
	case strings.TrimSpace(text) == "":
		return errors.New("text is empty")
	}
	return nil
}

// checkLine checks a text of one line that may be empty.
func checkLine(name, value string, most int) error {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("%s: not one line of text", name)
	case utf8.RuneCountInString(value) > most:
		return fmt.Errorf("%s: more than %d characters", name, most)
	}
	return nil
}

// checkVersion keeps versions fit for the address /textes/{kind}/{version}.
func checkVersion(version string) error {
	strange := func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".-_", r))
	}
	if strings.ContainsFunc(version, strange) || version != "" && strings.Trim(version, ".") == "" {
		return errors.New("version: letters, digits, dots and hyphens only")
	}
	return nil
}

// nextVersion is one more than the highest version that is a whole number.
func nextVersion(former []storage.Document) string {
	highest := 0
	for _, d := range former {
		if n, err := strconv.Atoi(d.Version); err == nil {
			highest = max(highest, n)
		}
	}
	return strconv.Itoa(highest + 1)
}
