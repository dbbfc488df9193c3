package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"loge/storage"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// open returns a database that the test may close itself.
func open(t testing.TB) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func newMetrics(t testing.TB, db *storage.DB, log *slog.Logger) *Metrics {
	t.Helper()
	return New(Sources{DB: db, Passwords: func() (int, int, int64) { return 2, 5, 7 }, Now: func() time.Time { return now }, Log: log})
}

func get(t *testing.T, m *Metrics, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func shows(t *testing.T, scraped string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, " ")
			name, _, _ = strings.Cut(name, "{")
			t.Errorf("no line %s; of that name:\n%s", line, grep(scraped, name))
		}
	}
}

func grep(text, prefix string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

func TestEverythingIsShown(t *testing.T) {
	db := open(t)
	t.Cleanup(func() { db.Close() })
	m := newMetrics(t, db, slog.New(slog.DiscardHandler))
	_, scraped := get(t, m, "/metrics")
	shows(t, scraped, // before anything happens, so that increase() sees the first time
		`loge_sign_ins_total{result="failed"} 0`,
		`loge_tokens_issued_total{grant_type="authorization_code"} 0`,
		`loge_mails_total{kind="email_code",outcome="failed"} 0`)

	for _, e := range []storage.AuditEvent{
		{Action: "signin.succeeded"}, {Action: "signin.failed"}, {Action: "signin.failed"},
		{Action: "token.issued", Details: map[string]string{"grant_type": "authorization_code"}},
		{Action: "message.sent", Details: map[string]string{"kind": "identifier"}},
		{Action: "message.failed", Details: map[string]string{"kind": "provisional"}},
		{Action: "password.changed"},
	} {
		m.Audited(e)
	}
	mail := m.Job("mail")
	mail(nil)
	mail(errors.New("relay"))
	m.Job("purge")
	m.Answered("/connexion", "POST", 303, 60*time.Millisecond)
	m.Answered("/connexion", "POST", 429, time.Millisecond)

	status, scraped := get(t, m, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, scraped)
	}
	shows(t, scraped,
		`loge_sign_ins_total{result="succeeded"} 1`,
		`loge_sign_ins_total{result="failed"} 2`,
		`loge_tokens_issued_total{grant_type="authorization_code"} 1`,
		`loge_mails_total{kind="identifier",outcome="sent"} 1`,
		`loge_mails_total{kind="provisional",outcome="failed"} 1`,
		`loge_job_last_success_timestamp_seconds{name="mail"} 1.7954244e+09`,
		`loge_job_last_success_timestamp_seconds{name="purge"} 0`,
		`loge_job_failures_total{name="mail"} 1`,
		`loge_job_failures_total{name="purge"} 0`,
		`loge_http_request_duration_seconds_bucket{method="POST",route="/connexion",status="3xx",le="0.05"} 0`,
		`loge_http_request_duration_seconds_bucket{method="POST",route="/connexion",status="3xx",le="0.1"} 1`,
		`loge_http_request_duration_seconds_count{method="POST",route="/connexion",status="429"} 1`,
		`loge_password_computations{state="running"} 2`,
		`loge_password_computations{state="waiting"} 5`,
		`loge_password_computations_refused_total 7`,
		`loge_messages_waiting{channel="email"} 0`,
		`loge_messages_waiting{channel="letter"} 0`)
	for _, name := range []string{"loge_database_connections{", "loge_database_connections_limit ", "loge_database_waits_total ",
		"loge_database_wait_seconds_total ", "go_goroutines ", "process_resident_memory_bytes ", "go_build_info{"} {
		if grep(scraped, name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

// The operator's guide lists every metric of ours, and no other.
func TestGuideListsEveryMetric(t *testing.T) {
	guide, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(loge_\\w+)` \\|").FindAllStringSubmatch(string(guide), -1) {
		listed[row[1]] = true
	}
	described := make(chan *prometheus.Desc, 100)
	newMetrics(t, nil, nil).registry.Describe(described)
	close(described)
	name := regexp.MustCompile(`fqName: "(loge_\w+)"`)
	for d := range described {
		found := name.FindStringSubmatch(d.String())
		if found == nil {
			continue // of every Go program
		}
		if !listed[found[1]] {
			t.Errorf("%s is not in docs/operating.md", found[1])
		}
		delete(listed, found[1])
	}
	for name := range listed {
		t.Errorf("docs/operating.md lists %s, which does not exist", name)
	}
}

func TestWhatClientsInventAddsNoSeries(t *testing.T) {
	db := open(t)
	t.Cleanup(func() { db.Close() })
	m := newMetrics(t, db, slog.New(slog.DiscardHandler))
	for i := range 1000 {
		m.Answered("", fmt.Sprintf("BREW%d", i), 404, 0)
	}
	for status := 100; status < 600; status++ {
		m.Answered("/", "GET", status, 0)
	}
	_, scraped := get(t, m, "/metrics")
	series := grep(scraped, "loge_http_request_duration_seconds_count")
	if n := strings.Count(series, "\n"); n != 1+5 {
		t.Errorf("%d series, want 6:\n%s", n, series)
	}
}

func TestWithoutDatabase(t *testing.T) {
	db := open(t)
	var logged bytes.Buffer
	m := newMetrics(t, db, slog.New(slog.NewTextHandler(&logged, nil)))
	if status, body := get(t, m, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("healthy: %d %q", status, body)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	status, body := get(t, m, "/healthz")
	if status != http.StatusServiceUnavailable || body != "the database does not answer\n" {
		t.Errorf("unhealthy: %d %q", status, body)
	}
	if !strings.Contains(logged.String(), "health check failed") {
		t.Errorf("log: %s", logged.String())
	}
	status, scraped := get(t, m, "/metrics")
	if status != http.StatusOK || grep(scraped, "loge_messages_waiting") != "" {
		t.Errorf("metrics without a database: %d\n%s", status, grep(scraped, "loge_messages_waiting"))
	}
	shows(t, scraped, `loge_sign_ins_total{result="failed"} 0`, `loge_password_computations_refused_total 7`)
}

func TestNothingElseIsServed(t *testing.T) {
	db := open(t)
	t.Cleanup(func() { db.Close() })
	m := newMetrics(t, db, slog.New(slog.DiscardHandler))
	for _, path := range []string{"/", "/connexion", "/debug/pprof/", "/metrics/x"} {
		if status, _ := get(t, m, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestCountingAnAnswerAllocatesNothing(t *testing.T) {
	m := newMetrics(t, nil, nil)
	if n := testing.AllocsPerRun(1000, func() { m.Answered("/oauth2/token", "POST", 200, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations for each answer", n)
	}
}

func BenchmarkAnswered(b *testing.B) {
	m := newMetrics(b, nil, nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Answered("/oauth2/token", "POST", 200, time.Millisecond)
		}
	})
}
