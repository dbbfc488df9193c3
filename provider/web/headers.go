package web

import (
	"net/http"
	"net/url"
	"strings"
)

// policy is the Content-Security-Policy of a page. redirects, if any, is where
// the running flow ends: its scheme may follow a POST. The scheme and not the
// host, because the partner may redirect further, within its own sites, before
// the browser stops checking. asks lets the page's script ask us something.
func policy(redirects string, asks bool) string {
	action := "'self'"
	if u, err := url.Parse(redirects); err == nil && u.Scheme != "" {
		// url.Parse accepts only letters, digits, + - . in a scheme, in small letters.
		action += " " + u.Scheme + ":"
	}
	p := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action " + action +
		"; frame-ancestors 'none'; base-uri 'none'"
	if asks {
		p += "; connect-src 'self'"
	}
	return p
}

// SecurityHeaders are on every answer, the protocol's too. A page sets its own
// Content-Security-Policy over this one.
func SecurityHeaders(issuer string) func(http.Handler) http.Handler {
	secure := strings.HasPrefix(issuer, "https://")
	def := policy("", false)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", def)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			next.ServeHTTP(w, r)
		})
	}
}
