package web

import "net/http"

// PageOf is the address of the page that a request is about: its own, or that of
// the form it sends, which is taken to be the same path. It is as the browser
// sent it: whoever sends somebody back to it looks first whether it is ours.
func PageOf(r *http.Request) string {
	if r.Method == http.MethodPost {
		return r.URL.Path
	}
	return r.URL.RequestURI()
}
