package oauth_test

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"loge/storage/storagetest"
)

// maxTrips is how often an authorization request that nobody has to be asked about,
// or a token request, may wait for PostgreSQL.
const maxTrips = 3

func TestRequestsMakeFewRoundTrips(t *testing.T) {
	address, err := url.Parse(storagetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	trips := &tripCounter{server: address.Host}
	address.Host = trips.listen(t)
	b := away(t, storagetest.OpenURL(t, address.String()))
	b.client(t, "robot", machine)
	got := b.family(t, "loyers")

	for _, c := range []struct {
		name string
		run  func() func()
	}{
		{"authorization", func() func() {
			return func() { b.code(t, "loyers", "scope", offlineScope) }
		}},
		{"authorization_code", func() func() {
			code := b.code(t, "loyers", "scope", offlineScope)
			return func() { b.token(t, exchange(code), "loyers") }
		}},
		{"refresh_token", func() func() {
			return func() { got = b.token(t, refreshes(got.Refresh), "loyers") }
		}},
		{"client_credentials", func() func() {
			return func() { b.token(t, credentialsOf(), "robot") }
		}},
	} {
		c.run()() // the first one prepares the statements
		request := c.run()
		before := trips.count.Load()
		request()
		if n := trips.count.Load() - before; n == 0 || n > maxTrips {
			t.Errorf("%s made %d round trips, want at most %d", c.name, n, maxTrips)
		}
	}
}

// tripCounter stands between a client and its server and counts how often the
// client speaks after the server has answered.
type tripCounter struct {
	server string
	count  atomic.Int64
}

func (c *tripCounter) listen(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.forward(conn)
		}
	}()
	return listener.Addr().String()
}

// forward passes on what one connection says until either side ends it.
func (c *tripCounter) forward(client net.Conn) {
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		client.Close()
		return
	}
	var answered atomic.Bool
	answered.Store(true)
	var both sync.WaitGroup
	pass := func(to, from net.Conn, seen func()) {
		defer to.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				seen()
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return // that side has left
			}
		}
	}
	both.Go(func() {
		pass(server, client, func() {
			if answered.Swap(false) {
				c.count.Add(1)
			}
		})
	})
	both.Go(func() { pass(client, server, func() { answered.Store(true) }) })
	both.Wait()
}
