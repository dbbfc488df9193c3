package telemetry

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes bounds the scrapes at once, and with them their queries.
const maxScrapes = 4

// Handler serves /metrics and /healthz.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	// Without the database the metrics that need it are missing, and the others
	// are what helps.
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError,
		ErrorLog: slog.NewLogLogger(m.Log.Handler(), slog.LevelWarn), MaxRequestsInFlight: maxScrapes}))
	mux.HandleFunc("GET /healthz", m.health)
	return mux
}

// health answers 200 when the database answers a query and 503 otherwise. Why
// stands in the log only: the cause may name hosts and files.
func (m *Metrics) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	answer := "ok\n"
	if err := m.DB.Ping(ctx); err != nil {
		m.Log.WarnContext(ctx, "health check failed", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		answer = "the database does not answer\n"
	}
	_, _ = io.WriteString(w, answer) // fails only when the client has gone
}
