package web

import (
	"fmt"
	"net/http"
	"slices"
)

// Next is the request that the browser would send if w's answer to r redirected
// it to address, one of ours: a GET with the cookies as w leaves them.
func Next(w http.ResponseWriter, r *http.Request, address string) (*http.Request, error) {
	u, err := r.URL.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("go on to %q: %w", address, err)
	}
	next := r.Clone(r.Context())
	next.Method, next.URL, next.RequestURI = http.MethodGet, u, address
	next.Body, next.ContentLength = http.NoBody, 0
	next.Form, next.PostForm, next.MultipartForm = nil, nil, nil
	next.Header.Del("Cookie")
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
	return next, nil
}

func anyNamed(cookies []*http.Cookie, name string) bool {
	return slices.ContainsFunc(cookies, func(c *http.Cookie) bool { return c.Name == name })
}
