package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// formAction is where the page's forms may lead: to us and, if a flow runs, on
// to where it ends. That by its scheme and not its host, because the partner may
// redirect further, within its own sites, before the browser stops checking. A
// page whose form posts to another site names that origin alone.
func (v View) formAction() string {
	if v.PostsTo != "" {
		return origin(v.PostsTo)
	}
	if scheme := schemeOf(v.Redirects); scheme != "" {
		return "'self' " + scheme
	}
	return "'self'"
}

// schemeOf returns the scheme of an address as a policy names it, or "".
func schemeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return ""
	}
	// url.Parse accepts only letters, digits, + - . in a scheme, in small letters.
	return u.Scheme + ":"
}

// origin returns the origin of an address as a policy names it. A host that
// policies have no word for, such as an IPv6 address, leaves the scheme;
// without a scheme no form leads anywhere.
func origin(address string) string {
	u, err := url.Parse(address)
	if err == nil && nameable.MatchString(u.Host) && u.Scheme != "" {
		return u.Scheme + "://" + u.Host
	}
	return cmp.Or(schemeOf(address), "'none'")
}

// nameable are the hosts, with their ports, that a policy can name.
var nameable = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]+)?$`)

// frameSources are the origins of the page's frames, "" without any.
func (v View) frameSources() string {
	var origins []string
	for _, f := range v.Frames {
		if o := origin(f.Address); !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	return strings.Join(origins, " ")
}

// policy is the Content-Security-Policy of a page. action is where its forms
// may lead, frames what it may load in frames; asks lets the page's script ask
// us something.
func policy(action, frames string, asks bool) string {
	p := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action " + action +
		"; frame-ancestors 'none'; base-uri 'none'"
	if frames != "" {
		p += "; frame-src " + frames
	}
	if asks {
		p += "; connect-src 'self'"
	}
	return p
}

// SecurityHeaders are on every answer, the protocol's too. A page sets its own
// Content-Security-Policy over this one.
func SecurityHeaders(issuer string) func(http.Handler) http.Handler {
	always := http.Header{}
	always.Set("Content-Security-Policy", policy("'self'", "", false))
	always.Set("X-Content-Type-Options", "nosniff")
	always.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
	always.Set("Referrer-Policy", "same-origin")
	always.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	always.Set("Cross-Origin-Opener-Policy", "same-origin")
	if strings.HasPrefix(issuer, "https://") {
		always.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The values are shared by all answers: whoever sets one puts another
			// list in its place, and a list of one has no room to append to.
			maps.Copy(w.Header(), always)
			next.ServeHTTP(w, r)
		})
	}
}
