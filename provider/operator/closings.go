package operator

import (
	"context"
	"errors"
	"fmt"

	"loge/provider/account"
	"loge/storage"
)

// RefuseClosing answers a person's request to close: the access stays. He is
// told why by e-mail; closing it is the other answer, and [Operator.Do]'s.
func (o *Operator) RefuseClosing(ctx context.Context, t Target, reason string) (storage.Closing, error) {
	if reason == "" {
		return storage.Closing{}, errors.New("a reason is needed (--reason): the person is told it")
	}
	if err := checkLine("reason", reason, maxReason); err != nil {
		return storage.Closing{}, err
	}
	var answered storage.Closing
	err := o.DB.InTx(ctx, func(q *storage.Queries) error {
		for _, u := range t.Users {
			c, err := q.AnswerClosing(ctx, u.ID, storage.ClosingRefused, o.Actor, reason, o.now())
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if answered.ID != "" {
				return errors.New("several people of the organisation ask for it: name one by the identifier")
			}
			answered = c
			if err := q.Notify(ctx, u, storage.MessageClosingRefused, map[string]string{"reason": reason}, o.now()); err != nil {
				return err
			}
			if err := q.Audit(ctx, storage.AuditEvent{At: o.now(), Actor: o.Actor, Action: "closing.refused", Subject: u.ID, Details: map[string]string{"reason": reason}}); err != nil {
				return err
			}
		}
		if answered.ID == "" {
			return errors.New("no request to close is open: loge account list --closing shows those that are")
		}
		return nil
	})
	if err != nil {
		return storage.Closing{}, fmt.Errorf("keep: %w", err)
	}
	return answered, nil
}

// asked says what to do about an open request to close, "" without one.
func (o *Operator) asked(ctx context.Context, u storage.User) (string, error) {
	c, err := o.DB.OpenClosing(ctx, u.ID)
	if errors.Is(err, storage.ErrNotFound) || u.State == storage.StateClosed {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("load request to close: %w", err)
	}
	who, at := account.FormatIdentifier(u.Identifier), c.AskedAt.Time()
	return fmt.Sprintf("answer the request to close of %s, by %s: loge account close '%s', or loge account keep '%s' --reason TEXT, which the person is told",
		at.Format("2006-01-02"), at.AddDate(0, 1, 0).Format("2006-01-02"), who, who), nil
}
