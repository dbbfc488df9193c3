package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"loge/provider/registry"
	"loge/provider/secret"
	"loge/storage"
)

const (
	maxInvitationUses = 1000
	maxInvitationLife = 90 * 24 * time.Hour
)

// NewInvitation lets whoever brings its token register applications. Empty
// fields take the value written beside them.
type NewInvitation struct {
	Publisher string        // who will run them, as people read it; what each application says
	Scopes    []string      // the most they may be allowed: profile, email, bailleur
	Uses      int           // 1
	Life      time.Duration // 7 days
}

// Invite makes an invitation. Its token is returned here and never again.
func (o *Operator) Invite(ctx context.Context, n NewInvitation) (storage.Invitation, string, error) {
	now := o.now()
	if n.Uses == 0 {
		n.Uses = 1
	}
	if n.Life == 0 {
		n.Life = 7 * 24 * time.Hour
	}
	if len(n.Scopes) == 0 {
		n.Scopes = []string{"profile", "email", "bailleur"}
	}
	scopes := append([]string{"openid"}, slices.DeleteFunc(slices.Clone(n.Scopes), func(s string) bool { return s == "openid" })...)
	faults := []error{checkLine("publisher", n.Publisher, 200)}
	for _, scope := range scopes {
		if !slices.Contains(registry.Scopes, scope) {
			faults = append(faults, fmt.Errorf("scope %q: it is %s", shorten(scope), strings.Join(registry.Scopes, ", ")))
		}
	}
	if n.Uses < 1 || n.Uses > maxInvitationUses {
		faults = append(faults, fmt.Errorf("uses: from 1 to %d", maxInvitationUses))
	}
	if n.Life < time.Minute || n.Life > maxInvitationLife {
		faults = append(faults, fmt.Errorf("expires: from 1m to %.0fh (90 days)", maxInvitationLife.Hours()))
	}
	if err := errors.Join(faults...); err != nil {
		return storage.Invitation{}, "", err
	}
	token, hash := secret.NewClientSecret()
	i := storage.Invitation{ID: storage.NewID(), Hash: hash, Publisher: n.Publisher, Scopes: strings.Join(scopes, " "), UsesLeft: int64(n.Uses),
		CreatedBy: o.Actor, CreatedAt: now, ExpiresAt: storage.At(now.Time().Add(n.Life))}
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.CreateInvitation(ctx, i); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "invitation.created", Subject: i.ID,
			Details: map[string]string{"scopes": i.Scopes, "uses": fmt.Sprint(n.Uses), "expires": i.ExpiresAt.Time().Format(time.RFC3339)}})
	})
	if err != nil {
		return storage.Invitation{}, "", fmt.Errorf("create invitation: %w", err)
	}
	return i, token, nil
}

// EndInvitation makes an invitation unusable. What was registered with it stays.
func (o *Operator) EndInvitation(ctx context.Context, id string) error {
	now := o.now()
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.EndInvitation(ctx, id, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "invitation.ended", Subject: id})
	})
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("invitation %q %w, or it can no longer be used: loge client invitations shows those that can", shorten(id), storage.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("end invitation: %w", err)
	}
	return nil
}
