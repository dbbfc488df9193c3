package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// AuditEvent is one line of the journal: who did what, when, to whom. It never
// holds a secret or an identifier typed in vain.
type AuditEvent struct {
	Seq     int64
	At      Time
	Actor   string            // user id, "agent:NAME" or "system"
	Action  string            // "signin.succeeded", "account.imported" …
	Subject string            // id of what it was done to
	Details map[string]string // small, for people
	Hash    []byte            // chains this event to the one before
}

// Audit writes an event in the transaction of the act. It holds the head of
// the chain until the commit, so call it last.
func (q *Queries) Audit(ctx context.Context, e AuditEvent) error {
	details, err := json.Marshal(e.Details)
	if err != nil {
		return fmt.Errorf("encode audit details: %w", err)
	}
	if q.postgres {
		err = q.auditAtOnce(ctx, &e, details)
	} else {
		err = q.auditStepwise(ctx, &e, details)
	}
	if err != nil {
		return err
	}
	q.audited = append(q.audited, e)
	return nil
}

// auditAtOnce has PostgreSQL compute the hash: one statement, one round trip. It
// is the hash of [AuditEvent.chain]. In [DB.Apply] Seq and Hash remain unknown.
func (q *Queries) auditAtOnce(ctx context.Context, e *AuditEvent, details []byte) error {
	const query = `WITH head AS (UPDATE audit_head SET seq = seq + 1,
			hash = sha256(convert_to(encode(hash, 'hex') || chr(10) || (seq + 1) || chr(10) || CAST($6 AS TEXT), 'UTF8'))
			WHERE id = 1 RETURNING seq, hash)
		INSERT INTO audit (seq, at, actor, action, subject, details, hash) SELECT seq, $1, $2, $3, $4, $5, hash FROM head RETURNING seq, hash`
	args := []any{e.At, e.Actor, e.Action, e.Subject, string(details), e.content(details)}
	if _, ok := q.conn.(*batch); ok {
		return q.exec(ctx, query, args...)
	}
	head, err := one(ctx, q, scanHead, query, args...)
	if err != nil {
		return fmt.Errorf("write audit event: %w", err)
	}
	e.Seq, e.Hash = head.Seq, head.Hash
	return nil
}

// auditStepwise is for SQLite, which has no SHA-256. The writer alone moves the
// head: once for all the transactions of a group.
func (q *Queries) auditStepwise(ctx context.Context, e *AuditEvent, details []byte) error {
	w := q.conn.(*writer)
	if w.head == nil {
		stored, err := one(ctx, q, scanHead, `SELECT seq, hash FROM audit_head WHERE id = 1`)
		if err != nil {
			return fmt.Errorf("read audit head: %w", err)
		}
		w.head = &stored
	}
	e.Seq = w.head.Seq + 1
	e.Hash = e.chain(w.head.Hash, details)
	if err := q.exec(ctx, `INSERT INTO audit (seq, at, actor, action, subject, details, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.Seq, e.At, e.Actor, e.Action, e.Subject, string(details), e.Hash); err != nil {
		return fmt.Errorf("write audit event: %w", err)
	}
	w.head = &AuditEvent{Seq: e.Seq, Hash: e.Hash}
	return nil
}

func scanHead(s scanner) (head AuditEvent, err error) {
	err = s.Scan(&head.Seq, &head.Hash)
	return head, err
}

// chain hashes the event together with its predecessor's hash.
func (e AuditEvent) chain(previous, details []byte) []byte {
	text := hex.AppendEncode(nil, previous)
	text = strconv.AppendInt(append(text, '\n'), e.Seq, 10)
	text = append(append(text, '\n'), e.content(details)...)
	sum := sha256.Sum256(text)
	return sum[:]
}

// content is the event as it is hashed, without its place in the chain.
func (e AuditEvent) content(details []byte) string {
	text := append(strconv.AppendInt(nil, int64(e.At), 10), '\n')
	for _, part := range []string{e.Actor, e.Action, e.Subject, string(details)} {
		text = append(strconv.AppendQuote(text, part), '\n')
	}
	return string(text)
}

func scanAudit(s scanner) (e AuditEvent, err error) {
	var details string
	if err := s.Scan(&e.Seq, &e.At, &e.Actor, &e.Action, &e.Subject, &details, &e.Hash); err != nil {
		return e, err
	}
	return e, json.Unmarshal([]byte(details), &e.Details)
}

// AuditEvents returns up to limit events after seq, oldest first.
func (q *Queries) AuditEvents(ctx context.Context, after int64, limit int) ([]AuditEvent, error) {
	return all(ctx, q, scanAudit, `SELECT seq, at, actor, action, subject, details, hash
		FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

// AuditOf returns the latest events about one subject, newest first.
func (q *Queries) AuditOf(ctx context.Context, subject string, limit int) ([]AuditEvent, error) {
	return all(ctx, q, scanAudit, `SELECT seq, at, actor, action, subject, details, hash
		FROM audit WHERE subject = $1 ORDER BY seq DESC LIMIT $2`, subject, limit)
}

// ErrAuditBroken says that an event was changed, removed or added from outside.
var ErrAuditBroken = errors.New("audit chain is broken")

// VerifyAudit walks the chain and returns how many events it holds. A purge
// leaves the oldest event kept as the anchor of those after it.
func (q *Queries) VerifyAudit(ctx context.Context) (int64, error) {
	var count int64
	var last AuditEvent
	for {
		events, err := q.AuditEvents(ctx, last.Seq, 1000)
		if err != nil {
			return count, fmt.Errorf("read audit events: %w", err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if err := e.follows(last); err != nil {
				return count, err
			}
			last = e
			count++
		}
	}
	head, err := one(ctx, q, scanHead, `SELECT seq, hash FROM audit_head WHERE id = 1`)
	if err != nil {
		return count, fmt.Errorf("read audit head: %w", err)
	}
	if head.Seq != last.Seq || !bytes.Equal(head.Hash, last.Hash) {
		return count, fmt.Errorf("%w: it ends at event %d, the head says %d", ErrAuditBroken, last.Seq, head.Seq)
	}
	return count, nil
}

// follows checks the event against the one before it; the first event kept
// after a purge has none to be checked against.
func (e AuditEvent) follows(previous AuditEvent) error {
	if previous.Seq == 0 && e.Seq > 1 {
		return nil
	}
	details, err := json.Marshal(e.Details)
	if err != nil {
		return fmt.Errorf("encode audit details: %w", err)
	}
	if e.Seq != previous.Seq+1 || !bytes.Equal(e.Hash, e.chain(previous.Hash, details)) {
		return fmt.Errorf("%w at event %d", ErrAuditBroken, e.Seq)
	}
	return nil
}
