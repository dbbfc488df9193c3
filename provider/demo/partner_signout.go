package demo

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
)

// signOutEverywhere ends the partner's session and asks the provider to end its
// own, and with it those of other applications (RP-Initiated Logout 1.0).
func (p *partner) signOutEverywhere(w http.ResponseWriter, r *http.Request) {
	session, ok := p.current(r)
	p.close(w, r)
	if !ok {
		http.Redirect(w, r, "/?parti", http.StatusSeeOther)
		return
	}
	provider, err := p.discover(r.Context())
	if err != nil {
		p.refuse(w, http.StatusBadGateway, "unreachable", err)
		return
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil || metadata.EndSession == "" {
		p.refuse(w, http.StatusBadGateway, "unreachable", err)
		return
	}
	query := url.Values{"id_token_hint": {session.raw}, "post_logout_redirect_uri": {p.address + "/sortie"}, "state": {leaving(p.browser(w, r))}}
	http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusSeeOther)
}

// signedOut is where the provider sends the browser back.
func (p *partner) signedOut(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(partnerBrowser)
	if err != nil || subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(leaving(c.Value))) != 1 {
		http.Redirect(w, r, "/", http.StatusSeeOther) // nobody left from here
		return
	}
	http.Redirect(w, r, "/?ferme", http.StatusSeeOther)
}

// leaving is the state of a browser's sign-out: only that browser brings it back.
func leaving(browser string) string {
	sum := sha256.Sum256([]byte("sortie " + browser))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// told is what the provider calls when a session has ended, wherever that was
// (Back-Channel Logout 1.0 §2.5).
func (p *partner) told(w http.ResponseWriter, r *http.Request) {
	provider, err := p.discover(r.Context())
	if err != nil {
		http.Error(w, "provider unreachable", http.StatusServiceUnavailable)
		return
	}
	token, err := provider.Verifier(p.verification()).VerifyLogout(r.Context(), r.PostFormValue("logout_token"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, session := range p.sessions {
		if session.session == token.SessionID {
			delete(p.sessions, id)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
