package mail

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// ErrNoReport says that a mail is not a delivery status notification: an answer
// by a person, an absence message, advertising.
var ErrNoReport = errors.New("not a delivery status notification (RFC 3464)")

// Report is what a mail server says became of a mail (RFC 3464). Anybody can
// write one: only a Message-ID that was sent to nobody but the recipient ties it
// to a mail.
type Report struct {
	MessageID string // of the mail it is about, without angle brackets
	To        string // to whom that mail was written; empty when the report does not return its header
	Failed    bool   // the server has given up; otherwise it goes on trying
	Reason    string // status and the server's words, one line without addresses and secrets
}

const (
	maxReport     = 1 << 20 // bytes that are read of a report
	maxParts      = 20      // of a report
	maxRecipients = 50      // groups of fields in it
	maxReason     = 250     // bytes of the server's words
)

// ReadReport reads a delivery status notification as it came, with its header.
// ErrNoReport when it is something else, or tells neither failure nor delay.
func ReadReport(r io.Reader) (Report, error) {
	msg, err := netmail.ReadMessage(io.LimitReader(r, maxReport))
	if err != nil {
		return Report{}, ErrNoReport
	}
	kind, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(parameters["report-type"], "delivery-status") {
		return Report{}, ErrNoReport
	}
	// Some servers return nothing and name the mail as one that they answer.
	report := Report{MessageID: messageID(msg.Header.Get("In-Reply-To"))}
	told := false
	parts := multipart.NewReader(msg.Body, parameters["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if err != nil {
			break // the end, or a report that is cut off: what has been read counts
		}
		var content io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		switch kind {
		case "message/delivery-status", "message/global-delivery-status": // RFC 6533
			told = report.status(content) || told
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			report.returned(content)
		}
	}
	if !told || report.MessageID == "" {
		return Report{}, ErrNoReport
	}
	return report, nil
}

// status reads the fields of the message and then those of each recipient; a
// failure of one counts more than a delay of another, for our mails have one.
func (r *Report) status(content io.Reader) (told bool) {
	fields := textproto.NewReader(bufio.NewReader(content))
	for range maxRecipients {
		group, err := fields.ReadMIMEHeader()
		if action := strings.ToLower(strings.TrimSpace(group.Get("Action"))); action == "failed" || action == "delayed" && !told {
			told, r.Failed = true, action == "failed"
			_, words, _ := strings.Cut(group.Get("Diagnostic-Code"), ";") // smtp; 550 5.1.1 …
			r.Reason = reason(group.Get("Status") + ": " + words)
		}
		if err != nil || r.Failed {
			return told
		}
	}
	return told
}

// returned reads the header of the mail as far as it is there. It is not
// parsed as a mail, because servers return it with lines of their own.
func (r *Report) returned(content io.Reader) {
	lines := bufio.NewScanner(content)
	var name, value string
	take := func() {
		switch strings.ToLower(name) {
		case "message-id":
			if id := messageID(value); id != "" {
				r.MessageID = id
			}
		case "to":
			if to, err := netmail.ParseAddress(value); err == nil {
				r.To = to.Address
			}
		}
	}
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			value += " " + strings.TrimSpace(line)
			continue
		}
		take()
		name, value, _ = strings.Cut(line, ":")
		value = strings.TrimSpace(value)
	}
	take()
}

var angled = regexp.MustCompile(`<([0-9A-Za-z.-]{1,200}@[0-9A-Za-z.-]{1,255})>`)

// messageID finds the Message-ID in a field; empty when there is none that
// could be ours.
func messageID(field string) string {
	if found := angled.FindStringSubmatch(field); found != nil {
		return found[1]
	}
	return ""
}

// Servers quote addresses, and content that they took for spam: what might be
// a provisional password, a code or the secret of a link.
var quoted = regexp.MustCompile(`(?i)[^\s<>"(]+@[^\s<>")]+|\b[CDFGHJKMNPQRTVWXY3479]{4}([ -]?[CDFGHJKMNPQRTVWXY3479]{4}){2}\b|\b[0-9]{6}\b|[0-9A-Za-z_-]{32,}`)

// reason makes one short line of what a server says.
func reason(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	s = strings.Trim(quoted.ReplaceAllString(s, "[…]"), ": ")
	if s == "" {
		return "no reason given"
	}
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "") + "…"
	}
	return s
}

// Reference returns the [Message] ID in a Message-ID that bears our domain.
func (c *Composer) Reference(messageID string) (string, bool) {
	site, err := url.Parse(c.Issuer)
	if err != nil {
		return "", false
	}
	return strings.CutSuffix(messageID, "@"+site.Hostname())
}
