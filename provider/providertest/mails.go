package providertest

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Mail is one mail as its recipient reads it.
type Mail struct {
	File    string
	To      string
	Subject string
	Text    string
	Header  mail.Header
}

// MailsTo returns the mails for one address, oldest first.
func (p *Provider) MailsTo(address string) []Mail {
	p.t.Helper()
	return ReadMails(p.t, p.Mails, address)
}

// ReadMails returns the mails in a folder for one address, oldest first.
func ReadMails(t testing.TB, dir, address string) []Mail {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var mails []Mail
	for _, file := range files {
		m := readMail(t, file)
		if m.To == address {
			mails = append(mails, m)
		}
	}
	return mails
}

func readMail(t testing.TB, file string) Mail {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw, err := mail.ReadMessage(f)
	if err != nil {
		t.Fatal(err)
	}
	to, err := raw.Header.AddressList("To")
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(raw.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return Mail{File: file, To: to[0].Address, Subject: subject, Text: string(text), Header: raw.Header}
}

var (
	identifierText  = regexp.MustCompile(`LOG [0-9A-Z]{8}`)
	provisionalText = regexp.MustCompile(`[CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4}`)
	codeText        = regexp.MustCompile(`\b\d{6}\b`)
)

// Credentials delivers the mail and returns the identifier and the provisional
// password that an address has received last.
func (p *Provider) Credentials(address string) (identifier, provisional string) {
	p.t.Helper()
	p.Deliver()
	p.Deliver() // the password waits until the identifier has left
	identifier, provisional = ReadCredentials(p.MailsTo(address))
	if identifier == "" || provisional == "" {
		p.t.Fatalf("%s has no credentials: identifier %q, provisional password found %v", address, identifier, provisional != "")
	}
	return identifier, provisional
}

// ReadCredentials returns the identifier and the provisional password that
// stand in the mails last, "" where there is none.
func ReadCredentials(mails []Mail) (identifier, provisional string) {
	for _, m := range mails {
		text := strings.ReplaceAll(m.Text, "\u00a0", " ")
		if found := identifierText.FindString(text); found != "" {
			identifier = found
		}
		if found := provisionalText.FindString(text); found != "" {
			provisional = found
		}
	}
	return identifier, provisional
}

// Code delivers the mail and returns the code that an address received last. It
// waits a little, because another goroutine's Deliver may be carrying it.
func (p *Provider) Code(address string) string {
	p.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.Deliver()
		if code := ReadCode(p.MailsTo(address)); code != "" {
			return code
		}
	}
	p.t.Fatalf("%s has received no code", address)
	return ""
}

// ReadCode returns the code that stands in the mails last, "" when there is none.
func ReadCode(mails []Mail) (code string) {
	for _, m := range mails {
		if strings.Contains(m.Subject, "code") {
			code = codeText.FindString(m.Text)
		}
	}
	return code
}
