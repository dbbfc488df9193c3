package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// logoutPath is the end_session_endpoint; its page's button posts to
// confirmLogoutPath.
const (
	logoutPath        = "/oauth2/logout"
	confirmLogoutPath = "/oauth2/logout/suite"
)

// maxLogoutURI bounds a post_logout_redirect_uri, in bytes.
const maxLogoutURI = 2048

// logoutRequest is what an application may want of a sign-out, checked.
type logoutRequest struct {
	client   storage.Client // who asks; empty when nobody can be believed to
	session  string         // sid of the verified id_token_hint
	redirect string         // registered for the client; "" = the browser stays here
	state    string
}

// Logout is the end_session_endpoint, GET and POST (RP-Initiated Logout 1.0
// §2). With an ID token of the very session that this browser has it signs out
// at once; with anything else it asks, because another site can send anybody
// here. The browser goes to no address that is not registered, to the byte, for
// a client that the request names or its hint was issued to.
func (p *Provider) Logout(w http.ResponseWriter, r *http.Request) error {
	read := queryParameters
	if r.Method == http.MethodPost {
		read = func(r *http.Request) (parameters, error) { return bodyParameters(w, r) }
	}
	params, err := read(r)
	if err != nil {
		return p.refusePage(w, r, &badRequest{err.Error()})
	}
	q, err := p.readLogout(r.Context(), params)
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return p.refusePage(w, r, bad)
	}
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		// As at the authorization endpoint: the GET that follows brings the
		// browser's SameSite=Lax cookies.
		web.SeeOther(w, r, withQuery(logoutPath, params, "id_token_hint", "client_id", "post_logout_redirect_uri", "state"))
		return nil
	}
	s, err := p.Sessions.Resting(r)
	switch {
	case errors.Is(err, session.ErrNone):
		return p.signedOut(w, r, q)
	case err != nil:
		return fmt.Errorf("load session: %w", err)
	case q.session != s.ID:
		return p.askLogout(w, r, q)
	}
	return p.signOut(w, r, q, s)
}

// SubmitLogout is the button of the page that asks: POST, from that page only.
func (p *Provider) SubmitLogout(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	form.Del("id_token_hint") // the page carries none
	q, err := p.readLogout(r.Context(), parameters{values: form})
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return p.refusePage(w, r, bad)
	}
	if err != nil {
		return err
	}
	s, err := p.Sessions.Resting(r)
	if errors.Is(err, session.ErrNone) {
		return p.signedOut(w, r, q)
	}
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	return p.signOut(w, r, q, s)
}

// readLogout checks the request. What cannot be believed is left out and ends
// on our own page; what contradicts itself is a *badRequest.
func (p *Provider) readLogout(ctx context.Context, params parameters) (q logoutRequest, err error) {
	hint, clientID, uri := params.get("id_token_hint"), params.get("client_id"), params.get("post_logout_redirect_uri")
	q.state = params.get("state")
	if name := params.anyRepeated(); name != "" {
		return q, &badRequest{"a parameter is sent more than once: " + name}
	}
	if len(hint) > maxHint || len(clientID) > maxClientID || len(uri) > maxLogoutURI || len(q.state) > maxState {
		return q, &badRequest{"a parameter of the logout request is too long"}
	}
	if hint != "" {
		claims, ok := p.hintClaims(ctx, hint)
		if !ok {
			p.logLogout(ctx, "the id_token_hint is not an ID token of this provider", clientID)
			return logoutRequest{}, nil
		}
		if clientID != "" && clientID != claims.Audience {
			return q, &badRequest{"the id_token_hint was issued to another client than client_id"}
		}
		clientID, q.session = claims.Audience, claims.Session
	}
	c, err := p.clientOf(ctx, clientID)
	if err != nil {
		return q, err
	}
	if c.DisabledAt.IsZero() {
		q.client = c
	}
	if uri == "" {
		return q, nil
	}
	if !listed(q.client, q.client.PostLogoutRedirectURIs, uri) {
		p.logLogout(ctx, "the post_logout_redirect_uri is not registered for the client", clientID)
		return q, nil
	}
	q.redirect = uri
	return q, nil
}

// logLogout tells the application's developer, by our log, why the browser did
// not come back.
func (p *Provider) logLogout(ctx context.Context, reason, clientID string) {
	p.Log.LogAttrs(ctx, slog.LevelInfo, "logout stays here", slog.String("request", web.RequestID(ctx)),
		slog.String("reason", reason), slog.String("client", shortened(clientID)))
}

func (p *Provider) askLogout(w http.ResponseWriter, r *http.Request, q logoutRequest) error {
	page := web.LogoutPage{Application: q.client.Name, Action: confirmLogoutPath}
	if q.redirect != "" {
		page.Hidden = append(page.Hidden, web.Hidden{Name: "client_id", Value: q.client.ID}, web.Hidden{Name: "post_logout_redirect_uri", Value: q.redirect})
		if q.state != "" {
			page.Hidden = append(page.Hidden, web.Hidden{Name: "state", Value: q.state})
		}
	}
	return p.Pages.Render(w, r, web.View{Template: "logout", Data: page, Redirects: q.redirect})
}

// signOut ends the session, and with it what was opened in it elsewhere.
func (p *Provider) signOut(w http.ResponseWriter, r *http.Request, q logoutRequest, s storage.Session) error {
	ctx := r.Context()
	details := map[string]string{"session": s.ID, "reason": "signed out"}
	if q.client.ID != "" {
		details["client"] = q.client.ID
	}
	err := p.DB.InTx(ctx, func(tx *storage.Queries) error {
		if err := p.Sessions.End(ctx, tx, s.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, storage.AuditEvent{At: storage.At(p.Now()), Actor: s.UserID, Action: "session.ended", Subject: s.UserID, Details: details})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	p.WakeLogouts()
	frames, err := p.Sessions.Frames(ctx, s.ID, p.Issuer)
	if err != nil {
		return err
	}
	return p.signedOut(w, r, q, frames...)
}

// leavingPage is the data of templates/pages/leaving.html.
type leavingPage struct{ Application, Target string }

// framesTime is how long the frames of other applications have, in seconds,
// before the browser goes on by itself.
const framesTime = 3

// signedOut sends the browser back, with the application's state and nothing
// else, or says that it is done. With frames to load it shows a page first,
// which goes on by itself.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request, q logoutRequest, frames ...web.Frame) error {
	p.Sessions.Clear(w)
	if q.redirect == "" {
		return p.Pages.Render(w, r, web.View{Template: "loggedout", Frames: frames})
	}
	target := q.redirect
	if q.state != "" {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + "state=" + url.QueryEscape(q.state)
	}
	h := w.Header()
	if len(frames) > 0 {
		h.Set("Refresh", fmt.Sprintf("%d; url=%s", framesTime, target))
		return p.Pages.Render(w, r, web.View{Template: "leaving", Frames: frames, Data: leavingPage{q.client.Name, target}})
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Location", target) // as it is registered: http.Redirect would clean it
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// withQuery adds those parameters to one of our paths, as they were sent.
func withQuery(path string, params parameters, names ...string) string {
	query := url.Values{}
	for _, name := range names {
		if value := params.get(name); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
