package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"loge/provider/account"
	"loge/provider/factor"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// These are where this package and the sign-in pages hand over to each other.
const (
	authorizePath = "/oauth2/authorize"
	signInPath    = "/connexion/suite"
)

// Authorize is the authorization endpoint, GET and POST (Core §3.1.2.1). It
// answers at once when nobody has to be asked anything, else it stores the
// request for this browser and hands over to the sign-in pages.
func (p *Provider) Authorize(w http.ResponseWriter, r *http.Request) error {
	read := queryParameters
	if r.Method == http.MethodPost {
		read = func(r *http.Request) (parameters, error) { return bodyParameters(w, r) }
	}
	params, err := read(r)
	if err != nil {
		return p.refusePage(w, r, &badRequest{err.Error()})
	}
	q, err := p.receive(r.Context(), params)
	if err != nil {
		return p.fail(w, r, q, err)
	}
	if r.Method == http.MethodPost {
		// Browsers leave SameSite=Lax cookies out of a POST from another
		// site, and bring them to the GET that follows.
		web.SeeOther(w, r, authorizePath+"?"+q.again())
		return nil
	}
	if err := p.decide(w, r, q); err != nil {
		return p.fail(w, r, q, err)
	}
	return nil
}

// decide answers, or hands over to the sign-in pages.
func (p *Provider) decide(w http.ResponseWriter, r *http.Request, q *request) error {
	ctx := r.Context()
	v, err := p.current(r, q.client.ID)
	if err != nil {
		return err
	}
	f := q.flow(p.Now())
	if v != nil {
		switch e := p.unfit(q, v.Session); {
		case e == errLevel && f.ForceFactor && reaches(v.Session.AMR, factor.LevelPassword):
			// The pages ask for what is missing.
		case e != nil:
			f.ForceSignIn = true // perhaps somebody else does
		}
	}
	page, err := p.missing(ctx, v, f)
	if err != nil {
		return err
	}
	switch {
	case q.asks("none") && page != "":
		return p.silent(ctx, v, f)
	case page != "":
		f.Request = q.canonical()
		return p.handOver(w, r, f, q.pushed, page)
	}
	return p.issue(w, r, q, v.Holder, nil)
}

// missing returns the page that the person has to be shown first, "" for none. No
// answer is ever given for nobody, whatever Pending says.
func (p *Provider) missing(ctx context.Context, v *storage.Visitor, f storage.Flow) (page string, err error) {
	if page, err = p.Pending(ctx, v, f); err != nil {
		return "", fmt.Errorf("decide on sign-in: %w", err)
	}
	if page == "" && v == nil {
		page = signInPath
	}
	return page, nil
}

// current returns who is signed in, towards that client, or nil when nobody is.
// All that is decided about an answer comes from this one read.
func (p *Provider) current(r *http.Request, clientID string) (*storage.Visitor, error) {
	v, err := p.Sessions.Current(r, clientID)
	if errors.Is(err, session.ErrNone) || errors.Is(err, session.ErrExpired) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	return &v, nil
}

// silent says why prompt=none cannot be answered without a page (Core §3.1.2.6).
func (p *Provider) silent(ctx context.Context, v *storage.Visitor, f storage.Flow) error {
	if v == nil || f.ForceSignIn || v.Session.AuthenticatedAt < f.FreshAfter {
		return refuse("login_required", "The person has to sign in.")
	}
	f.ConsentedAt = storage.At(p.Now())
	page, err := p.missing(ctx, v, f)
	if err != nil {
		return err
	}
	if page != "" {
		if err := p.mayHave(v.Holder, nil); errors.Is(err, account.NoRight) {
			return err
		}
		return refuse("interaction_required", "The person has to do something first.")
	}
	return refuse("consent_required", "The person has to consent.")
}

// handOver stores the request for this browser and shows that page of the sign-in.
func (p *Provider) handOver(w http.ResponseWriter, r *http.Request, f storage.Flow, pushed []byte, page string) error {
	ctx := r.Context()
	browser, err := p.Sessions.Browser(w, r)
	if err != nil {
		return fmt.Errorf("bind request to browser: %w", err)
	}
	now := p.Now()
	f.ID, f.BrowserHash = storage.NewID(), browser
	f.CreatedAt, f.ExpiresAt = storage.At(now), storage.At(now.Add(p.Lifetimes.Flow))
	err = p.DB.InTx(ctx, func(tx *storage.Queries) error {
		if pushed != nil {
			if err := tx.KeepPushedRequest(ctx, pushed, f.ExpiresAt); err != nil {
				return err
			}
		}
		return tx.CreateFlow(ctx, f)
	})
	if err != nil {
		return fmt.Errorf("store authorization request: %w", err)
	}
	web.SeeOther(w, r, web.AddressFor(page, f.ID))
	return nil
}

// fail answers a request that failed: to the redirect URI where that is
// settled, else with a page.
func (p *Provider) fail(w http.ResponseWriter, r *http.Request, q *request, err error) error {
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return p.refusePage(w, r, bad)
	}
	if q == nil || r.Context().Err() != nil {
		return err
	}
	e := answer(err)
	p.log(r.Context(), "authorization refused", q.client.ID, e)
	values := url.Values{"error": {e.Code}}
	if e.Description != "" {
		values.Set("error_description", printable(e.Description))
	}
	return p.respond(w, r, q, values)
}

// log notes a refusal; what is our own fault is an error.
func (p *Provider) log(ctx context.Context, what, clientID string, e *Error) {
	level := slog.LevelInfo
	if e.status() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	p.Log.LogAttrs(ctx, level, what, slog.String("request", web.RequestID(ctx)), slog.String("client", clientID), slog.String("error", e.Error()))
}

// badRequestPage is the data of templates/pages/badrequest.html.
type badRequestPage struct{ Ref string }

// refusePage tells the person that the application's request cannot be
// answered. The reason is for the application's developer: in our log, under
// the reference shown.
func (p *Provider) refusePage(w http.ResponseWriter, r *http.Request, bad *badRequest) error {
	ref := web.RequestID(r.Context())
	p.Log.LogAttrs(r.Context(), slog.LevelInfo, "authorization request not understood",
		slog.String("request", ref), slog.String("reason", bad.reason), slog.String("client", shortened(r.URL.Query().Get("client_id"))))
	return p.Pages.Render(w, r, web.View{Template: "badrequest", Status: http.StatusBadRequest, Data: badRequestPage{ref}})
}

func shortened(s string) string { return s[:min(len(s), maxClientID)] }
