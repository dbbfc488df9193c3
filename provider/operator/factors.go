package operator

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"loge/storage"
)

// Factors returns the factors of one person, and how many recovery codes are
// not used.
func (o *Operator) Factors(ctx context.Context, t Target) (u storage.User, list []storage.Factor, codes int, err error) {
	if u, err = t.person(); err != nil {
		return u, nil, 0, err
	}
	if list, err = o.DB.FactorsOf(ctx, u.ID); err != nil {
		return u, nil, 0, fmt.Errorf("load factors: %w", err)
	}
	if codes, err = o.DB.RecoveryCodesLeft(ctx, u.ID); err != nil {
		return u, nil, 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return u, list, codes, nil
}

// RemoveFactors removes all factors and recovery codes of one person who has lost
// them: the password is enough from then on. Every sign-in ends, because whoever
// found the telephone may sit in one; the person is told by e-mail, and the
// journal keeps who did it and why, so a reason is needed.
func (o *Operator) RemoveFactors(ctx context.Context, t Target, reason string) (u storage.User, removed []storage.Factor, err error) {
	if u, err = t.person(); err != nil {
		return u, nil, err
	}
	switch {
	case reason == "":
		return u, nil, errors.New("say why with --reason: how did you make sure that it is the person?")
	case !utf8.ValidString(reason):
		return u, nil, errors.New("reason is not UTF-8")
	}
	if err := checkLine("reason", reason, maxReason); err != nil {
		return u, nil, err
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		if removed, err = q.RemoveFactors(ctx, u.ID); err != nil {
			return err
		}
		if len(removed) == 0 {
			return fmt.Errorf("%s has no factor: the password is enough already", u.Name())
		}
		if err := q.EndOtherSessions(ctx, u.ID, "", now); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if err := q.ClearFailuresOfUser(ctx, u.ID); err != nil {
			return fmt.Errorf("clear failures: %w", err)
		}
		if err := q.Notify(ctx, u, storage.MessageFactorRemoved, map[string]string{"agency": "yes"}, now); err != nil {
			return err
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "factor.removed", Subject: u.ID,
			Details: map[string]string{"number": t.Account.Number, "reason": reason, "kind": "all"}})
	})
	if err != nil {
		return u, nil, fmt.Errorf("remove factors: %w", err)
	}
	return u, removed, nil
}
