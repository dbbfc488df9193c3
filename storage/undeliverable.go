package storage

import (
	"context"
	"fmt"
)

// Undeliverable says that what went to an account's address came back.
type Undeliverable struct {
	AccountID string
	Channel   string // ByEmail or ByLetter
	Reason    string // as the relay or the agent gave it
	Since     Time
}

func scanUndeliverable(s scanner) (u Undeliverable, err error) {
	err = s.Scan(&u.AccountID, &u.Channel, &u.Reason, &u.Since)
	return u, err
}

// MarkUndeliverable records that an address does not work. The first reason
// stays.
func (q *Queries) MarkUndeliverable(ctx context.Context, u Undeliverable) error {
	return q.exec(ctx, `INSERT INTO undeliverable (account_id, channel, reason, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, channel) DO NOTHING`, u.AccountID, u.Channel, u.Reason, u.Since)
}

// UndeliverableOf returns which addresses of the account do not work.
func (q *Queries) UndeliverableOf(ctx context.Context, accountID string) ([]Undeliverable, error) {
	return all(ctx, q, scanUndeliverable, `SELECT account_id, channel, reason, since FROM undeliverable
		WHERE account_id = $1 ORDER BY channel`, accountID)
}

// ClearUndeliverable forgets that an address did not work: there is a new one.
func (q *Queries) ClearUndeliverable(ctx context.Context, accountID, channel string) error {
	return q.exec(ctx, `DELETE FROM undeliverable WHERE account_id = $1 AND channel = $2`, accountID, channel)
}

// NoteProvisional records which provisional password a message carries.
func (q *Queries) NoteProvisional(ctx context.Context, messageID, provisionalID string) error {
	return q.exec(ctx, `UPDATE messages SET provisional_id = $2 WHERE id = $1`, messageID, provisionalID)
}

// NumberLetter records the number on a sheet, and the provisional password that
// it carries, if any.
func (q *Queries) NumberLetter(ctx context.Context, messageID, letter, provisionalID string) error {
	return q.exec(ctx, `UPDATE messages SET letter = $2, provisional_id = $3 WHERE id = $1`, messageID, letter, provisionalID)
}

// BounceMessage marks a sent e-mail as come back and ends the provisional
// password it carried. reference is the message's id, or that of the provisional
// password, as they stand in Message-ID. ErrNotFound when no such e-mail is out.
func (q *Queries) BounceMessage(ctx context.Context, reference, reason string, now Time) (Message, error) {
	id, err := one(ctx, q, scanOne[string], `UPDATE messages SET state = 'bounced', last_error = $2
		WHERE id = (SELECT id FROM messages WHERE channel = 'email' AND state = 'sent' AND `+byReference+` LIMIT 1)
		AND state = 'sent' RETURNING id`, reference, reason)
	if err != nil {
		return Message{}, err
	}
	if err := q.endCarried(ctx, id, now); err != nil {
		return Message{}, err
	}
	return q.Message(ctx, id)
}

// byReference finds the e-mail that a Message-ID names: by the message's id, or
// by that of the provisional password it carries.
const byReference = `(id = $1 OR (provisional_id = $1 AND provisional_id <> ''))`

// DelayMessage notes on a sent e-mail that a server on its way still tries;
// ErrNotFound when no such e-mail is out.
func (q *Queries) DelayMessage(ctx context.Context, reference, reason string) (Message, error) {
	return one(ctx, q, scanMessage, `UPDATE messages SET last_error = $2 WHERE channel = 'email' AND state = 'sent' AND `+byReference+`
		RETURNING `+messageColumns, reference, reason)
}

