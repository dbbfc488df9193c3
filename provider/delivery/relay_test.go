package delivery

import (
	"bytes"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"loge/provider/config"
)

// relay is a real SMTP server on loopback that misbehaves as told.
type relay struct {
	address string

	mu    sync.Mutex
	mails []received
	// onRcpt and onData, if set, answer in place of the server; onData gets the
	// mail, which is kept when it returns nil.
	onRcpt func(to string) error
	onData func(raw string) error
}

// received is one mail that the relay took.
type received struct {
	id, to, subject, text, html string
}

func startRelay(t testing.TB) *relay {
	t.Helper()
	r := &relay{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &smtpSession{relay: r}, nil }))
	server.Domain = "relay.example"
	server.ErrorLog = log.New(io.Discard, "", 0) // it reports the deaths that the tests want
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { _ = server.Close(); <-done })
	return r
}

func (r *relay) config() config.SMTP {
	host, port, _ := strings.Cut(r.address, ":")
	n, _ := strconv.Atoi(port)
	return config.SMTP{Host: host, Port: n, TLS: "none", Timeout: 2 * time.Second}
}

// behave sets how the relay answers from now on.
func (r *relay) behave(onRcpt, onData func(string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onRcpt, r.onData = onRcpt, onData
}

// taken returns the mails taken so far, in order.
func (r *relay) taken() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.mails...)
}

// last returns the latest mail.
func (r *relay) last(t *testing.T) received {
	t.Helper()
	all := r.taken()
	if len(all) == 0 {
		t.Fatal("the relay has taken no mail")
	}
	return all[len(all)-1]
}

type smtpSession struct{ relay *relay }

func (s *smtpSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *smtpSession) Reset()                               {}
func (s *smtpSession) Logout() error                        { return nil }

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.relay.mu.Lock()
	answer := s.relay.onRcpt
	s.relay.mu.Unlock()
	if answer != nil {
		return answer(to)
	}
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.relay.mu.Lock()
	answer := s.relay.onData
	s.relay.mu.Unlock()
	if answer != nil {
		if err := answer(string(raw)); err != nil {
			return err
		}
	}
	m, err := parseMail(raw)
	if err != nil {
		return err
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	s.relay.mails = append(s.relay.mails, m)
	return nil
}

func parse(t *testing.T, raw []byte) received {
	t.Helper()
	m, err := parseMail(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parseMail(raw []byte) (m received, err error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.id = msg.Header.Get("Message-Id")
	if m.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, err
	}
	to, err := msg.Header.AddressList("To")
	if err != nil {
		return m, err
	}
	m.to = to[0].Address
	_, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(msg.Body, parameters["boundary"])
	for _, into := range []*string{&m.text, &m.html} {
		part, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			return m, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return m, err
		}
		*into = string(content)
	}
	return m, nil
}
