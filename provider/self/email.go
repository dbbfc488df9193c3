package self

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"loge/provider/account"
	"loge/provider/emailcode"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const (
	emailPath = "/compte/adresse-e-mail"
	codePath  = emailPath + "/code"

	// undoFor is how long the former address may take a change back.
	undoFor = 24 * time.Hour
)

type emailPage struct {
	Email      string // the present one, "" = none
	Identifier string // for password managers
}

// Email asks for another address and the current password.
func (s *Self) Email(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.showEmail(w, r, v, nil, nil)
}

func (s *Self) showEmail(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors, typed url.Values) error {
	view := web.View{Template: "selfemail", Errors: faults, Values: typed,
		Data: emailPage{Email: v.User.Email, Identifier: account.FormatIdentifier(v.User.Identifier)}}
	if w.Header().Get("Retry-After") != "" {
		view.Status = http.StatusTooManyRequests
	}
	return s.render(w, r, v, view)
}

// SubmitEmail puts the new address aside and has a code sent there. Whether it
// is somebody else's is looked at last, for who has proven who he is.
func (s *Self) SubmitEmail(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, now := r.Context(), storage.At(s.Now())
	refuse := func(faults ...web.FieldError) error { return s.showEmail(w, r, v, faults, v.Form) }
	email, key, err := account.EmailKey(v.Form.Get("email"))
	var faults web.FieldErrors
	switch {
	case errors.Is(err, account.ErrEmpty):
		faults = append(faults, web.FieldError{Field: "email", Key: "details.error.email_missing"})
	case err != nil:
		faults = append(faults, web.FieldError{Field: "email", Key: "details.error.email_wrong"})
	case key == v.User.EmailKey:
		faults = append(faults, web.FieldError{Field: "email", Key: "selfemail.error.same"})
	}
	if v.Form.Get("mot_de_passe") == "" {
		faults = append(faults, web.FieldError{Field: "mot_de_passe", Key: "self.error.current_missing"})
	}
	if len(faults) > 0 {
		return refuse(faults...)
	}
	fault, err := s.prove(w, r, v, v.Form.Get("mot_de_passe"))
	if err != nil {
		return busy(w, err)
	}
	if fault.Key != "" {
		return refuse(fault)
	}
	taken, err := s.DB.EmailTaken(ctx, v.User.ID, key, now)
	if err != nil {
		return fmt.Errorf("look for e-mail address: %w", err)
	}
	if taken {
		return refuse(web.FieldError{Field: "email", Key: "details.error.email_taken"})
	}
	err = s.askCode(ctx, v, email, key)
	if errors.Is(err, emailcode.ErrTooMany) {
		fault, err := s.tooManyCodes(ctx, v, "email")
		if err != nil {
			return err
		}
		return refuse(fault)
	}
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	web.SeeOther(w, r, codePath)
	return nil
}

func (s *Self) askCode(ctx context.Context, v session.Visit, email, key string) error {
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := emailcode.Ask(ctx, q, v.User, storage.OwnAddress, email, key, storage.At(s.Now())); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "email.change_asked", map[string]string{"session": v.Session.ID}))
	})
	if err == nil {
		s.Wake()
	}
	return err
}

func (s *Self) tooManyCodes(ctx context.Context, v session.Visit, field string) (web.FieldError, error) {
	wait, err := emailcode.Wait(ctx, s.DB, v.User.ID, storage.OwnAddress, s.Now())
	return web.FieldError{Field: field, Key: "email.error.too_many", Vars: []string{"duree", text.Duration(wait)}}, err
}

type codePage struct {
	Email    string
	Validity string // how long a code works
	Sent     bool   // a new code was just sent
}

// Code asks for the code that was sent to the new address.
func (s *Self) Code(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.withWaiting(w, r, v, func(waiting storage.EmailChange) error { return s.showCode(w, r, v, waiting, nil) })
}

