package delivery

import (
	"context"
	"errors"
	"fmt"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/storage"
)

// ErrNotOurs says that a report is about no e-mail that is out: forged, told
// twice, about a message that was cleared away, or about a code, whose address
// nobody has confirmed.
var ErrNotOurs = errors.New("it is about no e-mail that is out")

// ErrOnItsWay says that a report has overtaken the sending that it is about:
// hand it over again in a minute.
var ErrOnItsWay = errors.New("the e-mail is being sent at this moment")

// Bounced records what a mail server reports about an e-mail, and returns the
// message. A delay is noted on the message. A failure marks it as come back,
// ends the provisional password it carried, gives up what waited behind it, and
// marks the account's address when the mail went to the one of today.
func (d *Delivery) Bounced(ctx context.Context, r mail.Report) (m storage.Message, err error) {
	reference, ours := d.Composer.Reference(r.MessageID)
	if !ours {
		return m, ErrNotOurs
	}
	now := storage.At(d.Now())
	err = d.DB.InTx(ctx, func(q *storage.Queries) error {
		if !r.Failed {
			m, err = q.DelayMessage(ctx, reference, storable("delayed: "+r.Reason))
			return err
		}
		if m, err = q.BounceMessage(ctx, reference, storable(r.Reason), now); err != nil {
			return err
		}
		if err := q.GiveUpFollowers(ctx, m.ID, "the e-mail before it came back", now); err != nil {
			return fmt.Errorf("give up what follows: %w", err)
		}
		current, err := currentAddress(ctx, q, m, r.To)
		if err != nil {
			return err
		}
		if current {
			if err := q.MarkUndeliverable(ctx, storage.Undeliverable{AccountID: m.AccountID, Channel: storage.ByEmail, Reason: storable(r.Reason), Since: now}); err != nil {
				return fmt.Errorf("mark address: %w", err)
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "message.bounced", Subject: m.UserID,
			Details: map[string]string{"message": m.ID, "kind": m.Kind, "reason": storable(r.Reason)}})
	})
	if errors.Is(err, storage.ErrNotFound) {
		if _, err := d.DB.QueuedMessage(ctx, reference); err == nil {
			return m, ErrOnItsWay
		} else if !errors.Is(err, storage.ErrNotFound) {
			return m, fmt.Errorf("load message: %w", err)
		}
		return m, ErrNotOurs
	}
	if err != nil {
		return m, fmt.Errorf("record what came back: %w", err)
	}
	return m, nil
}

// currentAddress tells whether a mail to that address went where mails to the
// person go today. A report that does not name it is believed.
func currentAddress(ctx context.Context, q *storage.Queries, m storage.Message, to string) (bool, error) {
	if to == "" {
		return true, nil
	}
	_, key, err := account.EmailKey(to)
	if err != nil {
		return false, nil // we write to no such address
	}
	u, err := q.User(ctx, m.UserID)
	if err != nil {
		return false, fmt.Errorf("load user: %w", err)
	}
	a, err := q.Account(ctx, m.AccountID)
	if err != nil {
		return false, fmt.Errorf("load account: %w", err)
	}
	_, contact, _ := account.EmailKey(a.ContactEmail) // empty when there is none
	return key == u.EmailKey || key == contact, nil
}
