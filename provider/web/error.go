package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"loge/storage"
)

// Error is a failure the user may be told about. Any other error becomes a
// plain 500 page that carries only the request's number.
type Error struct {
	Status  int      // HTTP status
	Message string   // prefix of the text keys: "error.not_found" has .h1 and .text
	Vars    []string // pairs of name and value for these texts; "ref" is always there
	Err     error    // cause, for the log only; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotFound is the answer for an address that leads nowhere.
func NotFound() error {
	return &Error{Status: http.StatusNotFound, Message: "error.not_found"}
}

// Handle adapts h to net/http: an error it returns becomes a page.
func (p *Pages) Handle(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			p.Fail(w, r, err)
		}
	})
}

// Fail answers with the page that fits err, and logs what is not the user's
// doing. Handlers return their error instead; this is for middleware.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	told, ok := errors.AsType[*Error](err)
	switch {
	case ok:
	case errors.Is(err, storage.ErrNotFound):
		told = &Error{Status: http.StatusNotFound, Message: "error.not_found", Err: err}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // the browser has gone: nobody reads an answer, nobody must act
	default:
		told = &Error{Status: http.StatusInternalServerError, Message: "error.internal", Err: err}
	}
	if told.Status >= http.StatusInternalServerError {
		p.Log.ErrorContext(r.Context(), "request failed", "request", RequestID(r.Context()),
			"method", r.Method, "route", routeOf(r), "error", told.Error())
	}
	if started(w) {
		p.Log.ErrorContext(r.Context(), "error after the answer began", "request", RequestID(r.Context()))
		return
	}
	if err := p.Render(w, r, p.errorView(r, told)); err != nil {
		// The error page itself cannot be made: the last resort needs no template.
		p.Log.LogAttrs(r.Context(), slog.LevelError, "error page failed", slog.Any("error", err))
		http.Error(w, "Désolé, le service rencontre un problème.", http.StatusInternalServerError)
	}
}

type errorPage struct {
	Key  string   // prefix of the texts
	Vars []string // for these texts
}

func (p *Pages) errorView(r *http.Request, e *Error) View {
	vars := append([]string{"ref", RequestID(r.Context())}, e.Vars...)
	return View{Template: "error", Status: e.Status, Title: e.Message + ".h1", TitleVars: vars,
		Data: errorPage{Key: e.Message, Vars: vars}}
}

// NotFound is the router's page for an unknown address.
func (p *Pages) NotFound() http.Handler {
	return p.Handle(func(http.ResponseWriter, *http.Request) error { return NotFound() })
}

// MethodNotAllowed is the router's page for a known address and a wrong
// method. allow names the methods of a path, as RFC 9110 §15.5.6 wants them in
// the answer; gorilla/mux leaves that header out.
func (p *Pages) MethodNotAllowed(allow func(r *http.Request) string) http.Handler {
	return p.Handle(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allow(r))
		return &Error{Status: http.StatusMethodNotAllowed, Message: "error.method"}
	})
}
