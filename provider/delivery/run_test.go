package delivery

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"loge/provider/account"
	"loge/provider/password"
	"loge/storage"
)

func TestTwoMailsInOrderAndApart(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail)
		o.wait(300 * time.Millisecond) // separations are kept to the second and never cut short
		o.run(t, 1)
		first := o.smtp.last(t)
		if got := found(t, identifierShape, first.text); got != account.FormatIdentifier(u.Identifier) || first.to != u.Email {
			t.Errorf("the first mail brings %s to %s", got, first.to)
		}
		if passwordShape.MatchString(first.text + first.html) {
			t.Error("the first mail holds a password")
		}
		o.wait(2*time.Minute - time.Millisecond)
		o.run(t, 0)
		o.wait(time.Second)
		o.run(t, 1)
		second := o.smtp.last(t)
		plain := found(t, passwordShape, second.text)
		if identifierShape.MatchString(second.text+second.html) || strings.Contains(second.text+second.html, u.Identifier) {
			t.Error("the second mail holds the identifier")
		}
		for _, m := range []received{first, second} {
			if !strings.Contains(m.text, "45675320380001") {
				t.Errorf("%q lacks the numéro utilisateur:\n%s", m.subject, m.text)
			}
		}
		if !strings.Contains(strings.ReplaceAll(second.text, "\u00a0", " "), "jusqu’au 30 novembre 2026") {
			t.Errorf("the second mail does not name the last day:\n%s", second.text)
		}
		if o.opens(t, u, plain) != 1 {
			t.Error("the password in the mail opens nothing")
		}
		if m := o.message(t, u, storage.MessageProvisional); m.State != storage.MessageSent || m.LeftAt != storage.At(o.clock()) {
			t.Errorf("second message = %+v", m)
		}
		events, err := o.DB.AuditOf(t.Context(), u.ID, 10)
		if err != nil || len(events) != 2 || events[0].Action != "message.sent" || events[0].Details["kind"] != storage.MessageProvisional {
			t.Errorf("journal = %v, %v", events, err)
		}
		o.run(t, 0)
		o.keepsSecret(t, plain)
	})
}

func TestMailedPasswordEndsWithItsLastDay(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Separation = 0
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 2)
		plain := found(t, passwordShape, o.smtp.last(t).text)
		midnight := time.Date(2026, time.November, 30, 23, 0, 0, 0, time.UTC) // in Paris
		for _, c := range []struct {
			after time.Duration
			opens int
		}{{-time.Second, 1}, {0, 0}, {time.Second, 0}} {
			o.wait(midnight.Add(c.after).Sub(o.clock()))
			if got := o.opens(t, u, plain); got != c.opens {
				t.Errorf("%s after midnight the password opens %d times, want %d", c.after, got, c.opens)
			}
		}
	})
}

func TestOlderPasswordWorksUntilTheNewerOneHasLeft(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Separation = 0
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 2)
		older := found(t, passwordShape, o.smtp.last(t).text)
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			now := storage.At(o.clock())
			return q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: storage.ByEmail, AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
		})
		o.smtp.behave(func(string) error { return &smtp.SMTPError{Code: 451, Message: "later"} }, nil)
		o.run(t, 0)
		if o.opens(t, u, older) != 1 {
			t.Error("the older password died although the newer one has not left")
		}
		o.smtp.behave(nil, nil)
		o.wait(time.Minute)
		o.run(t, 1)
		newer := found(t, passwordShape, o.smtp.last(t).text)
		if o.opens(t, u, older) != 0 || o.opens(t, u, newer) != 1 {
			t.Errorf("older opens %d, newer %d; want 0 and 1", o.opens(t, u, older), o.opens(t, u, newer))
		}
		o.keepsSecret(t, older, newer)
	})
}

