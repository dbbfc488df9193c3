package provider_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"loge/provider/config"
	"loge/provider/providertest"
)

const forged = "forge.example"

// forgery is what a client, or a proxy nobody listed, may write.
var forgery = http.Header{
	"Host":              {forged},
	"X-Forwarded-Host":  {forged},
	"X-Forwarded-Proto": {"gopher"},
	"X-Forwarded-For":   {"192.0.2.66, " + forged},
	"X-Forwarded-Port":  {"99999999"},
	"X-Real-Ip":         {"192.0.2.66"},
	"X-Original-Url":    {"/" + forged},
	"X-Rewrite-Url":     {"/" + forged},
	"X-Http-Method":     {"DELETE"},
	"X-Request-Id":      {forged},
	"Forwarded":         {"for=192.0.2.66;host=" + forged + ";proto=gopher"},
}

var forgedText = regexp.MustCompile(`(?i)forge\.example|192\.0\.2\.66|gopher|99999999`)

// class 3: links, redirects and cookies are made of the configured issuer alone.
func TestForgedHostAppearsNowhere(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	for _, r := range routes(t, p) {
		for _, method := range r.methods {
			plain, _ := send(t, method, p.URL+r.path, nil)
			answer, body := send(t, method, p.URL+r.path, forgery)
			if found := forgedText.FindString(headerText(answer.Header) + body); found != "" {
				t.Errorf("%s %s shows %q:\n%s%s", method, r.path, found, headerText(answer.Header), body)
			}
			if answer.StatusCode != plain.StatusCode || answer.Header.Get("Location") != plain.Header.Get("Location") {
				t.Errorf("%s %s answers %d %q, without forged headers %d %q", method, r.path,
					answer.StatusCode, answer.Header.Get("Location"), plain.StatusCode, plain.Header.Get("Location"))
			}
		}
	}
}

// class 3: an address in absolute form, which browsers send to proxies only,
// and paths that the router cleans.
func TestAbsoluteRequestTargetIsNotFollowed(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	for _, target := range []string{"http://" + forged + "/connexion", "http://" + forged + "//connexion", "http://" + forged + "/x/../connexion",
		"//" + forged + "/..", "//" + forged, "/\\" + forged + "/..", "/./" + forged + "//"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.Address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, forged)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		location := answer.Header.Get("Location")
		if strings.Contains(location, "://") || strings.HasPrefix(location, "//") || strings.HasPrefix(location, `/\`) || strings.Contains(string(body), "://"+forged) {
			t.Errorf("%s leads to %q (%d)", target, location, answer.StatusCode)
		}
	}
}

// class 3: a whole first sign-in behind forged headers ends as without them, and
// nothing of them reaches a mail or a letter.
func TestForgedHeadersChangeNothingInTheSignIn(t *testing.T) {
	t.Parallel()
	for _, addresses := range []string{"192.0.2.66, " + forged, "garbage", "", ",,,", strings.Repeat("1.2.3.4, ", 500), "unknown", "[::1", "-", "\xff"} {
		w := newWorld(t, providertest.Options{Change: func(c *config.Config) {
			c.TrustedProxies = config.Prefixes{netip.MustParsePrefix("127.0.0.0/8")} // even from a listed proxy
		}})
		b := w.Browser()
		b.Header = forgery.Clone()
		b.Header.Del("Host") // the cookies' jar goes by it
		b.Header.Set("X-Forwarded-For", addresses)
		w.email = "odile.m@exemple.fr"
		page := b.Get(w.URL + "/connexion")
		page = page.Submit("identifiant", w.identifier, "mot_de_passe", "faux")
		if expect(t, page, onLogin); !page.Says(wrongCouple) {
			t.Errorf("X-Forwarded-For %.20q lets a wrong password pass:\n%s", addresses, page.Text())
		}
		page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
		w.walk(page, onAccount)
		w.Deliver()
		for _, file := range mustGlob(t, filepath.Join(w.Mails, "*.eml")) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := forgedText.Find(content); found != nil {
				t.Errorf("a mail shows %q:\n%s", found, content)
			}
		}
	}
}

// class 3: a Host of an attacker's does not make his page the same site.
func TestForgedHostDoesNotMakeAnotherSiteOurs(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	answer, _ := send(t, "POST", p.URL+"/connexion", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"http://" + forged}, "Host": {forged}})
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b) // a strings.Builder takes everything
	return b.String()
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	return files
}
