package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"loge/storage"
)

// replayed revokes everything a code gave, because it is shown again after it
// was redeemed: one of the two is not the application (RFC 6749 §10.5). It has
// its own commit; the request that brings it fails. Only the first replay
// leaves an event.
func (s *store) replayed(ctx context.Context, code storage.Code) error {
	now := s.now()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		grant, err := q.RevokeGrant(ctx, code.GrantID, now)
		if err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "code.replayed", Subject: grant.UserID,
			Details: map[string]string{"client": code.ClientID, "grant": grant.ID}})
	})
	return s.noted(ctx, err, "code replayed", slog.String("client", code.ClientID))
}

// burn makes a code useless that a client shows to whom it was not issued: it
// has leaked. Tokens it gave before live on; their client did nothing wrong.
func (s *store) burn(ctx context.Context, code storage.Code, by *client) error {
	now := s.now()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		burnt, err := q.BurnCode(ctx, code.Signature, now)
		if err != nil {
			return err
		}
		grant, err := q.Grant(ctx, burnt.GrantID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("load grant of burnt code: %w", err)
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "code.replayed", Subject: grant.UserID,
			Details: map[string]string{"client": code.ClientID, "shown_by": by.ID, "grant": burnt.GrantID}})
	})
	return s.noted(ctx, err, "code shown by another client", slog.String("client", code.ClientID), slog.String("shown_by", by.ID))
}

// noted logs an attack once it is stored; a second time there is nothing new.
func (s *store) noted(ctx context.Context, err error, what string, attrs ...slog.Attr) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, what, attrs...)
	return nil
}
