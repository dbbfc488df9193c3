package delivery

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/mail"
	"loge/storage"
)

// about is a failure report of the mail that the relay took.
func about(m received) mail.Report {
	return mail.Report{MessageID: strings.Trim(m.id, "<>"), To: m.to, Failed: true, Reason: "5.1.1: User unknown"}
}

func TestIdentifierThatCameBackHoldsThePasswordBack(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u, other := o.landlord(t, 1, storage.ByEmail), o.landlord(t, 2, storage.ByEmail)
		o.run(t, 2)
		var first received
		for _, m := range o.smtp.taken() {
			if m.to == u.Email {
				first = m
			}
		}
		delay := about(first)
		delay.Failed, delay.Reason = false, "4.4.1: Connection timed out"
		if m, err := o.Bounced(t.Context(), delay); err != nil || m.State != storage.MessageSent || m.LastError != "delayed: 4.4.1: Connection timed out" {
			t.Fatalf("delay: %+v, %v", m, err)
		}
		if bad, err := o.DB.UndeliverableOf(t.Context(), u.AccountID); err != nil || len(bad) != 0 {
			t.Fatalf("a delay marks the address: %v, %v", bad, err)
		}
		if m, err := o.Bounced(t.Context(), about(first)); err != nil || m.State != storage.MessageBounced || m.LastError != "5.1.1: User unknown" || m.UserID != u.ID {
			t.Fatalf("failure: %+v, %v", m, err)
		}
		for _, again := range []mail.Report{about(first), delay} {
			if _, err := o.Bounced(t.Context(), again); !errors.Is(err, ErrNotOurs) {
				t.Errorf("told twice: %v", err)
			}
		}
		bad, err := o.DB.UndeliverableOf(t.Context(), u.AccountID)
		if err != nil || len(bad) != 1 || bad[0].Channel != storage.ByEmail || bad[0].Reason != "5.1.1: User unknown" || bad[0].Since != storage.At(o.clock()) {
			t.Errorf("address = %+v, %v", bad, err)
		}
		o.wait(24 * time.Hour)
		o.run(t, 1) // the other one's password
		if o.smtp.last(t).to != other.Email {
			t.Error("a password follows an identifier that came back")
		}
		if m := o.message(t, u, storage.MessageProvisional); m.State != storage.MessageFailed || m.LastError == "" {
			t.Errorf("follower = %+v", m)
		}
		events, err := o.DB.AuditOf(t.Context(), u.ID, 10)
		if err != nil || len(events) != 2 || events[0].Action != "message.bounced" || events[0].Details["reason"] != "5.1.1: User unknown" {
			t.Errorf("journal = %v, %v", events, err)
		}
	})
}

func TestPasswordThatCameBackOpensNothing(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Separation = 0
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 2)
		second := o.smtp.last(t)
		plain := found(t, passwordShape, second.text)
		forged := about(second)
		for _, id := range []string{"", "x", u.ID, forged.MessageID + "x", strings.Replace(forged.MessageID, "connexion.", "", 1), "%@connexion.agence.example", storage.NewID() + "@connexion.agence.example", "@connexion.agence.example"} {
			forged.MessageID = id
			if _, err := o.Bounced(t.Context(), forged); !errors.Is(err, ErrNotOurs) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if o.opens(t, u, plain) != 1 {
			t.Fatal("a forged report stopped the password")
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		recorded := 0
		for range 50 {
			wg.Go(func() {
				_, err := o.Bounced(t.Context(), about(second))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					recorded++
				} else if !errors.Is(err, ErrNotOurs) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if recorded != 1 || o.opens(t, u, plain) != 0 {
			t.Errorf("recorded %d times, opens %d", recorded, o.opens(t, u, plain))
		}
		// The agency corrects the address and sends again.
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			if err := q.ConfirmEmail(ctx, u.ID, "odile@corrige.example", "odile@corrige.example", storage.At(o.clock())); err != nil {
				return err
			}
			a, err := q.Account(ctx, u.AccountID)
			if err != nil {
				return err
			}
			return q.EnqueueCredentials(ctx, a, u, storage.At(o.clock()))
		})
		if bad, err := o.DB.UndeliverableOf(t.Context(), u.AccountID); err != nil || len(bad) != 0 {
			t.Errorf("another address is still marked: %v, %v", bad, err)
		}
		o.run(t, 2)
		if last := o.smtp.last(t); last.to != "odile@corrige.example" || o.opens(t, u, found(t, passwordShape, last.text)) != 1 {
			t.Error("the new password opens nothing")
		}
		o.keepsSecret(t, plain)
	})
}

func TestMailToAFormerAddressMarksNothing(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 1)
		first := o.smtp.last(t)
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			return q.ConfirmEmail(ctx, u.ID, "odile@nouvelle.example", "odile@nouvelle.example", storage.At(o.clock()))
		})
		if m, err := o.Bounced(t.Context(), about(first)); err != nil || m.State != storage.MessageBounced {
			t.Fatalf("%+v, %v", m, err)
		}
		if bad, err := o.DB.UndeliverableOf(t.Context(), u.AccountID); err != nil || len(bad) != 0 {
			t.Errorf("the new address is marked: %v, %v", bad, err)
		}
	})
}

func TestReportThatOvertakesTheSendingIsHandedOverAgain(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.landlord(t, 1, storage.ByEmail)
		o.Separation = 0
		relay := o.Sender
		var early []error
		o.Sender = senderFunc(func(ctx context.Context, m *mail.Mail) error {
			_, err := o.Bounced(ctx, mail.Report{MessageID: m.ID, To: m.To, Failed: true, Reason: "5.1.1: no"})
			early = append(early, err)
			return relay.Send(ctx, m)
		})
		o.run(t, 2)
		for _, err := range early {
			if !errors.Is(err, ErrOnItsWay) {
				t.Errorf("before it was recorded as sent: %v", err)
			}
		}
		if m, err := o.Bounced(t.Context(), about(o.smtp.last(t))); len(early) != 2 || err != nil || m.Kind != storage.MessageProvisional {
			t.Errorf("later: %+v, %v", m, err)
		}
	})
}
