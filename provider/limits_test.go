package provider_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"loge/provider/providertest"
)

// class 13: what is too large is refused with a page or an error of the
// protocol, on every address, before anything else looks at it.
func TestTooLargeRequestsAreRefused(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	large := map[string]func(r *http.Request){
		"many parameters": func(r *http.Request) { r.URL.RawQuery = strings.Repeat("a=1&", 5000) },
		"a long query":    func(r *http.Request) { r.URL.RawQuery = "demande=" + strings.Repeat("a", 20000) },
		"a broken query":  func(r *http.Request) { r.URL.RawQuery = "demande=%zz&%&a;b" },
		"a long header":   func(r *http.Request) { r.Header.Set("X-Long", strings.Repeat("a", 40<<10)) },
		"many headers": func(r *http.Request) {
			for i := range 2000 {
				r.Header.Set(fmt.Sprint("X-", i), "aaaaaaaaaa")
			}
		},
		"a long cookie": func(r *http.Request) {
			r.Header.Set("Cookie", "loge-session="+strings.Repeat("a", 20000)+"; loge-flow="+strings.Repeat("b", 8000))
		},
		"many cookies":   func(r *http.Request) { r.Header.Set("Cookie", strings.Repeat("session=a; flow=b; ", 1000)) },
		"a long token":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 20000)) },
		"a broken token": func(r *http.Request) { r.Header.Set("Authorization", "Basic %%%") },
	}
	bodies := map[string]string{
		"a large body": "code=" + strings.Repeat("a", 100<<10), "many fields": strings.Repeat("a=1&", 300), "a broken body": "code=%zz&grant_type=%ff", "no body": "",
	}
	for _, r := range routes(t, p) {
		for _, method := range r.methods {
			for name, enlarge := range large {
				answer, body := limited(t, method, p.URL+r.path, "", enlarge)
				checkLimited(t, method+" "+r.path+": "+name, answer, body)
			}
			if method != "POST" {
				continue
			}
			for name, content := range bodies {
				answer, body := limited(t, method, p.URL+r.path, content, func(*http.Request) {})
				checkLimited(t, method+" "+r.path+": "+name, answer, body)
				if name == "a large body" && answer.StatusCode < 400 {
					t.Errorf("POST %s takes a large body: %d", r.path, answer.StatusCode)
				}
			}
		}
	}
	if logged := p.Logged.String(); strings.Contains(logged, `"level":"ERROR"`) || strings.Contains(logged, "panic") {
		t.Error("the log holds errors of ours")
	}
}

func limited(t *testing.T, method, address, content string, enlarge func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	enlarge(r)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %.60s: %v", method, address, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Request = r
	return answer, string(body)
}

// checkLimited: no 5xx, and what is refused is refused with words.
func checkLimited(t *testing.T, what string, answer *http.Response, body string) {
	t.Helper()
	switch {
	case answer.StatusCode >= 500:
		t.Errorf("%s answers %d", what, answer.StatusCode)
	case answer.StatusCode == http.StatusRequestHeaderFieldsTooLarge: // net/http's own, before any handler
	case answer.StatusCode >= 400 && body == "" && answer.Request.Method != "HEAD" && answer.Header.Get("WWW-Authenticate") == "" &&
		answer.Request.URL.Path != "/connexion/prolonger": // which only the script of a page asks
		t.Errorf("%s answers %d without a word", what, answer.StatusCode)
	}
}

// class 13: what strangers choose (languages, scopes, states, identifiers, old
// cookies) is kept nowhere in memory.
//
// Not parallel: it looks at the memory of the process.
func TestMemoryStaysFlatUnderRandomRequests(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz-_. "[random.IntN(30)]
		}
		return string(b)
	}
	burst := func(n int) uint64 {
		for range n {
			q := parse(t, w.partner.OAuth.AuthCodeURL(text(1000))).Query()
			for _, name := range []string{"ui_locales", "claims_locales", "acr_values", "display", "claims", text(20)} {
				q.Set(name, text(500))
			}
			q.Set("scope", "openid "+text(500))
			q.Set("prompt", "none")
			for _, address := range []string{"/oauth2/authorize?" + q.Encode(), "/oauth2/authorize?client_id=" + url.QueryEscape(text(100)), "/connexion?demande=" + url.QueryEscape(text(100)), "/" + url.PathEscape(text(50))} {
				answer, _ := send(t, "GET", w.URL+address, http.Header{"Accept-Language": {text(200)}, "Cookie": {"loge-session=" + strings.ReplaceAll(text(150), " ", "")}, "User-Agent": {text(300)}})
				if answer.StatusCode >= 500 {
					t.Fatalf("%.100s answers %d", address, answer.StatusCode)
				}
			}
		}
		w.Logged.Reset()
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var after []uint64
	burst(50) // whatever is kept on purpose is there now
	for range 3 {
		after = append(after, burst(150))
	}
	if growth := int64(slices.Min(after[1:])) - int64(after[0]); growth > 1<<20 { // 600 requests of 5 kB hold more than 3 MB
		t.Errorf("the heap grows by %d kB over 600 requests: %v", growth>>10, after)
	}
}
