package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"loge/provider/outbound"
)

func TestNetworksOnTheListAreAsked(t *testing.T) {
	s, asked := neighbour(t, nil)
	response, err := post(trusting(s), "https://example.com:"+port(t, s))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if asked.Load() != 1 {
		t.Errorf("asked %d times, want once", asked.Load())
	}
	if _, err := post(trusting(s), "https://10.0.0.1/"); !errors.Is(err, outbound.ErrNetwork) {
		t.Errorf("another network than the one on the list: %v, want ErrNetwork", err)
	}
}

func TestPlainHTTPIsForLoopbackOfALoopbackIssuer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	response, err := post(outbound.Options{Loopback: true}, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	all := outbound.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}
	if _, err := post(all, s.URL); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("http from an https issuer: %v, want ErrAddress", err)
	}
	all.Loopback, all.Resolve = true, names{"app.example": {"127.0.0.1"}}.resolve
	if _, err := post(all, "http://app.example/"); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("http to a name: %v, want ErrAddress", err)
	}
}

func TestAddressesAreCheckedByTheirForm(t *testing.T) {
	for _, good := range []string{"https://app.example/logout", "https://app.example:8443/a?b=c", "https://[2a00:1450::1]/"} {
		if err := outbound.CheckAddress(good, false); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "app.example/logout", "//app.example/logout", "https:///logout", "https:app.example", "http://app.example/", "ftp://app.example/",
		"file:///etc/passwd", "gopher://app.example/", "https://user@app.example/", "https://app.example@10.0.0.1/", "https://app.example/#", "https://app.example/#a",
		"https://app.example/\\x", "https://app.example/ x", "https://app.example/\r\nX: y", "https://é.example/", "https://:443/", "http://127.0.0.1/",
		"https://" + strings.Repeat("a", 3000) + ".example/", "https://[::1", "HTTPS ://x/"} {
		if err := outbound.CheckAddress(bad, false); !errors.Is(err, outbound.ErrAddress) {
			t.Errorf("%q: %v, want ErrAddress", bad, err)
		}
	}
	for _, local := range []string{"http://127.0.0.1:8080/logout", "http://localhost:8080/logout", "http://[::1]:8080/logout"} {
		if err := outbound.CheckAddress(local, true); err != nil {
			t.Errorf("%s beside a loopback issuer: %v", local, err)
		}
	}
	if err := outbound.CheckAddress("http://192.168.0.1/", true); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("http to a neighbour: %v, want ErrAddress", err)
	}
}

// Whatever is accepted is what it looks like: https to a host and nothing hidden.
func FuzzCheckAddress(f *testing.F) {
	for _, seed := range []string{"https://app.example/logout", "https://a@b/", "https://a#b", "https://[::1%25x]/", "https:a", "//a", "https://a\\b", "http://localhost/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if outbound.CheckAddress(raw, false) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(raw, "#\\@ \t\r\n") && !strings.Contains(u.RequestURI(), "@") {
			t.Errorf("%q was accepted: %#v, %v", raw, u, err)
		}
	})
}
