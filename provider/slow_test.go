package provider_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loge/provider/providertest"
)

// serve runs the provider as loge serve does, until the test ends.
func serve(t *testing.T, p *providertest.Provider) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return listener.Addr().String()
}

// class 13: a hundred connections that say next to nothing keep nobody out, and
// each is ended by the server.
func TestSlowConnectionsAreEnded(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	address := serve(t, p)
	const connections = 100
	var ended atomic.Int64
	var wg sync.WaitGroup
	for i := range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 { // half of a header; the others are silent
			if _, err := io.WriteString(conn, "POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Ty"); err != nil {
				t.Fatal(err)
			}
		}
		wg.Go(func() {
			defer conn.Close()
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // a connection always takes one
			if _, err := io.Copy(io.Discard, conn); !errors.Is(err, os.ErrDeadlineExceeded) {
				ended.Add(1)
			}
		})
	}
	for range 5 {
		answer, err := http.Get("http://" + address + "/connexion")
		if err != nil {
			t.Fatalf("beside slow connections: %v", err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("beside slow connections: %s", answer.Status)
		}
	}
	wg.Wait()
	if ended.Load() != connections {
		t.Errorf("%d of %d connections were ended within a minute", ended.Load(), connections)
	}
}

// Stopping finishes what runs, refuses what comes, and leaves nothing behind.
func TestStoppingFinishesRunningRequests(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Serve(ctx, listener) }()

	// A request whose body is still on its way when the stop comes.
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 13\r\nConnection: close\r\n\r\nidenti"); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the handler waits for the rest by then
		if answer, err := http.Get("http://" + listener.Addr().String() + "/connexion"); err == nil {
			answer.Body.Close()
		}
	}
	stop()
	for { // until it takes no new connection
		other, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break
		}
		other.Close()
	}
	if _, err := io.WriteString(conn, "fiant=x"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) < 100 {
		t.Errorf("the running request got %d bytes, %v", len(answer), err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}
