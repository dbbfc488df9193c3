package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of the HTTP server. A slow or silent connection costs one of these and
// then ends.
const (
	readTimeout    = 15 * time.Second // header and body: one clock to set for each request
	writeTimeout   = 60 * time.Second // a sign-in may wait for its Argon2 slot
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10 // authorization requests travel in the query

	// shutdownTimeout is how long running requests may take to finish.
	shutdownTimeout = 20 * time.Second
	// scrapeTimeout is how long a running scrape may take then.
	scrapeTimeout = 5 * time.Second
)

// Run listens on the configured address, serves and runs the jobs until ctx
// ends; then it finishes the running requests and returns nil.
func (p *Provider) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", p.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return p.Serve(ctx, listener)
}

// Serve is Run on a listener of the caller's, which it closes.
func (p *Provider) Serve(ctx context.Context, listener net.Listener) error {
	server := p.server(p.handler)
	serve, err := p.secure(server)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	failed := make(chan error, 3)
	stopTelemetry, err := p.serveTelemetry(failed)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopTelemetry() // last: how the end goes can be watched
	stopCertified, err := p.serveCertified(failed)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopCertified()

	jobs, stopJobs := context.WithCancel(ctx)
	var running sync.WaitGroup
	p.startJobs(jobs, &running)
	defer running.Wait()
	defer stopJobs()

	go func() { failed <- serve(listener) }()
	p.Log.Info("serving", "issuer", p.Config.Issuer, "listen", listener.Addr().String())

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", errors.Join(err, server.Close()))
	case <-ctx.Done():
	}
	// The caller's context has ended; the requests still running get their own.
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return fmt.Errorf("stop: %w", errors.Join(err, server.Close()))
	}
	p.Log.Info("stopped")
	return nil
}

func (p *Provider) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:        handler,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(p.Log.Handler(), slog.LevelDebug), // handshakes of scanners
	}
}

// serveTelemetry serves metrics and health on their own address, if there is
// one, until stop is called; a failure meanwhile goes to failed.
func (p *Provider) serveTelemetry(failed chan<- error) (stop func(), err error) {
	if p.Config.Metrics.Listen == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", p.Config.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w: stop what uses the address, or choose another", err)
	}
	server := p.server(p.Telemetry.Handler())
	go func() { failed <- fmt.Errorf("metrics: %w", server.Serve(listener)) }()
	p.Log.Info("serving metrics", "listen", listener.Addr().String())
	return func() {
		patience, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
		defer cancel()
		if server.Shutdown(patience) != nil {
			_ = server.Close() // somebody reads slowly; nothing is lost
		}
	}, nil
}

// secure returns how server serves: with TLS when a certificate is configured;
// behind a proxy it is not.
func (p *Provider) secure(server *http.Server) (func(net.Listener) error, error) {
	files := p.Config.TLS
	if files.CertFile == "" {
		return server.Serve, nil
	}
	pair, err := loadCertificate(files.CertFile, files.KeyFile)
	if err != nil {
		return nil, err
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	return func(l net.Listener) error { return server.ServeTLS(l, "", "") }, nil
}
