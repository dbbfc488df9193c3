package delivery

import (
	"context"
	"errors"
	"testing"
	"time"

	"loge/provider/mail"
	"loge/storage"
)

// senderFunc is a relay in front of which the process dies.
type senderFunc func(ctx context.Context, m *mail.Mail) error

func (f senderFunc) Send(ctx context.Context, m *mail.Mail) error { return f(ctx, m) }

// TestDeathAtAnyMomentLeavesAWorkingPassword kills the process while it sends
// the password: in front of the relay, behind it, and by a stop in both places.
func TestDeathAtAnyMomentLeavesAWorkingPassword(t *testing.T) {
	for name, kill := range map[string]struct {
		send func(real mail.Sender, stop func()) senderFunc
		sent int // passwords the person got from the killed process
	}{
		"panic before the relay": {func(mail.Sender, func()) senderFunc {
			return func(context.Context, *mail.Mail) error { panic("killed") }
		}, 0},
		"panic behind the relay": {func(real mail.Sender, _ func()) senderFunc {
			return func(ctx context.Context, m *mail.Mail) error { _ = real.Send(ctx, m); panic("killed") }
		}, 1},
		"stop before the relay": {func(real mail.Sender, stop func()) senderFunc {
			return func(ctx context.Context, m *mail.Mail) error { stop(); return real.Send(ctx, m) }
		}, 0},
		"stop behind the relay": {func(real mail.Sender, stop func()) senderFunc {
			return func(ctx context.Context, m *mail.Mail) error { defer stop(); return real.Send(ctx, m) }
		}, 1},
		"answer lost behind the relay": {func(real mail.Sender, _ func()) senderFunc {
			return func(ctx context.Context, m *mail.Mail) error {
				_ = real.Send(ctx, m)
				return &mail.Error{Err: errors.New("connection reset")}
			}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, o *office) {
				u := o.landlord(t, 1, storage.ByEmail)
				o.run(t, 1)
				o.wait(2 * time.Minute)
				ctx, stop := context.WithCancel(t.Context())
				relay := o.Sender
				o.Sender = kill.send(relay, stop)
				func() {
					defer func() { _ = recover() }() // the process is dead
					_, _ = o.Run(ctx)
				}()
				stop()
				o.Sender = relay

				var first string
				if got := len(o.smtp.taken()) - 1; got != kill.sent {
					t.Fatalf("%d passwords left, want %d", got, kill.sent)
				}
				if kill.sent == 1 {
					first = found(t, passwordShape, o.smtp.last(t).text)
					if o.opens(t, u, first) != 1 {
						t.Error("the password that arrived opens nothing")
					}
				}

				o.wait(leaseTime)
				if _, err := o.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				mails := o.smtp.taken()
				newest := found(t, passwordShape, mails[len(mails)-1].text)
				if o.opens(t, u, newest) != 1 {
					t.Error("the newest password opens nothing")
				}
				live, err := o.DB.LiveProvisionals(t.Context(), u.ID, storage.At(o.clock()))
				if err != nil || len(live) != 1 {
					t.Errorf("%d passwords are live, %v; want the newest only", len(live), err)
				}
				if len(mails) > 3 {
					t.Errorf("%d mails: more than one duplicate", len(mails)-2)
				}
				if len(mails) == 3 && mails[1].id == mails[2].id {
					t.Error("two passwords under one Message-ID: a mailbox may hide the newer one")
				}
				if m := o.message(t, u, storage.MessageProvisional); m.State != storage.MessageSent {
					t.Errorf("message = %+v", m)
				}
				o.wait(24 * time.Hour)
				o.run(t, 0)
			})
		})
	}
}

func TestUsedPasswordIsNotFollowedByADuplicate(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 1)
		o.wait(2 * time.Minute)
		relay := o.Sender
		o.Sender = senderFunc(func(ctx context.Context, m *mail.Mail) error { _ = relay.Send(ctx, m); panic("killed") })
		func() {
			defer func() { _ = recover() }() // the process is dead
			_, _ = o.Run(t.Context())
		}()
		o.Sender = relay
		live, err := o.DB.LiveProvisionals(t.Context(), u.ID, storage.At(o.clock()))
		if err != nil || len(live) != 1 {
			t.Fatalf("live = %v, %v", live, err)
		}
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			_, err := q.ConsumeProvisional(ctx, live[0].ID, storage.At(o.clock()))
			return err
		})
		o.wait(leaseTime)
		o.run(t, 0)
	})
}
