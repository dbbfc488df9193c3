package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"loge/provider/config"
)

func TestMailArrives(t *testing.T) {
	for _, mode := range []string{"starttls", "implicit", "none"} {
		t.Run(mode, func(t *testing.T) {
			relay, sender := start(t, mode, nil)
			if mode != "none" {
				sender.Config.Username, sender.Config.Password = "loge", "sésame"
			}
			mail := compose(t, samples()[0])
			if err := sender.Send(t.Context(), mail); err != nil {
				t.Fatal(err)
			}
			relay.mu.Lock()
			defer relay.mu.Unlock()
			if len(relay.taken) != 1 || relay.taken[0] != wire(t, mail) {
				t.Errorf("the relay took %d mails, want the one sent:\n%q", len(relay.taken), relay.taken)
			}
			if len(relay.to) != 1 || relay.to[0] != mail.To {
				t.Errorf("recipients %q, want %q", relay.to, mail.To)
			}
			if relay.returns != smtp.DSNReturnHeaders {
				t.Errorf("what comes back brings %q, want the header alone", relay.returns)
			}
			if len(relay.secure) != 1 || relay.secure[0] != (mode != "none") {
				t.Errorf("sent over TLS: %v", relay.secure)
			}
		})
	}
}

func TestRefusalsAreSorted(t *testing.T) {
	answer := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "<josephine.loeuvre@exemple.example> no"}
	}
	for _, c := range []struct {
		name      string
		set       func(*relay)
		permanent bool
		code      int
	}{
		{"recipient unknown", func(r *relay) { r.rcpt = answer(550) }, true, 550},
		{"mailbox busy", func(r *relay) { r.rcpt = answer(450) }, false, 450},
		{"content refused", func(r *relay) { r.data = answer(554) }, true, 554},
		{"try later", func(r *relay) { r.data = answer(451) }, false, 451},
		{"sender refused", func(r *relay) { r.mail = answer(553) }, false, 553},
	} {
		_, sender := start(t, "starttls", c.set)
		err := sender.Send(t.Context(), compose(t, samples()[0]))
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: got %v, want an *Error", c.name, err)
			continue
		}
		if e.Permanent != c.permanent || Permanent(err) != c.permanent || e.Code != c.code {
			t.Errorf("%s: permanent %v, code %d, want %v, %d (%v)", c.name, e.Permanent, e.Code, c.permanent, c.code, err)
		}
		if strings.Contains(err.Error(), "josephine") {
			t.Errorf("%s: the error tells the address: %v", c.name, err)
		}
	}
}

func TestNoSecurityNoMail(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) *SMTP{
		"relay without STARTTLS": func(t *testing.T) *SMTP {
			_, sender := start(t, "none", nil)
			sender.Config.TLS = "" // the default
			return sender
		},
		"unknown certificate": func(t *testing.T) *SMTP {
			_, sender := start(t, "starttls", nil)
			sender.Roots = nil
			return sender
		},
		"certificate of another host": func(t *testing.T) *SMTP {
			_, sender := start(t, "implicit", nil)
			sender.Config.Host = "localhost"
			return sender
		},
		"relay with TLS 1.1": func(t *testing.T) *SMTP {
			_, sender := start(t, "starttls", nil, tls.VersionTLS11)
			return sender
		},
		"wrong password": func(t *testing.T) *SMTP {
			_, sender := start(t, "starttls", nil)
			sender.Config.Username, sender.Config.Password = "loge", "faux"
			return sender
		},
		"unknown mode": func(t *testing.T) *SMTP {
			return &SMTP{Config: config.SMTP{Host: "127.0.0.1", Port: 1, TLS: "maybe"}}
		},
		"nobody listens": func(t *testing.T) *SMTP {
			return &SMTP{Config: config.SMTP{Host: "127.0.0.1", Port: 1, Timeout: time.Second}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := prepare(t).Send(t.Context(), compose(t, samples()[0]))
			if err == nil || Permanent(err) {
				t.Errorf("got %v, want a temporary error", err)
			}
			if err != nil && strings.Contains(err.Error(), "faux") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

var untilData = []string{"220 relay", "250 relay", "250 ok", "250 ok", "250 ok", "354 go on"}

func TestStallAndHangUpAreTemporary(t *testing.T) {
	for name, sender := range map[string]*SMTP{
		"silent from the start": speak(t, true),
		"silent after greeting": speak(t, true, "220 relay"),
		"silent after MAIL":     speak(t, true, untilData[:4]...),
		"silent after RCPT":     speak(t, true, untilData[:5]...),
		"silent at the end":     speak(t, true, untilData...),
		"hangs up at once":      speak(t, false),
		"hangs up in between":   speak(t, false, untilData[:4]...),
		"hangs up at the end":   speak(t, false, untilData...),
		"EHLO, later":           speak(t, false, "220 relay", "421 later", "421 later"),
		"EHLO, never":           speak(t, false, "220 relay", "550 never", "550 never"),
		"MAIL, later":           speak(t, false, "220 relay", "250 relay", "250 ok", "451 later", "221 bye"),
		"DATA, later":           speak(t, false, append(untilData[:5:5], "451 later", "221 bye")...),
		"closing down":          speak(t, false, "421 closing"),
		"closed for ever":       speak(t, false, "554 no"),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			err := sender.Send(t.Context(), compose(t, samples()[0]))
			if err == nil || Permanent(err) {
				t.Errorf("got %v, want a temporary error", err)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %v with a timeout of 200 ms", took)
			}
		})
	}
}

func TestMailTakenIsNeverSentAgain(t *testing.T) {
	// The relay takes the mail and hangs up before RSET and QUIT.
	sender := speak(t, false, append(untilData, "250 taken")...)
	if err := sender.Send(t.Context(), compose(t, samples()[0])); err != nil {
		t.Errorf("got %v for a mail the relay has taken", err)
	}
}

func TestSendingEndsWithItsContext(t *testing.T) {
	sender := speak(t, true, "220 relay")
	sender.Config.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err := sender.Send(ctx, compose(t, samples()[0]))
	if !errors.Is(err, context.DeadlineExceeded) || Permanent(err) {
		t.Errorf("got %v, want the context's end", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v after the context had ended", took)
	}
}