// withWaiting runs h when an address waits; where none does any more, because it
// was confirmed in another tab or given up, « Mon compte » shows the present one.
func (s *Self) withWaiting(w http.ResponseWriter, r *http.Request, v session.Visit, h func(storage.EmailChange) error) error {
	waiting, err := s.DB.EmailChangeOf(r.Context(), v.User.ID, storage.OwnAddress)
	if errors.Is(err, storage.ErrNotFound) {
		web.SeeOther(w, r, path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("load e-mail address to confirm: %w", err)
	}
	return h(waiting)
}

func (s *Self) showCode(w http.ResponseWriter, r *http.Request, v session.Visit, waiting storage.EmailChange, faults web.FieldErrors) error {
	return s.render(w, r, v, web.View{Template: "selfcode", Title: "title.email", Errors: faults, Data: codePage{Email: waiting.Email,
		Validity: text.Duration(s.Security.EmailCode), Sent: len(faults) == 0 && r.URL.Query().Get("envoye") != ""}})
}

// SubmitCode takes the code. The address changes now; the former one is told,
// and may take the change back for a day.
func (s *Self) SubmitCode(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.withWaiting(w, r, v, func(waiting storage.EmailChange) error {
		if v.Form.Get("code") == "" {
			return s.showCode(w, r, v, waiting, web.FieldErrors{{Field: "code", Key: "email.error.code_missing"}})
		}
		ctx, right := r.Context(), false
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			proven, ok, err := emailcode.Try(ctx, q, s.Master, waiting, v.Form.Get("code"), storage.At(s.Now()))
			if right = ok; err != nil || !ok {
				return err // nil commits the attempt
			}
			return s.changeEmail(ctx, q, v, proven)
		})
		switch {
		case errors.Is(err, storage.ErrConflict): // another user has it by now
			return s.showEmail(w, r, v, web.FieldErrors{{Field: "email", Key: "details.error.email_taken"}}, url.Values{"email": {waiting.Email}})
		case err != nil:
			return fmt.Errorf("confirm e-mail address: %w", err)
		case !right:
			return s.showCode(w, r, v, waiting, web.FieldErrors{{Field: "code", Key: "email.error.code_wrong"}})
		}
		s.Wake()
		web.SeeOther(w, r, path+"?fait=adresse")
		return nil
	})
}

// changeEmail makes the proven address the user's. What is on its way to the
// former one opens nothing any more.
func (s *Self) changeEmail(ctx context.Context, q *storage.Queries, v session.Visit, proven storage.EmailChange) error {
	now, u := storage.At(s.Now()), v.User
	if taken, err := q.EmailTaken(ctx, u.ID, proven.EmailKey, now); err != nil || taken {
		return errors.Join(err, storage.ErrConflict)
	}
	if err := q.ConfirmEmail(ctx, u.ID, proven.Email, proven.EmailKey, now); err != nil {
		return err
	}
	if err := q.SupersedeOtherProvisionals(ctx, u.ID, "", now); err != nil {
		return err
	}
	details := map[string]string{"session": v.Session.ID}
	if u.Email != "" {
		undo := storage.EmailUndo{ID: storage.NewID(), UserID: u.ID, Email: u.Email, EmailKey: u.EmailKey, NewEmail: proven.Email,
			CreatedAt: now, ExpiresAt: storage.At(s.Now().Add(undoFor))}
		details["undo"] = undo.ID
		if err := q.CreateEmailUndo(ctx, undo); err != nil {
			return err
		}
		if err := q.Notify(ctx, u, storage.MessageEmailChanging, map[string]string{"undo": undo.ID}, now); err != nil {
			return err
		}
	}
	u.Email, u.EmailKey = proven.Email, proven.EmailKey
	if err := q.Notify(ctx, u, storage.MessageEmailChangedHere, nil, now); err != nil {
		return err
	}
	return q.Audit(ctx, s.event(v, "email.changed", details))
}

// ResendCode has another code sent.
func (s *Self) ResendCode(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.withWaiting(w, r, v, func(waiting storage.EmailChange) error {
		err := s.askCode(r.Context(), v, waiting.Email, waiting.EmailKey)
		if errors.Is(err, emailcode.ErrTooMany) {
			fault, err := s.tooManyCodes(r.Context(), v, "")
			if err != nil {
				return err
			}
			return s.showCode(w, r, v, waiting, web.FieldErrors{fault})
		}
		if err != nil {
			return fmt.Errorf("send another code: %w", err)
		}
		web.SeeOther(w, r, codePath+"?envoye=1")
		return nil
	})
}
