package oauth_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"loge/provider/outbound"
	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

// listensAt runs a server over https at a loopback address of its own.
func listensAt(t *testing.T, address string, h http.HandlerFunc) (s *httptest.Server, asked *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int64{}
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); h(w, r) }))
	s.Listener.Close()
	s.Listener = l
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, asked
}

// security-classes.md 14: whatever an address is for, and however it leads
// there, nothing of a client's makes us ask a neighbour, follow somebody there,
// or wait and read for ever.
func TestNothingAClientNamesReachesANeighbour(t *testing.T) {
	neighbour, asked := listensAt(t, "127.0.0.1", func(http.ResponseWriter, *http.Request) {})
	port := neighbour.URL[strings.LastIndex(neighbour.URL, ":")+1:]
	// The application's own server is in a network that is open.
	application, reached := listensAt(t, "127.0.0.2", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that its client has gone
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, neighbour.URL, http.StatusFound)
		case "/redirect-307":
			http.Redirect(w, r, "https://localhost:"+port, http.StatusTemporaryRedirect)
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(`["` + strings.Repeat("x", 1<<16))); err != nil {
					return
				}
			}
		case "/silent":
			<-r.Context().Done()
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 64<<10))
		case "/fine":
		default:
			t.Errorf("asked %s", r.URL)
		}
	})
	pool := x509.NewCertPool()
	pool.AddCert(application.Certificate())
	questions := map[string]int{}
	guarded := outbound.New(outbound.Options{RootCAs: pool, Timeout: 300 * time.Millisecond, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")},
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			questions[host]++
			switch {
			case host == "example.com": // whom its certificate names
				return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
			case host == "rebind.example" && questions[host]%2 == 1:
				return []netip.Addr{netip.MustParseAddr("192.31.196.1")}, nil // public, and silent
			case host == "inside.example", host == "rebind.example":
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			case host == "both.example":
				return []netip.Addr{netip.MustParseAddr("192.31.196.1"), netip.MustParseAddr("127.0.0.1")}, nil
			case host == "cloud.example":
				return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
			}
			return nil, errors.New("no such host")
		}})
	own := "https://example.com" + application.URL[strings.LastIndex(application.URL, ":"):]
	addresses := map[string]string{
		"loopback": neighbour.URL, "IPv6 loopback": "https://[::1]:" + port, "mapped": "https://[::ffff:127.0.0.1]:" + port, "mapped in hex": "https://[::ffff:7f00:1]:" + port,
		"short": "https://127.1:" + port, "number": "https://2130706433:" + port, "zero": "https://0.0.0.0:" + port, "localhost": "https://localhost:" + port,
		"metadata": "https://169.254.169.254/latest/meta-data", "metadata by name": "https://cloud.example/", "private": "https://10.0.0.1/", "unique local": "https://[fd00:ec2::254]/",
		"name of a neighbour": "https://inside.example:" + port, "name of both": "https://both.example:" + port, "name that changes its mind": "https://rebind.example:" + port,
		"http": "http://127.0.0.1:" + port, "user": "https://a:b@127.0.0.1:" + port, "file": "file:///etc/passwd", "gopher": "gopher://127.0.0.1:" + port,
		"redirect": own + "/redirect", "redirect of a POST": own + "/redirect-307",
		"endless body": own + "/endless", "silence": own + "/silent", "huge header": own + "/header",
	}
	// Each asks at the address for something that only a good answer brings.
	purposes := map[string]func(t *testing.T, o *op, b *browser, id, address string) (got bool){
		"jwks_uri": func(t *testing.T, o *op, _ *browser, id, address string) bool {
			o.keysAt(t, id, address)
			return o.works(t, id, newClientKey(t, "ES256", ""))
		},
		"backchannel_logout_uri": func(t *testing.T, o *op, b *browser, id, address string) bool {
			o.told(t, id, address, nil)
			b.signIn(t).consents(t, id, "openid email").idToken(t, id)
			b.leaves(t)
			o.sendLogouts(t)
			return b.logoutOf(t, id).State == storage.LogoutSent && !strings.HasSuffix(address, "/endless") // the status is enough there
		},
		"sector_identifier_uri": func(t *testing.T, o *op, _ *browser, _, address string) bool {
			return o.registers(t, `"sector_identifier_uri":`+quoted(address)) == 201
		},
		"logo_uri": func(t *testing.T, o *op, _ *browser, _, address string) bool {
			return o.registers(t, `"logo_uri":`+quoted(address)) == 201
		},
		"request_uri": func(t *testing.T, o *op, b *browser, _, address string) bool {
			got, _ := b.authorize(t, asks("loyers", "request_uri", address))
			if got.Get("error") != "request_uri_not_supported" {
				t.Errorf("request_uri %s: %v", address, got)
			}
			return got.Has("code")
		},
	}
	for purpose, ask := range purposes {
		b := ready(t, storagetest.Open(t))
		b.Outbound = guarded
		b.invites(t)
		n := 0
		for name, address := range addresses {
			n++
			start := time.Now()
			if ask(t, b.op, b, fmt.Sprint("app-", n), address) {
				t.Errorf("%s, %s: it went well", purpose, name)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("%s, %s: took %v", purpose, name, took)
			}
		}
		before := reached.Load()
		ask(t, b.op, b, "app-fine", own+"/fine")
		if (reached.Load() == before) != (purpose == "request_uri") {
			t.Errorf("%s: the application itself was asked %d times", purpose, reached.Load()-before)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the neighbour was asked %d times", n)
	}
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const invited = "an invitation for many"

// invites lets anybody register who brings invited.
func (o *op) invites(t *testing.T) {
	t.Helper()
	o.write(t, func(ctx context.Context, q *storage.Queries) error {
		return q.CreateInvitation(ctx, storage.Invitation{ID: storage.NewID(), Hash: secret.HashClientSecret(invited), Scopes: "openid", UsesLeft: 1000,
			CreatedAt: o.at(), ExpiresAt: o.at() + 3600})
	})
}

// registers an application, and returns the status of the answer.
func (o *op) registers(t *testing.T, members string) int {
	t.Helper()
	r := httptest.NewRequest("POST", "/oauth2/register", strings.NewReader(`{"redirect_uris":["https://loyers.example/cb"],`+members+`}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+invited)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	if w.Code != 201 && w.Code != 400 {
		t.Errorf("registration: %d %s", w.Code, w.Body)
	}
	return w.Code
}
