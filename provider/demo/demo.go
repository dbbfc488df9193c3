package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"loge/provider"
	"loge/provider/config"
	"loge/storage"
)

// Options say how a demonstration runs.
type Options struct {
	// Dir keeps the database, the e-mails and the letters, so that a later start
	// goes on. Empty: a fresh folder, removed at the end.
	Dir string
	// Listen is the provider's loopback address and port; partner and mailbox
	// take the next two ports. Port 0 takes free ones; empty is DefaultListen.
	Listen string
	// Out is told which addresses to open and whom to play.
	Out io.Writer
	// Log takes the provider's log; nil: warnings and errors on standard error.
	Log *slog.Logger
	// Now is everybody's clock; nil: time.Now.
	Now func() time.Time
	// Change changes the provider's settings before they are checked; nil: not
	// at all.
	Change func(*config.Config)

	listeners [3]net.Listener // instead of Listen: open already
}

// Demo is a running demonstration.
type Demo struct {
	Issuer  string // address of the provider
	Partner string // address of the application « Loyers »
	Mailbox string // address of the mailbox page
	Dir     string
	DB      *storage.DB

	stop    context.CancelFunc
	running sync.WaitGroup
	tidy    func() error // after all parts have ended
	mu      sync.Mutex
	failure error // of the parts; read after they have ended
}

// Run starts a demonstration, says on o.Out how to play, and runs until ctx
// ends.
func Run(ctx context.Context, o Options) error {
	d, err := Start(ctx, o)
	if err != nil {
		return err
	}
	if err := d.greet(o.Out); err != nil {
		return errors.Join(err, d.Stop())
	}
	return d.Wait()
}

// Start starts a demonstration that is ready when Start returns. It ends with
// ctx or by [Demo.Stop].
func Start(ctx context.Context, o Options) (d *Demo, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	listeners := o.listeners
	if listeners[0] == nil {
		if listeners, err = listen(o.Listen); err != nil {
			return nil, err
		}
	}
	undo := []func(){func() { closeAll(listeners[:]) }}
	defer func() {
		for i := len(undo) - 1; i >= 0 && err != nil; i-- {
			undo[i]()
		}
	}()
	d = &Demo{Issuer: address(listeners[0]), Partner: address(listeners[1]), Mailbox: address(listeners[2]), Dir: o.Dir}
	removeDir := func() {}
	if d.Dir == "" {
		if d.Dir, err = os.MkdirTemp("", "loge-demo-"); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
		removeDir = func() { _ = os.RemoveAll(d.Dir) } // in the temporary folder: the system tidies up too
	} else if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	undo = append(undo, removeDir)

	cfg, err := settings(d, o.Change)
	if err != nil {
		return nil, err
	}
	if err := d.writeSettings(cfg); err != nil {
		return nil, err
	}
	if d.DB, err = storage.Open(ctx, cfg.Database); err != nil {
		return nil, err
	}
	undo = append(undo, func() { _ = d.DB.Close() }) // the error that matters is the one before
	if err := d.DB.Migrate(ctx); err != nil {
		return nil, err
	}
	p, err := provider.New(ctx, cfg, d.DB, o.Log, provider.Options{Now: o.Now})
	if err != nil {
		return nil, err
	}
	agency := newAgency(d, p.Delivery, o.Now)
	clientID, secret, err := agency.prepare(ctx)
	if err != nil {
		return nil, err
	}

	ctx, d.stop = context.WithCancel(ctx)
	d.start(func() error { return p.Serve(ctx, listeners[0]) })
	loyers := newPartner(d.Issuer, d.Partner, clientID, secret, o.Now)
	d.start(func() error { return serve(ctx, listeners[1], loyers.Handler()) })
	d.start(func() error { return serve(ctx, listeners[2], agency.mailbox().Handler()) })
	d.start(func() error { return agency.work(ctx) })
	d.tidy = func() error {
		err := d.DB.Close()
		removeDir()
		return err
	}
	return d, nil
}

// Wait returns when the demonstration has ended, with the failure that ended
// it if there was one. Whoever calls Start calls Wait or Stop, once.
func (d *Demo) Wait() error {
	d.running.Wait()
	d.stop()
	return errors.Join(d.failure, d.tidy())
}

// Stop ends the demonstration.
func (d *Demo) Stop() error {
	d.stop()
	return d.Wait()
}

// start runs one part; a part that fails stops the others.
func (d *Demo) start(part func() error) {
	d.running.Go(func() {
		if err := part(); err != nil {
			d.mu.Lock()
			d.failure = errors.Join(d.failure, err)
			d.mu.Unlock()
			d.stop()
		}
	})
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
	}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // a demonstration waits for nobody
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (d *Demo) path(name string) string { return filepath.Join(d.Dir, name) }
