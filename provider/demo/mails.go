package demo

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loge/provider/text"
)

// readMails returns every e-mail of the folder, the oldest first: the names of
// the files sort by date.
func (m *mailbox) readMails() []item {
	files, err := filepath.Glob(filepath.Join(m.mails, "*.eml"))
	if err != nil {
		return nil // the pattern is fixed: cannot happen
	}
	var items []item
	for _, file := range files {
		read, err := readMail(file)
		if err != nil {
			slog.Error("read e-mail for the mailbox", "file", file, "error", err)
			continue
		}
		items = append(items, read)
	}
	return items
}

// newestFirst sorts items whose order within one second is the order they are in.
func newestFirst(items []item) {
	slices.Reverse(items)
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(b.order, a.order) })
}

func readMail(file string) (item, error) {
	header, plain, _, err := parts(file)
	if err != nil {
		return item{}, err
	}
	to, err := header.AddressList("To")
	if err != nil || len(to) == 0 {
		return item{}, fmt.Errorf("read To: %w", err)
	}
	from, err := header.AddressList("From")
	if err != nil || len(from) == 0 {
		return item{}, fmt.Errorf("read From: %w", err)
	}
	date, err := header.Date()
	if err != nil {
		return item{}, fmt.Errorf("read Date: %w", err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		return item{}, fmt.Errorf("read Subject: %w", err)
	}
	return item{
		ID:      strings.TrimSuffix(filepath.Base(file), ".eml"),
		Subject: subject,
		From:    from[0].Name + " <" + from[0].Address + ">",
		To:      to[0].Address,
		When:    text.DateTime(date),
		Text:    string(plain),
		order:   date.Unix(),
	}, nil
}

// readMailHTML returns the HTML part, changed so that its links open in a page
// of their own.
func readMailHTML(file string) ([]byte, error) {
	_, _, html, err := parts(file)
	if err != nil {
		return nil, err
	}
	if len(html) == 0 {
		return nil, fs.ErrNotExist
	}
	return bytes.Replace(html, []byte("<head>"), []byte(`<head><base target="_blank">`), 1), nil
}

// parts reads a multipart/alternative message of a text and an HTML part.
func parts(file string) (header mail.Header, plain, html []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	message, err := mail.ReadMessage(f)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read message: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read Content-Type: %w", err)
	}
	if kind != "multipart/alternative" {
		return nil, nil, nil, fmt.Errorf("read message: %s is not multipart/alternative", kind)
	}
	reader := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := reader.NextPart() // undoes quoted-printable
		if errors.Is(err, io.EOF) {
			return message.Header, plain, html, nil
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("read part: %w", err)
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("read part: %w", err)
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			plain = content
		case "text/html":
			html = content
		}
	}
}
