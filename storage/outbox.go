package storage

import (
	"context"
	"encoding/json"
	"fmt"
)

// Kinds of message.
const (
	MessageIdentifier             = "identifier"
	MessageProvisional            = "provisional"
	MessageEmailCode              = "email_code"
	MessageContactCode            = "contact_code" // the same for the organisation's address
	MessagePasswordChanged        = "password_changed"
	MessageAdministratorAppointed = "administrator_appointed"
	MessagePasswordReset          = "password_reset" // « Mot de passe oublié »: a provisional password or a link
	MessageIdentifierFound        = "identifier_found"
)

// States of a message:
//
//	held → queued → sent (e-mail)    → bounced
//	              → printed (letter) → returned, replaced
//	              → failed
const (
	MessageHeld    = "held" // waits until the message it follows has left
	MessageQueued  = "queued"
	MessageSent    = "sent"
	MessagePrinted = "printed"
	MessageFailed  = "failed"

	MessageBounced  = "bounced"  // came back by e-mail
	MessageReturned = "returned" // came back by post
	MessageReplaced = "replaced" // by a letter with a new secret
)

// Message is one mail or letter in the outbox. It says what to send to whom;
// secrets are made when the message is produced and never stand here.
type Message struct {
	ID          string
	Kind        string
	Channel     string // ByEmail or ByLetter
	AccountID   string
	UserID      string
	Data        map[string]string // facts of the day it was written, such as a date; never a secret
	State       string
	Follows     string // id of the message that must leave first
	NotBefore   Time
	LeasedUntil Time // whoever sends it has it until then; also the token of that lease
	Attempts    int
	LastError   string
	Run         int // number of the print run that has taken it, 0 for none
	CreatedAt   Time
	LeftAt      Time // the queue: sent, printed or given up
}

const messageColumns = `id, kind, channel, account_id, user_id, data, state, follows, not_before, leased_until,
	attempts, last_error, run, created_at, left_at`

func scanMessage(s scanner) (m Message, err error) {
	var data string
	if err := s.Scan(&m.ID, &m.Kind, &m.Channel, &m.AccountID, &m.UserID, &data, &m.State, &m.Follows, &m.NotBefore, &m.LeasedUntil,
		&m.Attempts, &m.LastError, &m.Run, &m.CreatedAt, &m.LeftAt); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(data), &m.Data); err != nil {
		return m, fmt.Errorf("decode data of message %s: %w", m.ID, err)
	}
	return m, nil
}

// priority lets a person who waits for a code pass before an import's mails.
func priority(kind string) int {
	switch kind {
	case MessageEmailCode, MessageContactCode, MessagePasswordChanged, MessagePasswordReset, MessageIdentifierFound, MessageNewDevice, MessageTooManyAttempts,
		MessageClosingAsked, MessageClosingWithdrawn, MessageEmailChanging, MessageEmailChangedHere, MessageEmailRestored, MessageResetWait:
		return 0
	case MessageFactorAttempts:
		return 0
	}
	return 1
}

// Enqueue writes a message into the outbox, in the transaction of the act that
// causes it. An empty ID gets a new one; one that follows another is held.
func (q *Queries) Enqueue(ctx context.Context, m Message) error {
	if m.ID == "" {
		m.ID = NewID()
	}
	m.State = MessageQueued
	if m.Follows != "" {
		m.State = MessageHeld
	}
	data := []byte("{}")
	if len(m.Data) > 0 {
		var err error
		if data, err = json.Marshal(m.Data); err != nil {
			return fmt.Errorf("encode data of message: %w", err)
		}
	}
	return q.exec(ctx, `INSERT INTO messages (id, kind, channel, account_id, user_id, data, state, priority, follows, not_before,
		leased_until, attempts, last_error, run, created_at, left_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, '', 0, $11, 0)`,
		m.ID, m.Kind, m.Channel, m.AccountID, m.UserID, string(data), m.State, priority(m.Kind), m.Follows, m.NotBefore, m.CreatedAt)
}

// The two messages that open an account, in one row of values: message ids of
// both, channel, account id, user id, time.
const (
	credentialsHead = `INSERT INTO messages (id, kind, channel, account_id, user_id, data, state, priority, follows, not_before,
		leased_until, attempts, last_error, run, created_at, left_at) VALUES `
	credentialsRow = `($1, 'identifier',  $3, $4, $5, '{}', 'queued', 1, '', $6, 0, 0, '', 0, $6, 0),
		($2, 'provisional', $3, $4, $5, '{}', 'held',   1, $1, $6, 0, 0, '', 0, $6, 0)`
)

