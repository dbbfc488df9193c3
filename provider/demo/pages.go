package demo

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// pages are the demonstration's own pages; every name is a whole page.
var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// render writes one page, or an error in its place: never half a page.
func render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		slog.Error("render page of the demonstration", "page", name, "error", err)
		http.Error(w, "La page n’a pas pu être affichée.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the reader has gone: nothing to do about it
}

// surround adds the style sheet and what every answer of these pages carries.
// forms may lead to the origins named, because browsers hold redirects after a
// form to the same policy.
func surround(mux *http.ServeMux, forms ...string) http.Handler {
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/style.css")
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		render(w, http.StatusNotFound, "missing.html", nil)
	})
	sameOrigin := http.NewCrossOriginProtection()
	return sameOrigin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action "+strings.Join(append([]string{"'self'"}, forms...), " ")+"; frame-ancestors 'self'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		mux.ServeHTTP(w, r)
	}))
}

// problems say what a partner can tell its users when a sign-in does not work.
var problems = map[string]struct{ Title, Text string }{
	"unreachable": {"La connexion est impossible pour le moment", "Mon Compte Partenaire ne répond pas. Réessayez dans un instant."},
	"state":       {"Cette connexion n’est plus valable", "Elle a déjà servi, elle est trop ancienne, ou elle a commencé dans un autre navigateur. Recommencez."},
	"denied":      {"Vous n’avez pas partagé vos renseignements", "Loyers n’a rien reçu. Sans eux, Loyers ne peut pas vous reconnaître."},
	"answer":      {"La connexion n’a pas abouti", "Mon Compte Partenaire a répondu qu’elle n’a pas pu se faire. Recommencez."},
	"token":       {"La connexion n’a pas pu être vérifiée", "La réponse de Mon Compte Partenaire n’est pas celle que Loyers attendait. Par sécurité, rien n’a été gardé. Recommencez."},
}

// refuse says on a page what went wrong; the cause is for the developer who
// tries the demonstration out.
func (p *partner) refuse(w http.ResponseWriter, status int, kind string, cause error) {
	if cause == nil {
		cause = errors.New("unknown cause")
	}
	render(w, status, "partner_problem.html", map[string]any{"Problem": problems[kind], "Cause": cause.Error()})
}

func (p *partner) policy(w http.ResponseWriter, _ *http.Request) {
	render(w, http.StatusOK, "partner_policy.html", nil)
}
