package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"loge/provider/config"
)

// View is one page to show.
type View struct {
	Template  string      // file name in templates/pages without .html
	Status    int         // 0 = 200, or 422 when there are Errors
	Title     string      // text key; "" = "title." and the template's name
	TitleVars []string    // pairs of name and value for Title
	Data      any         // the page's typed struct, .Data in the template
	Errors    FieldErrors // error summary, texts beside the fields, title « Erreur : … »
	Values    url.Values  // what was typed, shown again; passwords never are
	// SignedIn has the page lead to « Mon compte »: the sign-in is finished. Number
	// is the numéro utilisateur by which people with several accounts know where
	// they are: session.Visit.Page fills both in.
	SignedIn bool
	Number   string
	// Department is that of the person's account, whose contact the page then
	// names; "" where nobody is known, and the page offers the choice.
	Department string
	// Redirects is the redirect URI of the running flow, "" without one. Its
	// scheme joins form-action in the page's Content-Security-Policy, because
	// Chromium applies form-action to every redirect that follows a POST.
	Redirects string
	// PostsTo is the address of another site to which the page's form posts, ""
	// on all other pages: form-action is its origin and nothing else, so in
	// Chromium that site may redirect on only within this origin.
	PostsTo string
	// Passkey has the script come along that asks a passkey.
	Passkey bool
	// Frames are loaded unseen, when somebody has signed out. Their origins are
	// the page's frame-src.
	Frames []Frame
	// TimeLimit has the page ask, in time, whether somebody is still there. nil
	// on pages that have no limit, or one that nothing puts off.
	TimeLimit *TimeLimit
}

// TimeLimit is when a page stops being of use unless the person goes on. The
// script asks Ahead of the end; our address /connexion/prolonger puts it off.
type TimeLimit struct {
	Left  time.Duration // until the end, by the server's clock
	Ahead time.Duration // how long before it the person is asked
	Over  string        // our address that says it is over
}

// Frame is a page of an application that ends the person's session there.
type Frame struct {
	Application string // name, for those who meet the frame
	Address     string
}

// FieldError is one thing to correct. Field "" is about the whole form.
type FieldError struct {
	Field string
	Key   string   // text key
	Vars  []string // pairs of name and value
}

// FieldErrors are the things to correct, in the order of the form.
type FieldErrors []FieldError

// page is what the templates see of a View. Its members stand side by side:
// html/template finds those of an embedded struct only by a slow search.
type page struct {
	TitleText string
	Lines     []errorLine
	Service   config.Service
	Data      any
	Values    url.Values
	SignedIn  bool
	Number    string
	Passkey   bool
	Frames    []Frame
	TimeLimit *TimeLimit
}

type errorLine struct {
	Field string
	Text  string
}

// bodies are buffers for pages. Each is emptied when it is taken.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes one page. Nothing reaches w before the whole page is made, so
// the error it returns can still become an error page.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, v View) error {
	if v.Title == "" {
		v.Title = "title." + v.Template
	}
	if v.Status == 0 {
		v.Status = http.StatusOK
		if len(v.Errors) > 0 {
			v.Status = http.StatusUnprocessableEntity
		}
	}
	shown := page{TitleText: p.Texts.Get(v.Title, v.TitleVars...), Service: p.Service.In(v.Department), Data: v.Data, Values: v.Values,
		SignedIn: v.SignedIn, Number: v.Number, Passkey: v.Passkey, Frames: v.Frames, TimeLimit: v.TimeLimit}
	for _, e := range v.Errors {
		shown.Lines = append(shown.Lines, errorLine{e.Field, p.Texts.Get(e.Key, e.Vars...)})
	}
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if err := p.Templates.Execute(body, v.Template, &shown); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(v.formAction(), v.frameSources(), v.TimeLimit != nil))
	if v.PostsTo != "" {
		h.Set("Referrer-Policy", "strict-origin") // the other site sees an Origin of null without it
	}
	w.WriteHeader(v.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(body.Bytes()) // fails only when the browser has gone
	return nil
}
