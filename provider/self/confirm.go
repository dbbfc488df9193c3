package self

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// confirmPath asks for the password again.
const confirmPath = "/compte/confirmer"

// Handler is a page of a signed-in person.
type Handler = func(http.ResponseWriter, *http.Request, session.Visit) error

// Confirmed runs h for people who have proven lately who they are, and first
// asks all others for the password: see session.Manager.Recent. They come back
// to the page, by GET: a form that came too late is shown again.
//
// It is for what changes or hands out the access itself, in any feature:
// provider/routes.go puts it before the handler.
func (s *Self) Confirmed(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		if s.Sessions.Recent(v.Session, r.Method) {
			return h(w, r, v)
		}
		web.SeeOther(w, r, confirmPath+"?retour="+url.QueryEscape(s.OwnPage(web.PageOf(r))))
		return nil
	}
}

type confirmPage struct {
	Identifier string // for password managers
	Back       string // the page that asked
}

// Confirm asks for the password.
func (s *Self) Confirm(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	back := s.back(r.URL.Query().Get("retour"))
	if s.Sessions.Recent(v.Session, r.Method) { // an address from the history, or confirmed in another tab
		web.SeeOther(w, r, back)
		return nil
	}
	return s.showConfirm(w, r, v, back, nil)
}

func (s *Self) showConfirm(w http.ResponseWriter, r *http.Request, v session.Visit, back string, faults web.FieldErrors) error {
	view := web.View{Template: "confirm", Errors: faults, Data: confirmPage{Identifier: account.FormatIdentifier(v.User.Identifier), Back: back}}
	if w.Header().Get("Retry-After") != "" {
		view.Status = http.StatusTooManyRequests
	}
	return s.render(w, r, v, view)
}

// back is where confirming leads: a page of ours, « Mon compte » instead of
// anything else.
func (s *Self) back(typed string) string {
	if own := s.OwnPage(typed); own != "" {
		return own
	}
	return path
}

// SubmitConfirm takes the password, counted as at the sign-in.
func (s *Self) SubmitConfirm(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, back := r.Context(), s.back(v.Form.Get("retour"))
	fault, err := s.prove(w, r, v, v.Form.Get("mot_de_passe"))
	if err != nil {
		return busy(w, err)
	}
	if fault.Key != "" {
		return s.showConfirm(w, r, v, back, web.FieldErrors{fault})
	}
	var cookie *http.Cookie
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, cookie, err = s.Sessions.Confirm(ctx, q, v.Session); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "session.confirmed", map[string]string{"session": v.Session.ID}))
	})
	if errors.Is(err, storage.ErrNotFound) { // signed out since we looked
		web.SeeOther(w, r, back)
		return nil
	}
	if err != nil {
		return fmt.Errorf("confirm: %w", err)
	}
	http.SetCookie(w, cookie)
	web.SeeOther(w, r, back)
	return nil
}
