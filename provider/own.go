package provider

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gorilla/mux"
)

// maxOwnPage is the longest address that somebody is sent back to.
const maxOwnPage = 500

// ownPage returns an address to which somebody may be sent back after proving
// who he is: a page of « Mon compte » or « Mon organisme ». Where only a form
// goes, it is the page above. "" is any other address, above all one of another
// site.
func (p *Provider) ownPage(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxOwnPage || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Path != path.Clean(u.Path) {
		return ""
	}
	for at := u.Path; inside(at, "/compte") || inside(at, "/organisme"); at = path.Dir(at) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}
		if match := (mux.RouteMatch{}); !p.router.Match(r, &match) || match.MatchErr != nil {
			continue
		}
		own := url.URL{Path: at}
		if at == u.Path {
			own.RawQuery = u.RawQuery
		}
		return own.String()
	}
	return ""
}

// inside says whether a path is the one above or that itself.
func inside(at, above string) bool { return at == above || strings.HasPrefix(at, above+"/") }
