package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"loge/provider/config"
)

// SMTP sends through a relay, one connection for each mail.
type SMTP struct {
	Config config.SMTP
	Roots  *x509.CertPool // certificate authorities; nil: the system's
}

// defaultTimeout bounds each half of a sending, greeting and transfer, when
// the settings name no other.
const defaultTimeout = 30 * time.Second

// Send returns nil once the relay has taken the mail. What goes wrong after
// that is not reported: the mail would be sent twice.
func (s *SMTP) Send(ctx context.Context, m *Mail) error {
	hangUp := func() {}
	defer func() { hangUp() }()
	client, err := s.client(func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialling, network, address)
		if err != nil {
			return nil, err
		}
		// The library leaves the connection open when the greeting fails, and
		// looks at the context no more once the connection is made.
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		hangUp = func() { stop(); _ = conn.Close() } // closed already after QUIT
		return conn, nil
	})
	if err != nil {
		return &Error{Err: err, text: err.Error()}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return sendError(ctx, err, m.To)
	}
	if err := client.SendWithSMTPClient(session, m.msg); err != nil && !m.msg.IsDelivered() {
		return sendError(ctx, err, m.To)
	}
	_ = client.CloseWithSMTPClient(session) // the mail is with the relay
	return nil
}

func (s *SMTP) timeout() time.Duration {
	if s.Config.Timeout > 0 {
		return s.Config.Timeout
	}
	return defaultTimeout
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.Config.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.Config.TLS == config.ImplicitTLS {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (s *SMTP) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	var policy gomail.TLSPolicy
	switch s.Config.TLS {
	case "", config.StartTLS:
		policy = gomail.TLSMandatory
	case config.ImplicitTLS:
		// dial has made the TLS connection; this only makes the library notice.
		policy = gomail.TLSOpportunistic
	case config.NoTLS:
		policy = gomail.NoTLS
	default:
		return nil, fmt.Errorf("mail.smtp.tls: %q is not starttls, implicit or none", s.Config.TLS)
	}
	options := []gomail.Option{
		gomail.WithPort(s.Config.Port),
		gomail.WithTimeout(s.timeout()),
		gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(s.tls()),
		gomail.WithDialContextFunc(dial),
		// What comes back brings the header alone, not the secret (RFC 3461 §4.3),
		// where the relay can do that.
		gomail.WithDSNMailReturnType(gomail.DSNMailReturnHeadersOnly),
		gomail.WithDSNRcptNotifyType(gomail.DSNRcptNotifyFailure, gomail.DSNRcptNotifyDelay),
	}
	if s.Config.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.Config.Username), gomail.WithPassword(s.Config.Password.Reveal()))
	}
	client, err := gomail.NewClient(s.Config.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail.smtp: %w", err)
	}
	return client, nil
}

// sendError sorts what the library reports.
func sendError(ctx context.Context, err error, to string) *Error {
	e := &Error{Err: err}
	if refused, ok := errors.AsType[*gomail.SendError](err); ok {
		e.Code = refused.ErrorCode()
		switch refused.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			e.Permanent = e.Code >= 500
		}
	} else if answer, ok := errors.AsType[*textproto.Error](err); ok {
		e.Code = answer.Code
	}
	if ctx.Err() != nil {
		e.Err = errors.Join(context.Cause(ctx), err) // closing the connection made err
	}
	e.text = strings.ReplaceAll(e.Err.Error(), to, "the recipient")
	return e
}
