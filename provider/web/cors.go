package web

import (
	"net/http"
	"strings"
)

// AnyOrigin lets applications that run in a browser read an endpoint of the
// protocol from wherever they come. Nothing there looks at a cookie: what
// counts is the code, the secret or the token that the application holds, so
// every origin is as good as another (Fetch standard, CORS protocol). exposed are
// the headers of the answer that such an application has to read.
func AnyOrigin(next http.Handler, exposed ...string) http.Handler {
	// Shared by all answers: whoever sets one puts another list in its place.
	every, names := []string{"*"}, []string{strings.Join(exposed, ", ")}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Access-Control-Allow-Origin"] = every
		if len(exposed) > 0 {
			h["Access-Control-Expose-Headers"] = names
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
		h.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
	})
}
