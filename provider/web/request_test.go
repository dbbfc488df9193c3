package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"loge/provider/web"
	"loge/storage"
)

// logged is a logger and the lines it has written.
func logged(t *testing.T) (*slog.Logger, func() []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	return slog.New(slog.NewJSONHandler(&b, nil)), func() (lines []map[string]any) {
		for line := range strings.Lines(b.String()) {
			m := map[string]any{}
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, m)
		}
		return lines
	}
}

// serve runs one request through the whole chain around a router with one
// route, /textes/{kind}.
func serve(t *testing.T, r *http.Request, h func(http.ResponseWriter, *http.Request) error) (*httptest.ResponseRecorder, []map[string]any) {
	t.Helper()
	p := newPages(t)
	log, lines := logged(t)
	p.Log = log
	router := mux.NewRouter()
	router.Use(web.Route)
	router.NotFoundHandler = p.NotFound()
	router.Handle("/textes/{kind}", p.Handle(h)).Methods("GET", "POST")
	chain := web.WithRequest(web.AccessLog(log, time.Now, nil, func(string, string, int, time.Duration) {})(p.Recover(web.SecurityHeaders(issuer)(router))))
	w := httptest.NewRecorder()
	chain.ServeHTTP(w, r)
	return w, lines()
}

func TestEveryErrorBecomesOnePage(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		h1     string
		logs   int // lines besides the access log
	}{
		{"told", fmt.Errorf("step: %w", &web.Error{Status: 400, Message: "error.form"}), 400, "Nous n’avons pas pu lire ce formulaire", 0},
		{"not found", fmt.Errorf("load: %w", storage.ErrNotFound), 404, "Cette page n’existe pas", 0},
		{"bug", errors.New("secret detail"), 500, "Désolé, le service rencontre un problème", 1},
	}
	for _, tt := range tests {
		w, lines := serve(t, httptest.NewRequest("GET", "/textes/regles", nil),
			func(http.ResponseWriter, *http.Request) error { return tt.err })
		d := parse(t, w.Body.String())
		if w.Code != tt.status || d.Find("h1").Text() != tt.h1 {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, w.Code, d.Find("h1").Text(), tt.status, tt.h1)
		}
		if strings.Contains(w.Body.String(), "secret detail") {
			t.Errorf("%s: the cause is on the page", tt.name)
		}
		if len(lines) != tt.logs+1 {
			t.Errorf("%s: %d log lines, want %d", tt.name, len(lines), tt.logs+1)
		}
	}
}

func TestTheReferenceLeadsFromThePageToTheLog(t *testing.T) {
	w, lines := serve(t, httptest.NewRequest("GET", "/textes/regles?code=secret", nil),
		func(http.ResponseWriter, *http.Request) error { return errors.New("disk full") })
	id := w.Header().Get("X-Request-Id")
	if !regexp.MustCompile(`^[CDFGHJKMNPQRTVWXY3479]{5}-[CDFGHJKMNPQRTVWXY3479]{5}$`).MatchString(id) {
		t.Fatalf("request id %q", id)
	}
	if !strings.Contains(w.Body.String(), "Référence\u00a0: "+id) {
		t.Error("the reference is not on the page")
	}
	if len(lines) != 2 || lines[0]["request"] != id || lines[0]["error"] != "error.internal: disk full" {
		t.Errorf("log %v", lines)
	}
	access := lines[len(lines)-1]
	if access["route"] != "/textes/{kind}" || access["status"] != 500.0 || access["request"] != id || access["method"] != "GET" || access["address"] != "192.0.2.1" {
		t.Errorf("access log %v", access)
	}
	if strings.Contains(fmt.Sprint(lines), "secret") {
		t.Errorf("the query is in the log: %v", lines)
	}
}

func TestAClientCannotChooseItsReference(t *testing.T) {
	r := httptest.NewRequest("GET", "/nulle-part", nil)
	r.Header.Set("X-Request-Id", "forged")
	w, lines := serve(t, r, nil)
	if w.Header().Get("X-Request-Id") == "forged" || w.Code != 404 || len(lines) != 1 || lines[0]["route"] != "" || lines[0]["status"] != 404.0 {
		t.Errorf("got %d, %v, log %v", w.Code, w.Header(), lines)
	}
	if web.RequestID(context.Background()) != "" {
		t.Error("a number outside a request")
	}
}

func TestAPanicIsAPageWithoutItsStack(t *testing.T) {
	w, lines := serve(t, httptest.NewRequest("GET", "/textes/regles", nil),
		func(http.ResponseWriter, *http.Request) error { panic("secret detail") })
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Content-Security-Policy"); got == "" {
		t.Error("no policy on the page after a panic")
	}
	if len(lines) != 3 && len(lines) != 2 {
		t.Errorf("log %v", lines)
	}
	if lines[0]["panic"] != "secret detail" || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "request_test.go") {
		t.Errorf("log %v", lines[0])
	}
}

func TestAPanicAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	for name, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"after": func(w http.ResponseWriter, _ *http.Request) error { _, _ = w.Write([]byte("half")); panic("x") },
		"abort": func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("recovered %v, want http.ErrAbortHandler", v)
				}
			}()
			serve(t, httptest.NewRequest("GET", "/textes/regles", nil), h)
			t.Error("the handler returned")
		})
	}
}

func TestAnErrorAfterTheAnswerBeganAddsNothing(t *testing.T) {
	w, _ := serve(t, httptest.NewRequest("GET", "/textes/regles", nil), func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusAccepted)
		return errors.New("late")
	})
	if w.Code != 202 || w.Body.Len() != 0 {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestABrowserThatLeftGetsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w, lines := serve(t, httptest.NewRequest("GET", "/textes/regles", nil).WithContext(ctx),
		func(_ http.ResponseWriter, r *http.Request) error { return fmt.Errorf("load: %w", r.Context().Err()) })
	if w.Body.Len() != 0 || len(lines) != 1 {
		t.Errorf("got %q, log %v", w.Body, lines)
	}
}

func TestMethodNotAllowedNamesTheMethods(t *testing.T) {
	w := httptest.NewRecorder()
	newPages(t).MethodNotAllowed(func(*http.Request) string { return "GET, HEAD" }).ServeHTTP(w, httptest.NewRequest("DELETE", "/connexion", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || !strings.Contains(w.Body.String(), "Cette page ne s’ouvre pas ainsi") {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
}

func TestSeeOtherAsksAgainWithGet(t *testing.T) {
	w := httptest.NewRecorder()
	web.SeeOther(w, httptest.NewRequest("POST", "/connexion", nil), "/connexion/suite?demande=1")
	if w.Code != 303 || w.Header().Get("Location") != "/connexion/suite?demande=1" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
}

func TestAccessLogKnowsTheClientBehindAProxy(t *testing.T) {
	log, lines := logged(t)
	var answered []string
	count := func(route, method string, status int, _ time.Duration) {
		answered = append(answered, fmt.Sprint(route, method, status))
	}
	h := web.AccessLog(log, time.Now, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, count)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("12345"))
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "2001:db8::1")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if l := lines()[0]; l["address"] != "2001:db8::/64" || l["status"] != 200.0 || l["bytes"] != 5.0 {
		t.Errorf("log %v", l)
	}
	if len(answered) != 1 || answered[0] != "GET200" {
		t.Errorf("told of %q", answered)
	}
}
