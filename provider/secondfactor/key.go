package secondfactor

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"loge/provider/factor"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// ask returns the question that the session waits to have answered, a new one
// when it waits for none: a second tab or a reload does not spoil the first.
func (s *SecondFactor) ask(r *http.Request, v session.Visit, kind string, question func() (factor.Ceremony, error)) (c factor.Ceremony, err error) {
	if waiting, ok := s.Sessions.Waits(v.Session, kind); ok && json.Unmarshal([]byte(waiting), &c) == nil {
		return c, nil
	}
	if c, err = question(); err != nil {
		return c, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("encode question: %w", err)
	}
	ctx := r.Context()
	return c, s.DB.InTx(ctx, func(q *storage.Queries) error { return s.Sessions.Wait(ctx, q, v.Session, kind, string(text)) })
}

// answered returns the question that is being answered, and has it answered no
// second time, whatever the answer is worth. false: none waits for an answer.
func (s *SecondFactor) answered(r *http.Request, v session.Visit, kind string) (c factor.Ceremony, ok bool, err error) {
	waiting, ok := s.Sessions.Waits(v.Session, kind)
	if !ok || json.Unmarshal([]byte(waiting), &c) != nil {
		return c, false, nil
	}
	ctx := r.Context()
	err = s.DB.InTx(ctx, func(q *storage.Queries) error { return s.Sessions.Answered(ctx, q, v.Session, kind, waiting) })
	if errors.Is(err, storage.ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// received has check look at what a passkey answers to the question of that kind,
// and returns the key with all of the person's factors. false: no question waits,
// or the answer proves nothing, which is written down.
func (s *SecondFactor) received(r *http.Request, v session.Visit, kind string,
	check func(p *factor.Passkeys, of factor.Holder, state, answer string) (factor.Key, error)) (key factor.Key, list []known, ok bool, err error) {
	if s.passkeys == nil {
		return key, nil, false, nil
	}
	c, ok, err := s.answered(r, v, kind)
	if err != nil || !ok {
		return key, nil, false, err
	}
	if list, err = s.factors(r, v); err != nil {
		return key, nil, false, err
	}
	key, err = check(s.passkeys, holder(v, list), c.State, v.Form.Get("reponse"))
	if errors.Is(err, factor.ErrKey) {
		return key, nil, false, s.keyRefused(r, v, err)
	}
	return key, list, err == nil, err
}

// SubmitKey takes the answer of a passkey.
func (s *SecondFactor) SubmitKey(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	again := func() error {
		v.Session.Pending = "" // another question
		return s.showVerify(w, r, v, web.FieldErrors{{Key: "factor.error.key"}})
	}
	shown, list, ok, err := s.received(r, v, session.PendingKey, (*factor.Passkeys).Answered)
	if err != nil {
		return err
	}
	if !ok {
		return again()
	}
	for _, k := range of(list, factor.KindPasskey) {
		if k.Credential != shown.Credential() {
			continue
		}
		err := s.prove(w, r, v, factor.WithKey(v.Session.AMR), map[string]string{"with": k.Kind, "factor": k.ID}, func(q *storage.Queries) error {
			return q.UseFactor(r.Context(), k.ID, int64(shown.Count), storage.At(s.Now()))
		})
		if errors.Is(err, storage.ErrNotFound) {
			return again()
		}
		if err != nil {
			return err
		}
		return s.Onward(w, r, v.Request)
	}
	return again()
}

// keyRefused writes down an answer that proves nothing: that a key was copied
// shows in no other place.
func (s *SecondFactor) keyRefused(r *http.Request, v session.Visit, cause error) error {
	ctx := r.Context()
	s.Pages.Log.LogAttrs(ctx, slog.LevelInfo, "passkey refused", slog.String("request", web.RequestID(ctx)), slog.String("reason", cause.Error()))
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		return q.Audit(ctx, s.event(v, "factor.refused", map[string]string{"with": factor.KindPasskey}))
	})
	if err != nil {
		return fmt.Errorf("record refused passkey: %w", err)
	}
	return nil
}
