package recovery

import (
	"context"
	"errors"
	"strconv"

	"loge/provider/throttle"
	"loge/storage"
)

// An address that was changed in « Mon compte » less than a day ago gets nothing
// that opens the access: whoever stole the password and changed the address could
// else keep the account. The former address has the last word meanwhile.

// wait tells the new address from when on another password can be asked for.
func (h *Recovery) wait(ctx context.Context, q *storage.Queries, r storage.HelpRequest, u storage.User, undo storage.EmailUndo) (string, error) {
	if d, err := throttle.Mail(ctx, q, h.keys().User(u.ID), h.Now()); err != nil || !d.Allowed {
		return outcomeQuota, err
	}
	return outcomeMoved, q.Notify(ctx, u, storage.MessageResetWait,
		map[string]string{"until": strconv.FormatInt(int64(undo.ExpiresAt), 10)}, r.CreatedAt)
}

// givenUp sends the former address once more what takes the change back.
func (h *Recovery) givenUp(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	undo, err := q.EmailUndoByAddress(ctx, typed.EmailKey, storage.At(h.Now()))
	if errors.Is(err, storage.ErrNotFound) {
		return done{outcome: outcomeNobody}, nil
	}
	if err != nil {
		return done{}, err
	}
	u, err := q.User(ctx, undo.UserID)
	if err != nil {
		return done{}, err
	}
	result := done{outcome: outcomeMoved, users: []storage.User{u}}
	if d, err := throttle.Mail(ctx, q, h.keys().User(u.ID), h.Now()); err != nil || !d.Allowed {
		result.outcome = outcomeQuota
		return result, err
	}
	return result, q.Notify(ctx, u, storage.MessageEmailChanging, map[string]string{"undo": undo.ID}, r.CreatedAt)
}
