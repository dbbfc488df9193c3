package demo

import (
	"crypto/rand"
	"net/http"
)

// browser returns the value that binds sign-ins to this browser.
func (p *partner) browser(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(partnerBrowser); err == nil && c.Value != "" {
		return c.Value
	}
	value := rand.Text()
	http.SetCookie(w, partnerCookie(partnerBrowser, value))
	return value
}

func (p *partner) remember(state string, begun login) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, l := range p.logins {
		if len(p.logins) >= maxRemembered || p.now().After(l.expires) {
			delete(p.logins, key)
		}
	}
	p.logins[state] = begun
}

// finish returns the sign-in of that state, once, to the browser that began it.
func (p *partner) finish(state string, r *http.Request) (login, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	begun, ok := p.logins[state]
	c, err := r.Cookie(partnerBrowser)
	if !ok || err != nil || c.Value != begun.browser || p.now().After(begun.expires) {
		return login{}, false
	}
	delete(p.logins, state)
	return begun, true
}

// open starts the partner's own session.
func (p *partner) open(w http.ResponseWriter, session received) {
	id := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.sessions {
		if len(p.sessions) >= maxRemembered {
			delete(p.sessions, key)
		}
	}
	p.sessions[id] = session
	http.SetCookie(w, partnerCookie(partnerSession, id))
}

func (p *partner) current(r *http.Request) (received, bool) {
	c, err := r.Cookie(partnerSession)
	if err != nil {
		return received{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	session, ok := p.sessions[c.Value]
	return session, ok
}

// signOut ends the partner's session; the provider's goes on, as in any
// application that shares a sign-in with others.
func (p *partner) signOut(w http.ResponseWriter, r *http.Request) {
	p.close(w, r)
	http.Redirect(w, r, "/?parti", http.StatusSeeOther)
}

// close ends the partner's session.
func (p *partner) close(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(partnerSession); err == nil {
		p.mu.Lock()
		delete(p.sessions, c.Value)
		p.mu.Unlock()
	}
	gone := partnerCookie(partnerSession, "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
}

// partnerCookie has no Secure: the demonstration is http on loopback, where some
// browsers drop Secure cookies.
func partnerCookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}
