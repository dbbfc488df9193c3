package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"loge/storage"
)

// reused revokes the whole family of a refresh token that is shown again after
// its grace: one of the two who showed it is not the application (RFC 9700
// §4.14.2). It has its own commit; the request that brings it fails.
func (s *store) reused(ctx context.Context, t storage.RefreshToken) error {
	now := s.now()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		grant, err := q.RevokeGrant(ctx, t.GrantID, now)
		if err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "refresh_token.reused", Subject: grant.UserID,
			Details: map[string]string{"client": t.ClientID, "grant": grant.ID}})
	})
	return s.noted(ctx, err, "refresh token reused", slog.String("client", t.ClientID))
}

// leaked notes that a client shows the refresh token of another one, the first
// time. The token lives on: its own client did nothing wrong, and nobody else
// can use it.
func (s *store) leaked(ctx context.Context, t storage.RefreshToken, by *client) error {
	now := s.now()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.NoteLeakedRefreshToken(ctx, t.Signature, now); err != nil {
			return err
		}
		grant, err := q.Grant(ctx, t.GrantID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("load grant of leaked refresh token: %w", err)
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "refresh_token.leaked", Subject: grant.UserID,
			Details: map[string]string{"client": t.ClientID, "shown_by": by.ID, "grant": t.GrantID}})
	})
	return s.noted(ctx, err, "refresh token shown by another client", slog.String("client", t.ClientID), slog.String("shown_by", by.ID))
}
