// Package emailcode proves that a person reads the mails of an address: a code of
// six digits is sent there, and typed on the page that waits for it. The first
// sign-in, « Mon compte » and « Mon organisme » ask for it.
//
//	Ask ─► the address waits, a code leaves ─► Try ─► the address is proven, once
//
// Five codes a day, five tries a code, thirty minutes (security.email_code): the
// statements of storage count. What becomes of a proven address is the caller's.
package emailcode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loge/provider/password"
	"loge/provider/secret"
	"loge/storage"
)

// ErrTooMany says that the day's codes are used up; see [Wait].
var ErrTooMany = errors.New("too many codes were asked for")

// kinds gives each purpose its message.
var kinds = map[string]string{storage.OwnAddress: storage.MessageEmailCode, storage.OrganisationAddress: storage.MessageContactCode}

// Ask puts the address aside for the user and has a code sent to it. purpose is
// whose address it is to be: storage.OwnAddress or storage.OrganisationAddress.
func Ask(ctx context.Context, q *storage.Queries, u storage.User, purpose, email, emailKey string, now storage.Time) error {
	_, err := q.PutEmailChange(ctx, storage.EmailChange{UserID: u.ID, Purpose: purpose, Email: email, EmailKey: emailKey}, now)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrTooMany
	}
	if err != nil {
		return fmt.Errorf("put e-mail address aside: %w", err)
	}
	return q.Enqueue(ctx, storage.Message{Kind: kinds[purpose], Channel: storage.ByEmail,
		AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
}

// Try compares what was typed with the code that was sent to the waiting
// address. The attempt is counted before it is compared, and the transaction must
// commit also when it was wrong. Right: the code is used up.
func Try(ctx context.Context, q *storage.Queries, master secret.Master, waiting storage.EmailChange, typed string, now storage.Time) (proven storage.EmailChange, right bool, err error) {
	code, _ := password.NormalizeCode(typed) // what is no code fits none
	hash := password.HashCode(master.Derive("e-mail codes"), waiting.UserID, waiting.EmailKey, code)
	return q.TryEmailCode(ctx, waiting.UserID, waiting.Purpose, hash, now)
}

// Wait is how long until another code may be asked for, after ErrTooMany.
func Wait(ctx context.Context, db *storage.DB, userID, purpose string, now time.Time) (time.Duration, error) {
	until, err := db.EmailCodeWait(ctx, userID, purpose)
	if err != nil {
		return 0, fmt.Errorf("look when a code may be sent: %w", err)
	}
	return until.Time().Sub(now), nil
}
