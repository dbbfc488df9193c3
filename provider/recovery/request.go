package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"loge/provider/throttle"
	"loge/storage"
)

// What can be asked for. The names stand in the database for a moment.
const (
	askReset      = "reset"      // another password, by e-mail address
	askIdentifier = "identifier" // the identifier, by number and e-mail address
	askCodes      = "codes"      // both first messages again, by number and e-mail address
	askLetters    = "letters"    // both letters again, by number and post code
	askLettersAll = "letters_no_mail"
)

// wish is what somebody typed, normalised.
type wish struct {
	EmailKey string `json:"email,omitempty"`
	Number   string `json:"number,omitempty"`
	PostCode string `json:"post_code,omitempty"`
}

// ask writes a request down unless the network address has asked too often. It
// reads no account.
func (h *Recovery) ask(ctx context.Context, address, kind, problem string, typed wish) (d throttle.Decision, err error) {
	now := h.Now()
	r := storage.HelpRequest{ID: storage.NewID(), Kind: kind, ProblemID: problem, CreatedAt: storage.At(now)}
	plain, err := json.Marshal(typed)
	if err != nil {
		return d, fmt.Errorf("write request: %w", err)
	}
	box, err := h.box()
	if err != nil {
		return d, err
	}
	r.Typed = box.Seal(plain, r.ID)
	err = h.DB.InTx(ctx, func(q *storage.Queries) error {
		if d, err = throttle.Help(ctx, q, address, now); err != nil || !d.Allowed {
			return err
		}
		return q.RequestHelp(ctx, r)
	})
	if err != nil {
		return d, fmt.Errorf("store request: %w", err)
	}
	if d.Allowed {
		h.Wake()
	}
	return d, nil
}

// Answer looks at everything that was asked for, and tells how much there was.
// Each request is answered in one transaction, once, whichever replica takes it.
func (h *Recovery) Answer(ctx context.Context) (answered int, err error) {
	for {
		err := h.DB.InTx(ctx, func(q *storage.Queries) error {
			r, err := q.TakeHelpRequest(ctx)
			if err != nil {
				return err
			}
			return h.answer(ctx, q, r)
		})
		if errors.Is(err, storage.ErrNotFound) {
			return answered, nil
		}
		if err != nil {
			return answered, fmt.Errorf("answer request for help: %w", err)
		}
		answered++
	}
}

// answer acts on one request. What was sealed with another master secret is
// dropped: nobody can read it any more.
func (h *Recovery) answer(ctx context.Context, q *storage.Queries, r storage.HelpRequest) error {
	box, err := h.box()
	if err != nil {
		return err
	}
	var typed wish
	plain, err := box.Open(r.Typed, r.ID)
	if err == nil {
		err = json.Unmarshal(plain, &typed)
	}
	if err != nil {
		h.Log.WarnContext(ctx, "request for help dropped", "kind", r.Kind, "error", err)
		return nil
	}
	done, err := h.act(ctx, q, r, typed)
	if err != nil {
		return none(err)
	}
	if r.ProblemID != "" {
		if err := q.SettleProblem(ctx, r.ProblemID, done.account.ID, r.Kind+": "+done.outcome); err != nil {
			return fmt.Errorf("note outcome: %w", err)
		}
	}
	for _, u := range done.users {
		if err := q.Audit(ctx, storage.AuditEvent{At: storage.At(h.Now()), Actor: "system", Action: "help." + r.Kind, Subject: u.ID,
			Details: map[string]string{"outcome": done.outcome}}); err != nil {
			return err
		}
	}
	return nil
}

// none keeps an error from being taken for an empty queue.
func none(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("row has gone: %v", err)
	}
	return err
}
