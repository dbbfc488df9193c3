package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"loge/provider/mail"
	"loge/storage"
)

const (
	// leaseTime is how long a message belongs to whoever claimed it.
	leaseTime = 10 * time.Minute
	// sendTime bounds one sending well below the lease: a mail that leaves after
	// its lease might bring an older password than the one that works.
	sendTime = leaseTime / 2
	// giveUp is the number of attempts after which a message fails: with the
	// waits below, five days, as long as mail servers try.
	giveUp = 24
	// codeLife is how long after it was asked for a code is still worth sending.
	codeLife = time.Hour
)

// waits are the pauses after each failed attempt; the last one repeats.
var waits = [...]time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// Run sends the e-mails that are due, one after another, and returns how many
// left. Several Runs at once share the work. It stops early with an error when
// the database or the relay does not answer: both concern every message, and
// the next Run finds them all again.
func (d *Delivery) Run(ctx context.Context) (sent int, err error) {
	for {
		m, err := d.claim(ctx)
		if errors.Is(err, storage.ErrNotFound) || errors.Is(err, errPace) {
			return sent, nil
		}
		if err != nil {
			return sent, fmt.Errorf("claim message: %w", err)
		}
		left, err := d.deliver(ctx, m)
		if left {
			sent++
		}
		if err != nil {
			return sent, fmt.Errorf("message %s: %w", m.ID, err)
		}
	}
}

func (d *Delivery) claim(ctx context.Context) (m storage.Message, err error) {
	now := d.Now()
	err = d.DB.InTx(ctx, func(q *storage.Queries) error {
		if m, err = q.ClaimMessage(ctx, storage.At(now), storage.At(now.Add(leaseTime))); err != nil {
			return err
		}
		return d.pace(ctx, q, now)
	})
	return m, err
}

// deliver takes one claimed message to its end or back to the queue.
func (d *Delivery) deliver(ctx context.Context, m storage.Message) (left bool, err error) {
	if m.Attempts > giveUp {
		return false, d.fail(ctx, m, m.LastError)
	}
	p, err := d.produce(ctx, m)
	if reason, ok := errors.AsType[obsolete](err); ok {
		return false, d.fail(ctx, m, string(reason))
	}
	if refused, ok := errors.AsType[refusedError](err); ok {
		return false, d.postpone(ctx, m, refused.Error())
	}
	if err != nil {
		return false, err
	}
	if p.store != nil {
		if err := d.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := p.store(ctx, q); err != nil || p.provisionalID == "" {
				return err
			}
			// Before it leaves: what comes back may come at once.
			return q.NoteProvisional(ctx, m.ID, p.provisionalID)
		}); errors.Is(err, storage.ErrNotFound) {
			return false, d.fail(ctx, m, "nobody waits for it any more")
		} else if err != nil {
			return false, fmt.Errorf("store secret: %w", err)
		}
	}
	sending, cancel := context.WithTimeout(ctx, sendTime)
	err = d.Sender.Send(sending, p.mail)
	cancel()
	if err != nil {
		return false, d.notSent(ctx, m, p, err)
	}
	return true, d.sent(ctx, m, p)
}

// sent records that the mail has left. It has: whatever happens now, nobody
// may stop this transaction.
func (d *Delivery) sent(ctx context.Context, m storage.Message, p parcel) error {
	ctx = context.WithoutCancel(ctx)
	now := d.Now()
	err := d.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.MarkSent(ctx, m, storage.At(now)); err != nil {
			return err
		}
		if p.provisionalID != "" {
			if err := q.SupersedeOtherProvisionals(ctx, m.UserID, p.provisionalID, storage.At(now)); err != nil {
				return fmt.Errorf("replace older passwords: %w", err)
			}
		}
		if err := q.ReleaseFollowers(ctx, m.ID, notBefore(now.Add(d.Separation))); err != nil {
			return fmt.Errorf("queue what follows: %w", err)
		}
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(now), Actor: "system", Action: "message.sent", Subject: m.UserID,
			Details: map[string]string{"message": m.ID, "kind": m.Kind}})
	})
	if errors.Is(err, storage.ErrNotFound) {
		d.Log.WarnContext(ctx, "message left after its lease and will leave again", "message", m.ID, "kind", m.Kind)
		return nil
	}
	if err != nil {
		return fmt.Errorf("record that it has left: %w", err)
	}
	return nil
}

// notSent decides what a refused or interrupted sending means.
func (d *Delivery) notSent(ctx context.Context, m storage.Message, p parcel, cause error) error {
	reason := p.redact(cause.Error())
	if mail.Permanent(cause) {
		return d.fail(ctx, m, reason)
	}
	if err := d.postpone(ctx, m, reason); err != nil {
		return err
	}
	if refused, ok := errors.AsType[*mail.Error](cause); ok && refused.Code != 0 {
		return nil // the relay answered: it may well take the next one
	}
	return errors.New(reason) // not wrapped: the cause may hold what redact took out
}

// postpone gives the message back to the queue until its next attempt.
func (d *Delivery) postpone(ctx context.Context, m storage.Message, reason string) error {
	if m.Attempts >= giveUp {
		return d.fail(ctx, m, reason)
	}
	d.Log.WarnContext(ctx, "message not sent", "message", m.ID, "kind", m.Kind, "attempt", m.Attempts, "reason", reason)
	next := d.Now().Add(waits[min(max(m.Attempts, 1), len(waits))-1])
	return d.settle(ctx, func(ctx context.Context, q *storage.Queries) error {
		return q.Postpone(ctx, m, storage.At(next), storable(reason))
	})
}

// fail gives the message up. What follows it stays held: a password without
// its identifier is of no use.
func (d *Delivery) fail(ctx context.Context, m storage.Message, reason string) error {
	d.Log.WarnContext(ctx, "message given up", "message", m.ID, "kind", m.Kind, "attempt", m.Attempts, "reason", reason)
	now := storage.At(d.Now())
	return d.settle(ctx, func(ctx context.Context, q *storage.Queries) error {
		if err := q.MarkFailed(ctx, m, storable(reason), now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "message.failed", Subject: m.UserID,
			Details: map[string]string{"message": m.ID, "kind": m.Kind}})
	})
}

// settle writes the outcome even when the server is stopping. A lease that has
// passed to somebody else is theirs to settle.
func (d *Delivery) settle(ctx context.Context, fn func(ctx context.Context, q *storage.Queries) error) error {
	ctx = context.WithoutCancel(ctx)
	err := d.DB.InTx(ctx, func(q *storage.Queries) error { return fn(ctx, q) })
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// storable shortens what a relay answered to what a database column takes.
func storable(reason string) string {
	reason = strings.ReplaceAll(strings.ToValidUTF8(reason, "?"), "\x00", "?")
	if len(reason) <= 300 {
		return reason
	}
	cut := 300
	for !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut] + "…"
}
