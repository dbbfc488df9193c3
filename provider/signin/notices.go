package signin

import (
	"context"
	"fmt"
	"net/http"

	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// failed writes the failure into the journal: whose, if anybody's, and nothing
// of what was typed. When a wait begins with it the person is told, at most once
// a day; what nobody's identifier costs is the same but for the mail's row.
func (s *Signin) failed(ctx context.Context, a attempt, d throttle.Decision) error {
	told := false
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		now := s.Now()
		if told = false; d.ThenWait {
			due, err := throttle.Notice(ctx, q, a.noticeKey, now)
			if err != nil {
				return err
			}
			if told = due && a.user.ID != ""; told {
				if err := q.Notify(ctx, a.user, storage.MessageTooManyAttempts, nil, storage.At(now)); err != nil {
					return err
				}
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(now), Actor: "system", Action: "signin.failed", Subject: a.user.ID})
	})
	if err != nil {
		return fmt.Errorf("record failed sign-in: %w", err)
	}
	if told {
		s.Wake()
	}
	return nil
}

// newDevice tells the person of a sign-in in a browser in which he never signed
// in before. The first of all is no news.
func (s *Signin) newDevice(r *http.Request, q *storage.Queries, a attempt) error {
	if a.known || a.user.LastSignInAt.IsZero() {
		return nil
	}
	return q.Notify(r.Context(), a.user, storage.MessageNewDevice, map[string]string{"device": web.DeviceName(r)}, storage.At(s.Now()))
}
