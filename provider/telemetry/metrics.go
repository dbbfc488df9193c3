package telemetry

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"loge/storage"
)

// Sources are what the metrics are read from. All fields are needed.
type Sources struct {
	DB *storage.DB
	// Passwords tells how many Argon2 computations run and wait now, and how
	// many were refused so far.
	Passwords func() (running, waiting int, refused int64)
	Now       func() time.Time
	Log       *slog.Logger
}

// Metrics counts what it is told. Its methods may be called from anywhere.
type Metrics struct {
	Sources
	registry *prometheus.Registry
	answers  *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
	tokens   *prometheus.CounterVec
	mails    *prometheus.CounterVec
	success  *prometheus.GaugeVec
	failures *prometheus.CounterVec
}

// buckets are bounds of an answer's time in seconds: an address of the protocol
// takes 1 or 2 ms, a password 50 ms, and from 10 s on people have gone.
var buckets = []float64{.002, .01, .05, .1, .25, 1, 2.5, 10}

// New returns metrics that are all zero.
func New(s Sources) *Metrics {
	m := &Metrics{Sources: s, registry: prometheus.NewRegistry(),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "loge_http_request_duration_seconds", Buckets: buckets,
			Help: "Answers on the public address, by route template, method and status class; 429, a sign-in that has to wait, by itself."},
			[]string{"route", "method", "status"}),
		signIns:  counter("loge_sign_ins_total", "Passwords compared, by result.", "result"),
		tokens:   counter("loge_tokens_issued_total", "Answers with an access token, by type of grant.", "grant_type"),
		mails:    counter("loge_mails_total", "E-mails that left or were given up, by kind.", "kind", "outcome"),
		success:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "loge_job_last_success_timestamp_seconds", Help: "When the job last succeeded here; 0 = not since the start."}, []string{"name"}),
		failures: counter("loge_job_failures_total", "Runs of the job that failed here.", "name"),
	}
	m.registry.MustRegister(m.answers, m.signIns, m.tokens, m.mails, m.success, m.failures, scrape{m.Sources},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	m.zero()
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// zero shows what can be counted before it happens: a counter that appears with
// its first event hides that event from increase() and rate().
func (m *Metrics) zero() {
	m.signIns.WithLabelValues("succeeded")
	m.signIns.WithLabelValues("failed")
	m.tokens.WithLabelValues("authorization_code")
	for _, kind := range []string{storage.MessageIdentifier, storage.MessageProvisional, storage.MessageEmailCode,
		storage.MessagePasswordChanged, storage.MessageAdministratorAppointed} {
		m.mails.WithLabelValues(kind, "sent")
		m.mails.WithLabelValues(kind, "failed")
	}
}

// Answered counts one answer. route is the template of the matched route, ""
// when none matched; the method may be anything that a client invents.
func (m *Metrics) Answered(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "unknown"
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		method = "other"
	}
	m.answers.WithLabelValues(route, method, class(status)).Observe(took.Seconds())
}

func class(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "429"
	case status >= 500:
		return "5xx"
	case status >= 400:
		return "4xx"
	case status >= 300:
		return "3xx"
	}
	return "2xx"
}

// Audited counts an event of the journal, once it is stored.
func (m *Metrics) Audited(e storage.AuditEvent) {
	switch e.Action {
	case "signin.succeeded":
		m.signIns.WithLabelValues("succeeded").Inc()
	case "signin.failed":
		m.signIns.WithLabelValues("failed").Inc()
	case "token.issued":
		m.tokens.WithLabelValues(e.Details["grant_type"]).Inc()
	case "message.sent":
		m.mails.WithLabelValues(e.Details["kind"], "sent").Inc()
	case "message.failed":
		m.mails.WithLabelValues(e.Details["kind"], "failed").Inc()
	}
}

// Job returns what is to be told how each run of that job ended.
func (m *Metrics) Job(name string) func(err error) {
	success, failures := m.success.WithLabelValues(name), m.failures.WithLabelValues(name)
	return func(err error) {
		if err != nil {
			failures.Inc()
			return
		}
		success.Set(float64(m.Now().Unix()))
	}
}