func TestReplicasSendEachMessageOnce(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Separation = 0
		const landlords = 15
		var users []storage.User
		for n := range landlords {
			users = append(users, o.landlord(t, n, storage.ByEmail))
		}
		replicas := []*Delivery{o.Delivery, o.replica(t)}
		replicas[1].Separation = 0
		for range 3 { // what a replica has not seen in one round is left for the next
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					if _, err := replicas[i%2].Run(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		seen := map[string]int{}
		for _, m := range o.smtp.taken() {
			seen[m.to+" "+m.subject]++
			if plain := passwordShape.FindString(m.text); plain != "" {
				for _, u := range users {
					if u.Email == m.to && o.opens(t, u, plain) != 1 {
						t.Errorf("the password of %s opens nothing", m.to)
					}
				}
			}
		}
		for mail, times := range seen {
			if times != 1 {
				t.Errorf("%s was sent %d times", mail, times)
			}
		}
		if len(seen) != 2*landlords {
			t.Errorf("%d mails, want %d", len(seen), 2*landlords)
		}
	})
}

func TestCodeGoesToTheAddressThatWaits(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByLetter)
		ask := func(email string) {
			o.write(t, func(ctx context.Context, q *storage.Queries) error {
				now := storage.At(o.clock())
				if _, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: u.ID, Purpose: storage.OwnAddress, Email: email, EmailKey: email}, now); err != nil {
					return err
				}
				return q.Enqueue(ctx, storage.Message{Kind: storage.MessageEmailCode, Channel: storage.ByEmail, AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
			})
		}
		try := func(email, code string) (good bool) {
			hash := password.HashCode(o.Master.Derive("e-mail codes"), u.ID, email, code)
			o.write(t, func(ctx context.Context, q *storage.Queries) (err error) {
				_, good, err = q.TryEmailCode(ctx, u.ID, storage.OwnAddress, hash, storage.At(o.clock()))
				return err
			})
			return good
		}
		ask("faute@exemple.example")
		ask("odile@exemple.example") // corrected at once: one mail, to the second address
		o.run(t, 1)
		m := o.smtp.last(t)
		code := found(t, codeShape, m.text)
		if m.to != "odile@exemple.example" || strings.Contains(m.subject, code) {
			t.Errorf("code went to %s with subject %q", m.to, m.subject)
		}
		o.keepsSecret(t, code)
		o.wait(30*time.Minute - time.Second)
		if !try("odile@exemple.example", code) {
			t.Error("the code in the mail is not accepted")
		}
		ask("odile@exemple.example")
		o.run(t, 1)
		code = found(t, codeShape, o.smtp.last(t).text)
		o.wait(30 * time.Minute)
		if try("odile@exemple.example", code) {
			t.Error("a code was accepted at the second it ends")
		}
		ask("odile@exemple.example")
		o.wait(time.Hour + time.Second)
		o.run(t, 0) // nobody waits for it any more
	})
}

func TestNotices(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		u := o.landlord(t, 1, storage.ByEmail, func(a *storage.Account, u *storage.User) {
			a.Kind, a.CompanyName, a.ContactEmail = storage.Organisation, "SCI des Œillets", "contact@sci.example"
			u.Role, u.Email, u.EmailKey = storage.RoleAdministrator, "", ""
		})
		o.run(t, 1) // the identifier goes to the organisation
		if m := o.smtp.last(t); m.to != "contact@sci.example" {
			t.Errorf("identifier went to %s", m.to)
		}
		notice := func(kind string) {
			o.write(t, func(ctx context.Context, q *storage.Queries) error {
				now := storage.At(o.clock())
				return q.Enqueue(ctx, storage.Message{Kind: kind, Channel: storage.ByEmail, AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
			})
		}
		notice(storage.MessageAdministratorAppointed)
		o.run(t, 1)
		if m := o.smtp.last(t); m.to != "contact@sci.example" || !strings.Contains(m.text, "Odile Tessier") {
			t.Errorf("notice to %s:\n%s", m.to, m.text)
		}
		notice(storage.MessagePasswordChanged) // the user has no address
		o.run(t, 0)
		if m := o.message(t, u, storage.MessagePasswordChanged); m.State != storage.MessageFailed || m.LastError == "" {
			t.Errorf("notice without an address = %+v", m)
		}
	})
}