// EnqueueCredentials writes the two messages that open an account, by the
// account's channel: the identifier, and behind it the provisional password,
// held until the identifier has left. Imports do the same for many at once.
func (q *Queries) EnqueueCredentials(ctx context.Context, a Account, u User, now Time) error {
	return q.exec(ctx, credentialsHead+credentialsRow, NewID(), NewID(), a.Channel, a.ID, u.ID, now)
}

// EnqueueCredentialsAgain writes the same two messages for somebody who had them
// before; data stands behind both, see package delivery.
func (q *Queries) EnqueueCredentialsAgain(ctx context.Context, a Account, u User, data map[string]string, now Time) error {
	first := Message{ID: NewID(), Kind: MessageIdentifier, Channel: a.Channel, AccountID: a.ID, UserID: u.ID, Data: data, NotBefore: now, CreatedAt: now}
	second := first
	second.ID, second.Kind, second.Follows = NewID(), MessageProvisional, first.ID
	if err := q.Enqueue(ctx, first); err != nil {
		return err
	}
	return q.Enqueue(ctx, second)
}

// mayLeave keeps credentials back while access is suspended: they wait in the
// queue. Notices leave whatever became of the person they are about.
const mayLeave = `(kind NOT IN ('identifier', 'invitation', 'provisional', 'password_reset', 'identifier_found', 'reminder', 'dormancy_warning') OR (
	NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = messages.account_id AND suspended_at <> 0) AND
	NOT EXISTS (SELECT 1 FROM users WHERE users.id = messages.user_id AND state IN ('suspended', 'closed'))))`

// ClaimMessage takes the next e-mail that is due and leases it, so that no
// other replica sends it before until; ErrNotFound when none is due. The
// attempt is counted now, so that a crash counts too.
func (q *Queries) ClaimMessage(ctx context.Context, now, until Time) (Message, error) {
	return one(ctx, q, scanMessage, `UPDATE messages SET leased_until = $2, attempts = attempts + 1
		WHERE id = (SELECT id FROM messages WHERE state = 'queued' AND channel = 'email' AND not_before <= $1 AND leased_until <= $1 AND `+mayLeave+`
			ORDER BY priority, not_before, id LIMIT 1)
		AND state = 'queued' AND leased_until <= $1
		RETURNING `+messageColumns, now, until)
}

// MarkSent records that the claimed message has left; ErrNotFound when its
// lease has passed to somebody else.
func (q *Queries) MarkSent(ctx context.Context, m Message, now Time) error {
	return q.settle(ctx, m, `UPDATE messages SET state = 'sent', left_at = $3, leased_until = 0, last_error = ''
		WHERE id = $1 AND state = 'queued' AND leased_until = $2 RETURNING id`, now)
}

// MarkFailed gives the claimed message up for good.
func (q *Queries) MarkFailed(ctx context.Context, m Message, reason string, now Time) error {
	return q.settle(ctx, m, `UPDATE messages SET state = 'failed', left_at = $4, leased_until = 0, last_error = $3
		WHERE id = $1 AND state = 'queued' AND leased_until = $2 RETURNING id`, reason, now)
}

// Postpone gives the claimed message back to the queue until notBefore.
// Attempts is stored as m has it: the caller decides whether this one counted.
func (q *Queries) Postpone(ctx context.Context, m Message, notBefore Time, reason string) error {
	return q.settle(ctx, m, `UPDATE messages SET not_before = $3, attempts = $4, leased_until = 0, last_error = $5
		WHERE id = $1 AND state = 'queued' AND leased_until = $2 RETURNING id`, notBefore, m.Attempts, reason)
}

// settle ends the lease under which m was claimed.
func (q *Queries) settle(ctx context.Context, m Message, query string, args ...any) error {
	_, err := one(ctx, q, scanOne[string], query, append([]any{m.ID, m.LeasedUntil}, args...)...)
	return err
}

// ReleaseFollowers queues what was held behind a message that has left.
func (q *Queries) ReleaseFollowers(ctx context.Context, messageID string, notBefore Time) error {
	return q.exec(ctx, `UPDATE messages SET state = 'queued', not_before = $2 WHERE follows = $1 AND state = 'held'`, messageID, notBefore)
}

// Message returns the message with that id.
func (q *Queries) Message(ctx context.Context, id string) (Message, error) {
	return one(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE id = $1`, id)
}

// MessagesOf returns the user's latest messages, newest first.
func (q *Queries) MessagesOf(ctx context.Context, userID string, limit int) ([]Message, error) {
	return all(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE user_id = $1 ORDER BY id DESC LIMIT $2`, userID, limit)
}
