package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"loge/provider/web"
)

// The response modes: how the parameters of an answer travel to the redirect
// URI, errors as well as codes.
const (
	modeQuery    = "query"     // the default of the code flow (Multiple Response Types §2.1)
	modeFragment = "fragment"  // Multiple Response Types §2.1; public clients only
	modeFormPost = "form_post" // Form Post Response Mode §2
)

// responseModes are published in the discovery document.
var responseModes = []string{modeQuery, modeFragment, modeFormPost}

// checkMode settles the mode before anything else is answered, so that every
// error travels as asked; a mode that cannot be used is refused by the default.
//
// The specifications name the fragment for every response type and forbid only
// the reverse, a token in the query. It is for applications that live in the
// browser, which are public clients and always use PKCE. A fragment never
// reaches the server of a confidential client, but follows the redirects it
// makes: a changed address would have the code wander, unspent, to whatever
// page comes last. Such clients are refused it.
func checkMode(q *request, params parameters) error {
	mode := params.get("response_mode")
	switch {
	case mode == "":
		return nil
	case !slices.Contains(responseModes, mode):
		return refuse("invalid_request", "The response_mode is unknown.")
	case mode == modeFragment && !q.client.Public():
		return refuse("invalid_request", "The response_mode fragment is for public clients.")
	}
	q.mode = mode
	return nil
}

// respond answers the client with these parameters, its state, and iss (RFC
// 9207), in the mode it asked for. The query of the registered URI stays as it
// is.
func (p *Provider) respond(w http.ResponseWriter, r *http.Request, q *request, values url.Values) error {
	if q.state != "" {
		values.Set("state", q.state)
	}
	values.Set("iss", p.Issuer)
	h := w.Header()
	h.Set("Pragma", "no-cache")
	separator := "?"
	switch {
	case q.mode == modeFormPost:
		return p.post(w, r, q, values)
	case q.mode == modeFragment:
		separator = "#" // no registered URI has one
	case strings.Contains(q.redirectURI, "?"):
		separator = "&"
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Location", q.redirectURI+separator+values.Encode())
	w.WriteHeader(http.StatusSeeOther) // a POST is not repeated there
	return nil
}

// formPostPage is the data of templates/pages/formpost.html.
type formPostPage struct {
	Application string
	Action      string // the redirect URI
	Fields      []web.Hidden
}

// post shows the page that posts itself to the redirect URI, and has a button
// for people whose browser runs no script.
func (p *Provider) post(w http.ResponseWriter, r *http.Request, q *request, values url.Values) error {
	page := formPostPage{Application: q.client.Name, Action: q.redirectURI}
	for _, name := range []string{"code", "error", "error_description", "state", "iss"} {
		if values.Has(name) {
			page.Fields = append(page.Fields, web.Hidden{Name: name, Value: values.Get(name)})
		}
	}
	return p.Pages.Render(w, r, web.View{Template: "formpost", TitleVars: []string{"application", q.client.Name}, Data: page, PostsTo: q.redirectURI})
}
