package storage

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
)

// Limits of an e-mail code.
const (
	EmailCodeTries    = 5     // wrong codes before a code is dead
	EmailCodeSendings = 5     // codes asked for in EmailCodeWindow
	EmailCodeWindow   = 86400 // seconds
)

// Purposes of an address that waits for its code.
const (
	OwnAddress          = "own"          // of the person
	OrganisationAddress = "organisation" // of the organisation that the person administers
)

// EmailChange is an address that waits for its code. A user has one at most for
// each purpose.
type EmailChange struct {
	UserID    string
	Purpose   string // OwnAddress or OrganisationAddress
	Email     string // as typed
	EmailKey  string // case-folded
	CodeHash  []byte // keyed hash of the code that was sent; empty before
	Attempts  int64  // codes tried
	ExpiresAt Time   // end of the code; 0 before one was sent
	SentDay   Time   // start of the window in which sendings are counted
	SentCount int64  // codes asked for in that window
	CreatedAt Time
}

const emailChangeColumns = `user_id, purpose, email, email_key, code_hash, attempts, expires_at, sent_day, sent_count, created_at`

func scanEmailChange(s scanner) (c EmailChange, err error) {
	err = s.Scan(&c.UserID, &c.Purpose, &c.Email, &c.EmailKey, &c.CodeHash, &c.Attempts, &c.ExpiresAt, &c.SentDay, &c.SentCount, &c.CreatedAt)
	return c, err
}

// EmailChangeOf returns the address that waits; ErrNotFound when none does.
func (q *Queries) EmailChangeOf(ctx context.Context, userID, purpose string) (EmailChange, error) {
	return one(ctx, q, scanEmailChange, `SELECT `+emailChangeColumns+` FROM email_changes
		WHERE user_id = $1 AND purpose = $2 AND email_key <> ''`, userID, purpose)
}

// PutEmailChange asks for a code to UserID's Email and counts the sending;
// ErrNotFound when the day's sendings are used up. A code sent earlier to the
// same address stays good until [Queries.SetEmailCode] replaces it; another
// address kills it.
func (q *Queries) PutEmailChange(ctx context.Context, c EmailChange, now Time) (EmailChange, error) {
	return one(ctx, q, scanEmailChange, `INSERT INTO email_changes (`+emailChangeColumns+`)
		VALUES ($1, $8, $2, $3, $4, 0, 0, $5, 1, $5)
		ON CONFLICT (user_id, purpose) DO UPDATE SET
			email = excluded.email,
			email_key = excluded.email_key,
			expires_at = CASE WHEN email_changes.email_key = excluded.email_key THEN email_changes.expires_at ELSE 0 END,
			sent_day = CASE WHEN email_changes.sent_day > CAST($5 AS BIGINT) - $6 THEN email_changes.sent_day ELSE $5 END,
			sent_count = CASE WHEN email_changes.sent_day > CAST($5 AS BIGINT) - $6 THEN email_changes.sent_count + 1 ELSE 1 END,
			created_at = excluded.created_at
		WHERE email_changes.sent_day <= CAST($5 AS BIGINT) - $6 OR email_changes.sent_count < $7
		RETURNING `+emailChangeColumns,
		c.UserID, c.Email, c.EmailKey, []byte{}, now, EmailCodeWindow, EmailCodeSendings, c.Purpose)
}

// EmailCodeWait tells when the next code may be asked for, after
// [Queries.PutEmailChange] refused one.
func (q *Queries) EmailCodeWait(ctx context.Context, userID, purpose string) (Time, error) {
	start, err := one(ctx, q, scanOne[Time], `SELECT sent_day FROM email_changes WHERE user_id = $1 AND purpose = $2`, userID, purpose)
	return start + EmailCodeWindow, err
}

// SetEmailCode stores the hash of a code that is about to leave and starts its
// tries afresh; it returns the address to send to, ErrNotFound when none waits
// any more. A code is good while now is before expires.
func (q *Queries) SetEmailCode(ctx context.Context, userID, purpose string, hash []byte, expires, now Time) (EmailChange, error) {
	return one(ctx, q, scanEmailChange, `UPDATE email_changes SET code_hash = $2, expires_at = $3, attempts = 0, created_at = $4
		WHERE user_id = $1 AND purpose = $5 AND email_key <> '' RETURNING `+emailChangeColumns, userID, hash, expires, now, purpose)
}

// TryEmailCode counts the attempt, then compares. False means wrong, used,
// expired or too many tries, and the transaction must commit so that the
// attempt stays counted. True consumes the code and returns the address.
func (q *Queries) TryEmailCode(ctx context.Context, userID, purpose string, hash []byte, now Time) (EmailChange, bool, error) {
	change, err := one(ctx, q, scanEmailChange, `UPDATE email_changes SET attempts = attempts + 1
		WHERE user_id = $1 AND purpose = $4 AND email_key <> '' AND attempts < $2 AND expires_at > $3 RETURNING `+emailChangeColumns,
		userID, EmailCodeTries, now, purpose)
	if errors.Is(err, ErrNotFound) {
		return EmailChange{}, false, nil
	}
	if err != nil {
		return EmailChange{}, false, fmt.Errorf("count e-mail code: %w", err)
	}
	if subtle.ConstantTimeCompare(change.CodeHash, hash) != 1 {
		return EmailChange{}, false, nil
	}
	return change, true, q.DropEmailChange(ctx, userID, purpose)
}

// DropEmailChange forgets the address that waits, but not how many codes were
// asked for.
func (q *Queries) DropEmailChange(ctx context.Context, userID, purpose string) error {
	return q.exec(ctx, `UPDATE email_changes SET email = '', email_key = '', expires_at = 0 WHERE user_id = $1 AND purpose = $2`, userID, purpose)
}
