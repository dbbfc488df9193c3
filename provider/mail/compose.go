package mail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	netmail "net/mail"
	"net/url"
	"time"

	gomail "github.com/wneessen/go-mail"

	"loge/provider/config"
	"loge/provider/text"
)

// Composer turns messages into mails, in the operator's name. Make it with
// NewComposer; it may be used from several goroutines.
type Composer struct {
	Texts   *text.Catalog
	Service config.Service
	Issuer  string // public address: the only one mails link to, and the domain of Message-IDs
	From    string // sender's address; its name is the service's
	Now     func() time.Time
}

// NewComposer checks the addresses and binds the operator's names into the texts.
func NewComposer(c Composer) (*Composer, error) {
	if err := checkAddress(c.From); err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	site, err := url.Parse(c.Issuer)
	if err != nil || site.Hostname() == "" {
		return nil, fmt.Errorf("issuer %q has no host for the Message-ID", c.Issuer)
	}
	c.Texts = c.Texts.With(map[string]string{
		"nom_service": c.Service.Name,
		"nom_compte":  c.Service.AccountName,
		"organisme":   c.Service.Operator,
	})
	return &c, nil
}

// Mail is a message ready to be sent, by one goroutine. It may hold a secret: it
// is not for logs.
type Mail struct {
	ID      string // Message-ID without its angle brackets
	To      string // recipient's address
	Date    time.Time
	Subject string
	Text    string
	HTML    string

	msg *gomail.Msg
}

// WriteTo writes the mail as it goes over the wire (RFC 5322).
func (m *Mail) WriteTo(w io.Writer) (int64, error) { return m.msg.WriteTo(w) }

// String keeps secrets out of logs.
func (m *Mail) String() string { return "mail " + m.ID }

// Compose writes the mail. Line breaks and control characters in a name, an
// address or a value are refused, and so is a message that lacks a value its
// kind needs.
func (c *Composer) Compose(m Message) (*Mail, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	if m.ID == "" {
		m.ID = rand.Text()
	}
	site, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("compose mail: issuer: %w", err)
	}
	mail := &Mail{ID: m.ID + "@" + site.Hostname(), To: m.To, Date: c.Now()}
	if mail.Subject, mail.Text, mail.HTML, err = c.write(m); err != nil {
		return nil, fmt.Errorf("compose mail %s: %w", m.Kind, err)
	}
	if err := checkValue(mail.Subject); err != nil {
		return nil, fmt.Errorf("compose mail %s: subject: %w", m.Kind, err)
	}
	mail.msg = c.assemble(mail, m)
	return mail, nil
}

// assemble puts headers and both parts together. The boundary comes from the
// ID, so that the same message has the same bytes.
func (c *Composer) assemble(mail *Mail, m Message) *gomail.Msg {
	sum := sha256.Sum256([]byte(mail.ID))
	msg := gomail.NewMsg(
		gomail.WithNoDefaultUserAgent(),
		gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithEncoding(gomail.EncodingQP),
		gomail.WithBoundary("loge-"+hex.EncodeToString(sum[:16])),
	)
	// The addresses were checked: these setters parse nothing a second time.
	msg.FromMailAddress(&netmail.Address{Name: c.Service.Name, Address: c.From})
	msg.ToMailAddress(&netmail.Address{Name: m.ToName, Address: mail.To})
	if support := c.Service.In(m.Department).Support; support.Mail != "" {
		// The text says not to answer; whoever does all the same is heard.
		msg.ReplyToMailAddress(&netmail.Address{Name: c.Service.Operator, Address: support.Mail})
	}
	msg.Subject(mail.Subject)
	msg.SetMessageIDWithValue(mail.ID)
	msg.SetDateWithValue(mail.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")  // Exchange
	msg.SetGenHeader(gomail.HeaderContentLang, "fr")     // RFC 3282
	msg.SetBodyString(gomail.TypeTextPlain, mail.Text)   // RFC 2046 §5.1.4: the plainest part first
	msg.AddAlternativeString(gomail.TypeTextHTML, mail.HTML)
	return msg
}
