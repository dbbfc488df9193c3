package oauth_test

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"loge/provider/oauth"
	"loge/provider/outbound"
	"loge/storage"
)

// receiver is the backchannel_logout_uri of an application.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	forms  []url.Values
	status int // of the answer; 0: 200
}

// received returns the tokens that came.
func (r *receiver) received() (tokens []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, form := range r.forms {
		tokens = append(tokens, form.Get("logout_token"))
	}
	return tokens
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// listens runs an application's receiver and lets the provider reach it, over
// https, although it is on this machine.
func (o *op) listens(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		form, parseErr := url.ParseQuery(string(body))
		if err != nil || parseErr != nil || request.Method != "POST" || request.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || request.URL.RawQuery != "" {
			t.Errorf("%s %s with %s %q, %v", request.Method, request.URL, request.Header.Get("Content-Type"), body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.forms = append(r.forms, form)
		switch {
		case r.status >= 300 && r.status < 400:
			http.Redirect(w, request, r.URL+"/elsewhere", r.status)
		case r.status != 0:
			w.WriteHeader(r.status)
		}
	}))
	t.Cleanup(r.Close)
	o.reaches(r.Server)
	return r
}

func (o *op) reaches(s *httptest.Server) {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	o.Outbound = outbound.New(outbound.Options{RootCAs: pool, Timeout: time.Second, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// told registers a client that is told at address of sign-outs.
func (o *op) told(t *testing.T, id, address string, change func(*storage.Client)) {
	t.Helper()
	o.client(t, id, func(c *storage.Client) {
		c.BackchannelLogoutURI = address
		if change != nil {
			change(c)
		}
	})
}

// leaves ends the browser's session, as any page may.
func (b *browser) leaves(t *testing.T) {
	t.Helper()
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return b.op.session.End(ctx, q, b.session.ID) })
}

func (o *op) sendLogouts(t *testing.T) {
	t.Helper()
	if err := o.SendLogouts(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// logoutOf returns what is stored for one client.
func (b *browser) logoutOf(t *testing.T, clientID string) storage.Logout {
	t.Helper()
	list, err := b.db.LogoutsOf(t.Context(), b.session.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(l storage.Logout) bool { return l.ClientID == clientID })
	if i < 0 {
		t.Fatalf("nothing is stored for %s: %+v", clientID, list)
	}
	return list[i]
}

// verifier is go-oidc, as an application uses it.
func (o *op) verifier(t *testing.T, clientID string) (*oidc.IDTokenVerifier, context.Context) {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: inProcess{o.handler}})
	p, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return p.Verifier(&oidc.Config{ClientID: clientID, Now: o.Now, SupportedSigningAlgs: oauth.Algorithms()}), ctx
}
