package recovery

import (
	"errors"
	"net/http"
	"net/url"

	"loge/provider/account"
	"loge/provider/text"
	"loge/provider/web"
)

type forgottenPage struct {
	Link     bool   // a link is sent, not a provisional password
	Validity string // of what is sent; "" before it is
	Typed    string // the address, "" when it is not shown again
}

// Forgotten asks for the e-mail address of the account.
func (h *Recovery) Forgotten(w http.ResponseWriter, r *http.Request) error {
	return h.showForgotten(w, r, http.StatusOK, nil, nil)
}

func (h *Recovery) showForgotten(w http.ResponseWriter, r *http.Request, status int, faults web.FieldErrors, typed url.Values) error {
	return h.Pages.Render(w, r, web.View{Template: "forgotten", Status: status, Errors: faults, Values: typed, Data: forgottenPage{Link: h.link()}})
}

// SubmitForgotten writes the request down and says the same to everybody.
func (h *Recovery) SubmitForgotten(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	email, key, fault := typedEmail(form)
	if fault != nil {
		return h.showForgotten(w, r, http.StatusUnprocessableEntity, web.FieldErrors{*fault}, form)
	}
	d, err := h.ask(r.Context(), h.address(r), askReset, "", wish{EmailKey: key})
	if err != nil {
		return err
	}
	if !d.Allowed {
		return h.showForgotten(w, r, http.StatusTooManyRequests, tooMany(w, d), form)
	}
	next, err := h.shown("/mot-de-passe-oublie/envoye", email)
	if err != nil {
		return err
	}
	web.SeeOther(w, r, next)
	return nil
}

// Sent says what happens next, whatever happens.
func (h *Recovery) Sent(w http.ResponseWriter, r *http.Request) error {
	typed, err := h.typed(r)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, r, web.View{Template: "forgottensent",
		Data: forgottenPage{Link: h.link(), Validity: text.Duration(h.Security.ResetValidity), Typed: typed}})
}

// typedEmail reads the e-mail address of a form: as it was typed, and its key.
func typedEmail(form url.Values) (email, key string, fault *web.FieldError) {
	email, key, err := account.EmailKey(form.Get("email"))
	switch {
	case errors.Is(err, account.ErrEmpty):
		return "", "", &web.FieldError{Field: "email", Key: "forgotten.error.email_missing"}
	case err != nil:
		return "", "", &web.FieldError{Field: "email", Key: "forgotten.error.email_wrong"}
	}
	return email, key, nil
}
