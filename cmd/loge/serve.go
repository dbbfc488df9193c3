package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"

	"loge/provider"
)

type serveCmd struct{}

// Run serves until SIGINT or SIGTERM; requests under way are finished first.
func (serveCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	tuneMemory(cfg.Security)
	p, err := provider.New(a.ctx, cfg, db, a.logger(), provider.Options{Now: a.now})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: stop what uses it, or change listen in %s", cfg.Listen, err, a.config)
	}
	a.say("loge serves %s (listening on %s). Stop it with Ctrl-C.", cfg.Issuer, listener.Addr())
	return p.Serve(a.ctx, listener)
}

// logger writes JSON, or plain lines for somebody who watches.
func (a *app) logger() *slog.Logger {
	if file, ok := a.err.(*os.File); ok && terminal(file) {
		return slog.New(slog.NewTextHandler(file, nil))
	}
	return slog.New(slog.NewJSONHandler(a.err, nil))
}
