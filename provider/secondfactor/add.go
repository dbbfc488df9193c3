package secondfactor

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"unicode/utf8"

	"loge/provider/factor"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type applicationPage struct {
	common
	Square square
	Link   template.URL // the same, for who reads the page on the telephone itself
	Key    string       // the same, to type
}

// Application shows the secret of an application of codes that is to be added.
func (s *SecondFactor) Application(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	if full, err := s.full(w, r, v); full || err != nil {
		return err
	}
	return s.showApplication(w, r, v, nil)
}

func (s *SecondFactor) showApplication(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors) error {
	secret, ok := s.offered(v)
	if !ok {
		secret = factor.NewSecret()
		ctx := r.Context()
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			return s.Sessions.Wait(ctx, q, v.Session, session.PendingTOTP, s.seal(v, secret))
		})
		if err != nil {
			return err
		}
	}
	uri := factor.KeyURI(secret, s.Service.Name, label(v))
	drawn, err := newSquare(uri)
	if err != nil {
		return err
	}
	return s.render(w, r, v, web.View{Template: "factorapplication", Errors: faults, Values: v.Form, Data: applicationPage{
		common: s.common(v), Square: drawn, Link: template.URL(uri), Key: factor.KeyText(secret)}})
}

// offered is the secret that was shown and waits for a code: the same after a
// reload, because it may have been scanned.
func (s *SecondFactor) offered(v session.Visit) ([]byte, bool) {
	waiting, ok := s.Sessions.Waits(v.Session, session.PendingTOTP)
	if !ok {
		return nil, false
	}
	return s.unseal(v, waiting)
}

// SubmitApplication adds the application once a code shows that it has the
// secret. Nothing is guessed here, so nothing is counted.
func (s *SecondFactor) SubmitApplication(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	if full, err := s.full(w, r, v); full || err != nil {
		return err
	}
	refuse := func(key string) error {
		return s.showApplication(w, r, v, web.FieldErrors{{Field: "code", Key: key}})
	}
	secret, ok := s.offered(v)
	if !ok {
		v.Form.Del("code")
		return refuse("factor.error.late")
	}
	typed := v.Form.Get("code")
	code, kind := factor.ReadCode(typed)
	step, right := factor.Match(secret, code, 0, s.Now())
	switch {
	case typed == "":
		return refuse("factor.error.code_missing")
	case kind != factor.OneTimeCode || !right:
		return refuse("factor.error.code_wrong")
	}
	waiting, _ := s.Sessions.Waits(v.Session, session.PendingTOTP)
	f := storage.Factor{Kind: factor.KindTOTP, Name: name(v), Counter: step}
	return s.add(w, r, v, f, secret, factor.WithCode(v.Session.AMR), func(q *storage.Queries) error {
		return s.Sessions.Answered(r.Context(), q, v.Session, session.PendingTOTP, waiting)
	})
}

type keyPage struct {
	common
	Options string // question to a passkey, "" = browsers know none at this address
}

// Key asks for a passkey that is to be added.
func (s *SecondFactor) Key(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	if full, err := s.full(w, r, v); full || err != nil {
		return err
	}
	return s.showKey(w, r, v, nil)
}

func (s *SecondFactor) showKey(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors) error {
	page := keyPage{common: s.common(v)}
	if s.passkeys != nil {
		list, err := s.factors(r, v)
		if err != nil {
			return err
		}
		c, err := s.ask(r, v, session.PendingNewKey, func() (factor.Ceremony, error) { return s.passkeys.Create(holder(v, list)) })
		if err != nil {
			return err
		}
		page.Options = c.Options
	}
	return s.render(w, r, v, web.View{Template: "factorkey", Errors: faults, Values: v.Form, Passkey: page.Options != "", Data: page})
}

// SubmitNewKey adds the passkey.
func (s *SecondFactor) SubmitNewKey(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	again := func() error {
		v.Session.Pending = "" // another question
		return s.showKey(w, r, v, web.FieldErrors{{Key: "factor.error.new_key"}})
	}
	if full, err := s.full(w, r, v); full || err != nil {
		return err
	}
	key, _, ok, err := s.received(r, v, session.PendingNewKey, (*factor.Passkeys).Created)
	if err != nil {
		return err
	}
	if !ok {
		return again()
	}
	data, err := json.Marshal(key)
	if err != nil {
		return fmt.Errorf("encode passkey: %w", err)
	}
	f := storage.Factor{Kind: factor.KindPasskey, Name: name(v), Credential: key.Credential(), Counter: int64(key.Count)}
	err = s.add(w, r, v, f, data, factor.WithKey(v.Session.AMR), func(*storage.Queries) error { return nil })
	if errors.Is(err, storage.ErrConflict) {
		return again()
	}
	return err
}

// maxName bounds the name that a person gives a factor, in characters.
const maxName = 40

// name is how the person calls the factor, "" when he does not care.
func name(v session.Visit) string {
	typed := strings.Join(strings.Fields(v.Form.Get("nom_facteur")), " ")
	for utf8.RuneCountInString(typed) > maxName {
		_, size := utf8.DecodeLastRuneInString(typed)
		typed = typed[:len(typed)-size]
	}
	return typed
}

// full sends people who have enough factors back.
func (s *SecondFactor) full(w http.ResponseWriter, r *http.Request, v session.Visit) (bool, error) {
	rows, err := s.DB.FactorsOf(r.Context(), v.User.ID)
	if err != nil {
		return false, fmt.Errorf("load factors: %w", err)
	}
	if len(rows) < most {
		return false, nil
	}
	web.SeeOther(w, r, own+"?fait=complet")
	return true, nil
}

// add stores the factor, raises the session in which it was shown, and with the
// first one makes the recovery codes. waited ends the wait for it.
func (s *SecondFactor) add(w http.ResponseWriter, r *http.Request, v session.Visit, f storage.Factor, plain []byte, amr string, waited func(*storage.Queries) error) error {
	ctx, now := r.Context(), storage.At(s.Now())
	f.ID, f.UserID, f.CreatedAt, f.UsedAt = storage.NewID(), v.User.ID, now, now
	if f.Credential == "" {
		f.Credential = f.ID
	}
	f.Data = s.box.Seal(plain, f.ID)
	var cookie *http.Cookie
	first := false
	err := s.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		if err := waited(q); err != nil {
			return err
		}
		if first, err = q.AddFactor(ctx, f); err != nil {
			return err
		}
		if first {
			if err := s.newCodes(ctx, q, v); err != nil {
				return err
			}
		}
		if cookie, err = s.Sessions.Raise(ctx, q, v.Session, amr); err != nil {
			return err
		}
		if err := q.Notify(ctx, v.User, storage.MessageFactorAdded, map[string]string{"kind": f.Kind}, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "factor.added", map[string]string{"kind": f.Kind, "factor": f.ID}))
	})
	if errors.Is(err, storage.ErrNotFound) { // sent twice, suspended or signed out since we looked
		web.SeeOther(w, r, web.AddressFor(base(v), v.Request))
		return nil
	}
	if err != nil {
		return fmt.Errorf("add factor: %w", err)
	}
	s.Wake()
	http.SetCookie(w, cookie)
	switch {
	case v.Step != "":
		return s.Onward(w, r, v.Request)
	case first:
		v.Request = own // where the codes lead back to
		return s.Onward(w, r, v.Request)
	}
	web.SeeOther(w, r, own+"?fait=ajout")
	return nil
}
