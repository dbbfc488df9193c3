package delivery

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"loge/provider/mail"
	"loge/storage"
)

func TestRefusedForGood(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		other := o.landlord(t, 2, storage.ByEmail)
		o.smtp.behave(func(to string) error {
			if to == u.Email {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
			}
			return nil
		}, nil)
		o.run(t, 1)
		if got := o.smtp.last(t); got.to != other.Email {
			t.Errorf("mail to %s", got.to)
		}
		m := o.message(t, u, storage.MessageIdentifier)
		if m.State != storage.MessageFailed || !strings.Contains(m.LastError, "550") {
			t.Errorf("refused message = %+v", m)
		}
		if strings.Contains(o.log.String(), u.Email) {
			t.Errorf("the address is in the log:\n%s", o.log)
		}
		o.smtp.behave(nil, nil)
		o.wait(24 * time.Hour)
		o.run(t, 1) // the other one's password
		if m := o.message(t, u, storage.MessageProvisional); m.State != storage.MessageHeld {
			t.Errorf("password without identifier = %+v; want it held", m)
		}
	})
}

func TestTemporaryRefusalIsTriedAgainLaterAndLater(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		o.smtp.behave(func(string) error { return &smtp.SMTPError{Code: 451, Message: "try again later"} }, nil)
		for i, minutes := range []time.Duration{0, 1, 5, 30, 120, 360, 360} {
			if i > 0 {
				o.wait(minutes*time.Minute - time.Second)
				o.run(t, 0)
				if m := o.message(t, u, storage.MessageIdentifier); m.Attempts != i {
					t.Fatalf("attempt %d came early", m.Attempts)
				}
				o.wait(time.Second)
			}
			o.run(t, 0)
			m := o.message(t, u, storage.MessageIdentifier)
			if m.Attempts != i+1 || m.State != storage.MessageQueued || !strings.Contains(m.LastError, "451") {
				t.Fatalf("after attempt %d: %+v", i+1, m)
			}
		}
		o.smtp.behave(nil, nil)
		o.wait(6 * time.Hour)
		o.run(t, 1)
	})
}

func TestMessageIsGivenUpAfterFiveDays(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		o.smtp.behave(func(string) error { return &smtp.SMTPError{Code: 451, Message: "no"} }, nil)
		start := o.clock()
		for range 100 {
			o.run(t, 0)
			if o.message(t, u, storage.MessageIdentifier).State == storage.MessageFailed {
				break
			}
			o.wait(time.Hour)
		}
		for o.message(t, u, storage.MessageIdentifier).State == storage.MessageQueued {
			o.wait(time.Hour)
			o.run(t, 0)
		}
		if took := o.clock().Sub(start); took < 4*24*time.Hour || took > 6*24*time.Hour {
			t.Errorf("given up after %s, want about five days", took)
		}
	})
}

func TestSilentRelayCostsNothing(t *testing.T) {
	for name, behaviour := range map[string]func(o *office, release chan struct{}) func(string) error{
		"stall": func(o *office, release chan struct{}) func(string) error {
			return func(string) error { <-release; return errors.New("too late") }
		},
		"drop": func(*office, chan struct{}) func(string) error {
			return func(string) error { panic("the relay dies here") } // go-smtp closes the connection
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, o *office) {
				u := o.landlord(t, 1, storage.ByEmail)
				o.landlord(t, 2, storage.ByEmail)
				smtpConfig := o.smtp.config()
				smtpConfig.Timeout = 200 * time.Millisecond
				o.Sender = &mail.SMTP{Config: smtpConfig}
				release := make(chan struct{})
				o.smtp.behave(nil, behaviour(o, release))
				n, err := o.Run(t.Context())
				close(release)
				if n != 0 {
					t.Errorf("%d mails left through a dead relay", n)
				}
				t.Logf("Run said: %v", err)
				if m := o.message(t, u, storage.MessageIdentifier); m.State != storage.MessageQueued || m.Attempts != 1 || m.LastError == "" {
					t.Errorf("message = %+v; want it queued again", m)
				}
				o.smtp.behave(nil, nil)
				o.wait(time.Minute)
				o.run(t, 2)
			})
		})
	}
}

func TestUnreachableRelayStopsTheRun(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u, other := o.landlord(t, 1, storage.ByEmail), o.landlord(t, 2, storage.ByEmail)
		smtpConfig := o.smtp.config()
		smtpConfig.Port = 1 // nobody listens
		o.Sender = &mail.SMTP{Config: smtpConfig}
		if n, err := o.Run(t.Context()); n != 0 || err == nil {
			t.Errorf("Run = %d, %v; want an error for the job to log", n, err)
		}
		if o.message(t, u, storage.MessageIdentifier).Attempts != 1 || o.message(t, other, storage.MessageIdentifier).Attempts != 0 {
			t.Error("a dead relay was tried for every message")
		}
	})
}

func TestRelayThatQuotesTheMailLearnsUsNothing(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Separation = 0
		o.landlord(t, 1, storage.ByEmail)
		var plain string
		o.smtp.behave(nil, func(raw string) error {
			if plain = passwordShape.FindString(raw); plain == "" {
				return nil
			}
			return &smtp.SMTPError{Code: 451, Message: "spam: contains " + plain + " alias " + strings.ReplaceAll(plain, "-", "")}
		})
		o.run(t, 1)
		if plain == "" {
			t.Fatal("the relay saw no password")
		}
		if !strings.Contains(dump(t, o.url), "[redacted]") {
			t.Error("the answer of the relay was not kept")
		}
		o.keepsSecret(t, plain)
	})
}
