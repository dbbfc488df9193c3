package provider_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"loge/provider/providertest"
)

// protocol lists the routes that partners call, and that therefore have no
// cross-origin protection. Every other route is a page.
var protocol = map[string][]string{
	"/.well-known/openid-configuration":       {"GET", "HEAD", "OPTIONS"},
	"/.well-known/oauth-authorization-server": {"GET", "HEAD", "OPTIONS"},
	"/oauth2/jwks":            {"GET", "HEAD", "OPTIONS"},
	"/oauth2/authorize":       {"GET", "POST"},
	"/oauth2/authorize/suite": {"GET"},
	"/oauth2/token":           {"POST", "OPTIONS"},
	"/oauth2/par":             {"POST", "OPTIONS"},
	"/oauth2/userinfo":        {"GET", "POST", "OPTIONS"},
	"/oauth2/revoke":          {"POST", "OPTIONS"},
	"/oauth2/introspect":      {"POST"},
	"/oauth2/register":        {"POST"},
	"/oauth2/register/{id}":   {"GET", "PUT", "DELETE"},
	"/oauth2/device":          {"POST"},
	"/oauth2/logout":          {"GET", "POST"},
	"/static/{name}":          {"GET", "HEAD"},
	"/applications/{id}/logo": {"GET", "HEAD"},
}

// route is one address of the server.
type route struct {
	template string
	path     string // a concrete one
	methods  []string
}

// routes walks the router; two entries of one address are one route.
func routes(t *testing.T, p *providertest.Provider) (all []route) {
	t.Helper()
	r, err := p.Router()
	if err != nil {
		t.Fatal(err)
	}
	style := parse(t, p.Browser().Get(p.Address+"/connexion").Find("link[rel=stylesheet]").AttrOr("href", ""))
	err = r.Walk(func(entry *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		template, err := entry.GetPathTemplate()
		if err != nil {
			t.Errorf("a route has no path: %v", err)
			return nil
		}
		methods, err := entry.GetMethods()
		if err != nil || len(methods) == 0 {
			t.Errorf("%s takes any method", template)
		}
		if i := slices.IndexFunc(all, func(r route) bool { return r.template == template }); i >= 0 {
			all[i].methods = append(all[i].methods, methods...)
			return nil
		}
		path := strings.NewReplacer("/static/{name}", style.Path, "{id}", "loyers", "{etape}", "courrier", "{kind}", "rules", "{version}", "1").Replace(template)
		all = append(all, route{template, path, methods})
		return nil
	})
	if err != nil || len(all) < 30 {
		t.Fatalf("%d routes, %v", len(all), err)
	}
	return all
}

// send sends a request with a form of no fields and returns the answer, body
// read, without following it.
func send(t *testing.T, method, address string, header http.Header) (*http.Response, string) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, values := range header {
		r.Header[name] = values
		if name == "Host" {
			r.Host = values[0]
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

// Every route names its methods and answers them; pages refuse what another
// site sends, endpoints of the protocol do not.
func TestEveryRouteIsAPageOrAnEndpoint(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	seen := map[string]bool{}
	for _, r := range routes(t, p) {
		want, endpoint := protocol[r.template]
		seen[r.template] = true
		if endpoint && !slices.Equal(r.methods, want) {
			t.Errorf("%s takes %v, want %v", r.template, r.methods, want)
		}
		if !endpoint && slices.Contains(r.methods, "GET") != slices.Contains(r.methods, "HEAD") {
			t.Errorf("%s takes %v: HEAD belongs to GET", r.template, r.methods)
		}
		for _, method := range r.methods {
			answer, _ := send(t, method, p.URL+r.path, nil)
			if answer.StatusCode >= 500 || answer.StatusCode == http.StatusNotFound && r.template != "/static/{name}" && r.template != "/applications/{id}/logo" {
				t.Errorf("%s %s answers %d", method, r.path, answer.StatusCode)
			}
			if method != "POST" {
				continue
			}
			answer, body := send(t, method, p.URL+r.path, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://ailleurs.example"}})
			refused := answer.StatusCode == http.StatusForbidden && strings.Contains(body, "Cette page est restée ouverte trop longtemps")
			if refused == endpoint {
				t.Errorf("POST %s from another site answers %d", r.path, answer.StatusCode)
			}
			answer, _ = send(t, method, p.URL+r.path, http.Header{"Sec-Fetch-Site": nil, "Origin": {"https://ailleurs.example"}})
			if (answer.StatusCode == http.StatusForbidden) == endpoint {
				t.Errorf("POST %s from another site, by a browser without Sec-Fetch-Site, answers %d", r.path, answer.StatusCode)
			}
		}
	}
	for template := range protocol {
		if !seen[template] {
			t.Errorf("%s is no route any more", template)
		}
	}
}

func TestWrongMethodsAreToldTheRightOnes(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	for _, r := range routes(t, p) {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
			if slices.Contains(r.methods, method) {
				continue
			}
			answer, body := send(t, method, p.URL+r.path, nil)
			allowed := strings.Split(answer.Header.Get("Allow"), ", ")
			slices.Sort(allowed)
			want := slices.Sorted(slices.Values(r.methods))
			if answer.StatusCode != http.StatusMethodNotAllowed || !slices.Equal(allowed, want) {
				t.Errorf("%s %s answers %d, Allow %v, want 405 and %v", method, r.path, answer.StatusCode, allowed, want)
			}
			if method != "HEAD" && !strings.Contains(body, "Cette page ne s’ouvre pas ainsi") {
				t.Errorf("%s %s shows:\n%s", method, r.path, body)
			}
		}
	}
}

func TestUnknownAddressesGetAPage(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	for _, path := range []string{"/nulle-part", "/connexion/", "/Connexion", "/connexion/suite/x", "/static/nothing.css", "/static/..%2f..%2fgo.mod",
		"/textes/rules/99", "/textes/autre/1", "/textes/rules/%00", "/textes/rules/%ff", "/oauth2", "/oauth2/nulle-part", "/%ff", "/" + strings.Repeat("a", 8000)} {
		page := p.Browser().Get(p.URL + path)
		if page.Status != http.StatusNotFound || page.H1() != "Cette page n’existe pas" {
			t.Errorf("%.80s answers %d « %s »", path, page.Status, page.H1())
		}
	}
}

// HEAD answers as GET does, without a body.
func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	for _, r := range routes(t, p) {
		if !slices.Contains(r.methods, "HEAD") {
			continue
		}
		get, _ := send(t, "GET", p.URL+r.path, nil)
		head, body := send(t, "HEAD", p.URL+r.path, nil)
		for _, name := range []string{"Content-Type", "Location", "Content-Security-Policy"} {
			if get.Header.Get(name) != head.Header.Get(name) {
				t.Errorf("HEAD %s has %s %q, GET %q", r.path, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
		if head.StatusCode != get.StatusCode || body != "" || head.ContentLength >= 0 && get.ContentLength >= 0 && head.ContentLength != get.ContentLength {
			t.Errorf("HEAD %s answers %d with %d bytes announced, GET %d with %d", r.path, head.StatusCode, head.ContentLength, get.StatusCode, get.ContentLength)
		}
	}
}

// values is url.Values from pairs.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}
