package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"loge/storage"
)

// queryTimeout bounds what a scrape or a health check waits for the database;
// Prometheus waits 10 seconds, load balancers less.
const queryTimeout = 3 * time.Second

// scrape is what is not counted but asked, when somebody looks.
type scrape struct{ Sources }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	waitingMessages = desc("loge_messages_waiting", "Messages that wait to be sent or printed, on all replicas together.", "channel")
	printedLetters  = desc("loge_letters_printed_total", "Letters ever printed, on all replicas together.", "kind")

	passwordChecks   = desc("loge_password_computations", "Argon2 computations now, running or waiting for their turn.", "state")
	passwordsRefused = desc("loge_password_computations_refused_total", "Argon2 computations refused because too many were waiting.")

	connections     = desc("loge_database_connections", "Connections to the database, in use or idle.", "state")
	connectionLimit = desc("loge_database_connections_limit", "Connections to the database there may be at most.")
	connectionWaits = desc("loge_database_waits_total", "How often somebody waited for a connection.")
	connectionDelay = desc("loge_database_wait_seconds_total", "How long everybody together waited for a connection.")
)

// Describe implements prometheus.Collector.
func (scrape) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingMessages, printedLetters, passwordChecks, passwordsRefused,
		connections, connectionLimit, connectionWaits, connectionDelay} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s scrape) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	total := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	running, waiting, refused := s.Passwords()
	gauge(passwordChecks, float64(running), "running")
	gauge(passwordChecks, float64(waiting), "waiting")
	total(passwordsRefused, float64(refused))

	stats := s.DB.Stats()
	gauge(connections, float64(stats.InUse), "in_use")
	gauge(connections, float64(stats.Idle), "idle")
	gauge(connectionLimit, float64(stats.MaxOpenConnections))
	total(connectionWaits, float64(stats.WaitCount))
	total(connectionDelay, stats.WaitDuration.Seconds())

	// A collector gets no context: the limit is its own.
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	queued, err := s.DB.QueuedMessages(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(waitingMessages, fmt.Errorf("count messages: %w", err))
		return // the other question would fail too, and as slowly
	}
	for _, channel := range []string{storage.ByEmail, storage.ByLetter} {
		gauge(waitingMessages, float64(queued[channel]), channel)
	}
	printed, err := s.DB.PrintedLetters(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(printedLetters, fmt.Errorf("count letters: %w", err))
		return
	}
	for kind, n := range printed {
		total(printedLetters, float64(n), kind)
	}
}
