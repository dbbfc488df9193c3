package main

import (
	"fmt"
	"net"
	"time"

	"loge/provider"
)

type serveCmd struct{}

// settled is how long the first requests come before the server's own tidying.
const settled = time.Second

// Run serves until SIGINT or SIGTERM; requests under way are finished first.
func (serveCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	log, flush := a.serverLog()
	defer flush()
	p, err := provider.New(a.ctx, cfg, db, log, provider.Options{Now: a.now})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: stop what uses it, or change listen in %s", cfg.Listen, err, a.config)
	}
	a.say("loge serves %s (listening on %s). Stop it with Ctrl-C.", cfg.Issuer, listener.Addr())
	time.AfterFunc(settled, func() {
		tuneMemory(cfg.Security)
		releaseProgram()
	})
	return p.Serve(a.ctx, listener)
}