// QueuedMessage returns an e-mail that is still in the queue, perhaps being sent;
// ErrNotFound when there is none of that reference.
func (q *Queries) QueuedMessage(ctx context.Context, reference string) (Message, error) {
	return one(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE channel = 'email' AND state = 'queued' AND `+byReference+`
		LIMIT 1`, reference)
}

// endCarried ends the provisional password that the message carried.
func (q *Queries) endCarried(ctx context.Context, messageID string, now Time) error {
	err := q.exec(ctx, `UPDATE provisionals SET superseded_at = $2, hash = '' WHERE used_at = 0 AND superseded_at = 0
		AND id = (SELECT provisional_id FROM messages WHERE id = $1)`, messageID, now)
	if err != nil {
		return fmt.Errorf("end the password it carried: %w", err)
	}
	return nil
}

// GiveUpFollowers gives up what waits behind a message that came back; nobody is
// sending it.
func (q *Queries) GiveUpFollowers(ctx context.Context, messageID, reason string, now Time) error {
	return q.exec(ctx, `UPDATE messages SET state = 'failed', left_at = $3, last_error = $2
		WHERE follows = $1 AND state IN ('held', 'queued') AND leased_until <= $3`, messageID, reason, now)
}

// ReplaceLetter takes a printed letter out of use and queues another of its
// kind, to be printed with a new secret; the password that the first one carries
// stays valid until then. What waits behind the first waits behind the second.
// ErrNotFound when the letter is not printed, or was replaced already.
func (q *Queries) ReplaceLetter(ctx context.Context, messageID string, now Time) (Message, error) {
	if _, err := one(ctx, q, scanOne[string], `UPDATE messages SET state = 'replaced', last_error = 'printed again'
		WHERE id = $1 AND channel = 'letter' AND state = 'printed' RETURNING id`, messageID); err != nil {
		return Message{}, err
	}
	m, err := q.Message(ctx, messageID)
	if err != nil {
		return m, err
	}
	next := Message{ID: NewID(), Kind: m.Kind, Channel: ByLetter, AccountID: m.AccountID, UserID: m.UserID, Data: m.Data, NotBefore: now, CreatedAt: now}
	if err := q.Enqueue(ctx, next); err != nil {
		return m, fmt.Errorf("queue the letter again: %w", err)
	}
	return m, q.exec(ctx, `UPDATE messages SET follows = $2, state = 'held' WHERE follows = $1 AND state IN ('held', 'queued') AND run = 0`, messageID, next.ID)
}

// ReturnedLetters marks the printed letters of a user as come back; ends the
// provisional passwords he was sent by letter, and gives up what waits to be
// printed for him. It tells how many passwords ended.
func (q *Queries) ReturnedLetters(ctx context.Context, userID, reason string, now Time) (stopped int64, err error) {
	err = q.exec(ctx, `UPDATE messages SET state = 'returned', last_error = $2
		WHERE user_id = $1 AND channel = 'letter' AND state = 'printed' AND kind IN ('identifier', 'provisional')`, userID, reason)
	if err != nil {
		return 0, fmt.Errorf("mark letters returned: %w", err)
	}
	err = q.exec(ctx, `UPDATE messages SET state = 'failed', left_at = $3, last_error = $2
		WHERE user_id = $1 AND channel = 'letter' AND state IN ('held', 'queued') AND run = 0 AND kind IN ('identifier', 'provisional')`, userID, reason, now)
	if err != nil {
		return 0, fmt.Errorf("give up letters: %w", err)
	}
	return q.execCount(ctx, `UPDATE provisionals SET superseded_at = $2, hash = ''
		WHERE user_id = $1 AND channel = 'letter' AND used_at = 0 AND superseded_at = 0 AND expires_at > $2`, userID, now)
}

// LetterOf returns the message whose sheet bears the number.
func (q *Queries) LetterOf(ctx context.Context, letter string) (Message, error) {
	return one(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE letter = $1 AND letter <> '' ORDER BY id LIMIT 1`, letter)
}

// LettersOfRun returns the letters of a run that count as printed.
func (q *Queries) LettersOfRun(ctx context.Context, run int) ([]Message, error) {
	return all(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE run = $1 AND run > 0 AND state = 'printed' ORDER BY id`, run)
}

// ConfirmPrintRun records that a run has gone through the printer and queues
// what follows its letters, not before the given moment. ErrNotFound when there
// is no such printed run, or it was confirmed before.
func (q *Queries) ConfirmPrintRun(ctx context.Context, number int, by string, on, followers Time) (PrintRun, error) {
	run, err := one(ctx, q, scanPrintRun, `UPDATE print_runs SET confirmed_at = $2, confirmed_by = $3
		WHERE number = $1 AND state = 'printed' AND confirmed_at = 0 RETURNING `+printRunColumns, number, on, by)
	if err != nil {
		return run, err
	}
	return run, q.exec(ctx, `UPDATE messages SET state = 'queued', not_before = $2
		WHERE state = 'held' AND follows IN (SELECT id FROM messages WHERE run = $1 AND state = 'printed')`, number, followers)
}
