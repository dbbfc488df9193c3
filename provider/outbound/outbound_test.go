package outbound_test

import (
	"context"
	"crypto/x509"
	"errors"
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
)

// names is a resolver that knows these hosts; a host with several answers gives
// the next one at each question.
type names map[string][]string

func (n names) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	list := n[host]
	if len(list) == 0 {
		return nil, errors.New("no such host")
	}
	if len(list) > 1 {
		n[host] = list[1:]
	}
	var addrs []netip.Addr
	for _, text := range strings.Fields(list[0]) {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

// neighbour is a service on this machine that nobody outside may reach.
func neighbour(t *testing.T, h http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if h != nil {
			h(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s, &asked
}

func port(t *testing.T, s *httptest.Server) string {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// trusting returns options that reach s and believe its certificate, which is
// made out to example.com and 127.0.0.1.
func trusting(s *httptest.Server) outbound.Options {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return outbound.Options{RootCAs: pool, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Resolve: names{"example.com": {"127.0.0.1"}}.resolve}
}

func post(o outbound.Options, address string) (*http.Response, error) {
	return outbound.New(o).Post(address, "application/x-www-form-urlencoded", strings.NewReader("a=b"))
}

// security-classes.md 14: addresses inside are refused, however they are written.
func TestNeighboursAreNotAsked(t *testing.T) {
	s, asked := neighbour(t, nil)
	p := port(t, s)
	names := names{"metadata.example": {"169.254.169.254"}, "inside.example": {"10.1.2.3"}, "self.example": {"127.0.0.1"}, "self6.example": {"::1"},
		"both.example": {"93.184.215.14 127.0.0.1"}, "mapped.example": {"::ffff:127.0.0.1"}, "127.1": {"127.0.0.1"}, "2130706433": {"127.0.0.1"},
		"0x7f.0.0.1": {"127.0.0.1"}, "localhost": {"127.0.0.1"}, "localhost.": {"127.0.0.1"}, "zone.example": {"fe80::1%lo"}}
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
		"192.0.2.1", "198.18.0.1", "203.0.113.7", "224.0.0.1", "255.255.255.255",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[ff02::1]", "[fe80::1%25lo]",
		"metadata.example", "inside.example", "self.example", "self6.example", "both.example", "mapped.example", "127.1", "2130706433", "0x7f.0.0.1",
		"localhost", "localhost.", "zone.example",
	} {
		_, err := post(outbound.Options{Resolve: names.resolve}, "https://"+host+":"+p+"/")
		if !errors.Is(err, outbound.ErrNetwork) {
			t.Errorf("%s: %v, want ErrNetwork", host, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the neighbour was asked %d times", n)
	}
}

// A name that is public when it is checked and a neighbour's a moment later:
// the connection goes to the address that was checked.
func TestNameCannotChangeItsMeaningAfterTheCheck(t *testing.T) {
	s, asked := neighbour(t, nil)
	questions := 0
	o := outbound.Options{Timeout: 300 * time.Millisecond, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		if questions++; questions == 1 {
			return []netip.Addr{netip.MustParseAddr("192.31.196.1")}, nil // public, and nobody answers there
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	if _, err := post(o, "https://rebind.example:"+port(t, s)+"/"); err == nil {
		t.Error("somebody answered")
	}
	if questions != 1 || asked.Load() != 0 {
		t.Errorf("resolved %d times, the neighbour was asked %d times; want once and never", questions, asked.Load())
	}
	// The next request is checked anew.
	if _, err := post(o, "https://rebind.example:"+port(t, s)+"/"); !errors.Is(err, outbound.ErrNetwork) {
		t.Errorf("second request: %v, want ErrNetwork", err)
	}
}

// A connection that is open does not carry a request past the check.
func TestOpenConnectionIsNotUsedAgain(t *testing.T) {
	s, asked := neighbour(t, nil)
	o := trusting(s)
	o.Resolve = names{"example.com": {"127.0.0.1", "10.0.0.1"}}.resolve
	client := outbound.New(o)
	for i, want := range []error{nil, outbound.ErrNetwork} {
		response, err := client.Get("https://example.com:" + port(t, s))
		if !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", i, err, want)
		}
		if err == nil {
			response.Body.Close()
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times, want once", asked.Load())
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	inside, asked := neighbour(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, _ := neighbour(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.URL, status) })
		if _, err := post(trusting(s), s.URL); !errors.Is(err, outbound.ErrRedirect) {
			t.Errorf("%d: %v, want ErrRedirect", status, err)
		}
	}
	if asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestEndlessBodyEnds(t *testing.T) {
	s, _ := neighbour(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	o := trusting(s)
	o.MaxBytes = 10_000
	response, err := post(o, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if !errors.Is(err, outbound.ErrTooLarge) || len(body) != 10_000 {
		t.Errorf("read %d bytes, %v; want 10000 and ErrTooLarge", len(body), err)
	}
}

func TestBodyOfTheAllowedSizeIsWhole(t *testing.T) {
	s, _ := neighbour(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10_000)) })
	o := trusting(s)
	o.MaxBytes = 10_000
	response, err := post(o, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || len(body) != 10_000 {
		t.Errorf("read %d bytes, %v", len(body), err)
	}
}

// A small answer that unpacks to a large one stays as small as it came.
func TestCompressedBodyIsNotUnpacked(t *testing.T) {
	s, _ := neighbour(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("Accept-Encoding: %s", r.Header.Get("Accept-Encoding"))
		}
	})
	response, err := post(trusting(s), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

func TestSilentAndSlowServersEnd(t *testing.T) {
	done := make(chan struct{})
	silent, _ := neighbour(t, func(http.ResponseWriter, *http.Request) { <-done })
	slow, _ := neighbour(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-done
	})
	t.Cleanup(func() { close(done) }) // before the servers close, which waits for them
	for name, s := range map[string]*httptest.Server{"silent": silent, "slow": slow} {
		o := trusting(s)
		o.Timeout = 100 * time.Millisecond
		response, err := post(o, s.URL)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		if wait, ok := errors.AsType[net.Error](err); !ok || !wait.Timeout() {
			t.Errorf("%s server: %v, want a timeout", name, err)
		}
	}
}

func TestHugeHeadersEnd(t *testing.T) {
	s, _ := neighbour(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", strings.Repeat("x", 100<<10)) })
	if _, err := post(trusting(s), s.URL); err == nil {
		t.Error("an answer with 100 KiB of headers was taken")
	}
}

func TestCertificateIsChecked(t *testing.T) {
	s, asked := neighbour(t, nil)
	o := trusting(s)
	o.RootCAs = x509.NewCertPool()
	if _, err := post(o, s.URL); err == nil {
		t.Error("an unknown certificate was believed")
	}
	o = trusting(s)
	o.Resolve = names{"other.test": {"127.0.0.1"}}.resolve
	if _, err := post(o, "https://other.test:"+port(t, s)); err == nil {
		t.Error("a certificate made out to somebody else was believed")
	}
	if asked.Load() != 0 {
		t.Error("a request was sent")
	}
}

// The environment cannot route around the check.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, asked := neighbour(t, nil)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	o := outbound.Options{Resolve: names{"public.example": {"10.0.0.1"}}.resolve}
	if _, err := post(o, "https://public.example/"); !errors.Is(err, outbound.ErrNetwork) || asked.Load() != 0 {
		t.Errorf("%v, proxy asked %d times; want ErrNetwork", err, asked.Load())
	}
}
