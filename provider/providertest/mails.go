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
	files, err := filepath.Glob(filepath.Join(p.Mails, "*.eml"))
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Sort(files)
	var mails []Mail
	for _, file := range files {
		m := p.readMail(file)
		if m.To == address {
			mails = append(mails, m)
		}
	}
	return mails
}

func (p *Provider) readMail(file string) Mail {
	p.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	raw, err := mail.ReadMessage(f)
	if err != nil {
		p.t.Fatal(err)
	}
	to, err := raw.Header.AddressList("To")
	if err != nil {
		p.t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject"))
	if err != nil {
		p.t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	if err != nil {
		p.t.Fatal(err)
	}
	part, err := multipart.NewReader(raw.Body, params["boundary"]).NextRawPart()
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		p.t.Fatal(err)
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
	for _, m := range p.MailsTo(address) {
		text := strings.ReplaceAll(m.Text, "\u00a0", " ")
		if found := identifierText.FindString(text); found != "" {
			identifier = found
		}
		if found := provisionalText.FindString(text); found != "" {
			provisional = found
		}
	}
	if identifier == "" || provisional == "" {
		p.t.Fatalf("%s has no credentials: identifier %q, provisional password found %v", address, identifier, provisional != "")
	}
	return identifier, provisional
}

// Code delivers the mail and returns the code that an address received last.
func (p *Provider) Code(address string) string {
	p.t.Helper()
	p.Deliver()
	code := ""
	for _, m := range p.MailsTo(address) {
		if strings.Contains(m.Subject, "code") {
			code = codeText.FindString(m.Text)
		}
	}
	if code == "" {
		p.t.Fatalf("%s has received no code", address)
	}
	return code
}
