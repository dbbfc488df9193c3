package web

import (
	"net/http"
	"net/url"
)

// Next is the request that the browser would send if w's answer to r redirected
// it to address, one of ours: a GET with the cookies as w leaves them.
func Next(w http.ResponseWriter, r *http.Request, address string) *http.Request {
	next := r.Clone(r.Context())
	next.Method, next.Body, next.ContentLength = http.MethodGet, http.NoBody, 0
	next.Form, next.PostForm, next.MultipartForm = nil, nil, nil
	next.Header.Del("Cookie")
	if u, err := url.Parse(address); err == nil {
		next.URL, next.RequestURI = u, address
	}
	set := (&http.Response{Header: w.Header()}).Cookies()
	for _, kept := range r.Cookies() {
		if !anyNamed(set, kept.Name) {
			next.AddCookie(kept)
		}
	}
	for i, c := range set {
		if c.MaxAge >= 0 && !anyNamed(set[i+1:], c.Name) { // a later one wins
			next.AddCookie(c)
		}
	}
	return next
}

func anyNamed(cookies []*http.Cookie, name string) bool {
	for _, c := range cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}
