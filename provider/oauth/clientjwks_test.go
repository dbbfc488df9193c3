package oauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loge/provider/oauth"
	"loge/provider/outbound"
	"loge/storage"
	"loge/storage/storagetest"
)

// keyServer is the jwks_uri of a client.
type keyServer struct {
	*httptest.Server
	asked atomic.Int64
	mu    sync.Mutex
	serve http.HandlerFunc
}

// publishes changes the answer.
func (s *keyServer) publishes(serve http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = serve
}

func (s *keyServer) publishesKeys(t testing.TB, cacheControl string, keys ...clientKey) {
	text := jwks(t, keys...)
	s.publishes(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", cacheControl)
		_, _ = w.Write(text)
	})
}

// hosts runs a client's jwks_uri and lets the provider reach it.
func (o *op) hosts(t testing.TB) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.mu.Lock()
		serve := s.serve
		s.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(s.Close)
	o.reaches(s.Server)
	return s
}

// keysAt registers a client whose keys are at an address.
func (o *op) keysAt(t testing.TB, id, address string) {
	t.Helper()
	o.keyed(t, id, func(c *storage.Client) { c.Metadata.JWKS, c.Metadata.JWKSURI = nil, address })
}

// works tells whether the client gets a token with that key.
func (o *op) works(t testing.TB, id string, key clientKey) bool {
	t.Helper()
	got := o.token(t, asserted(key.sign(t, o.asserts(id, nil), nil)), "")
	if got.status != 200 && got.Error != "invalid_client" {
		t.Errorf("%+v", got)
	}
	return got.status == 200
}

// fosite.md item 14: cached, asked again for a new kid, and that once a minute.
func TestKeysChangeAtTheClient(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	s := o.hosts(t)
	first, second, strange := newClientKey(t, "ES256", "1"), newClientKey(t, "ES256", "2"), newClientKey(t, "ES256", "3")
	s.publishesKeys(t, "", first)
	o.keysAt(t, "robot", s.URL)
	step := func(what string, key clientKey, works bool, asked int64) {
		t.Helper()
		if got := o.works(t, "robot", key); got != works || s.asked.Load() != asked {
			t.Errorf("%s: works %v, asked %d times; want %v, %d", what, got, s.asked.Load(), works, asked)
		}
	}
	step("first", first, true, 1)
	step("cached", first, true, 1)
	s.publishesKeys(t, "max-age=120", first, second)
	step("new key within a minute", second, false, 1)
	o.advance(time.Minute)
	step("new key", second, true, 2)
	for range 5 {
		step("unknown key", strange, false, 2)
	}
	o.advance(time.Minute)
	step("unknown key, a minute later", strange, false, 3)
	s.publishesKeys(t, "no-store", second)
	o.advance(2 * time.Minute)
	step("withdrawn key after max-age", first, false, 4)
	o.advance(time.Minute)
	step("no-store is a minute", second, true, 5)

	s.publishes(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	o.advance(time.Minute)
	step("server down", second, true, 6)
	step("server down, once a minute", second, true, 6)
	o.advance(24*time.Hour - time.Minute - time.Second)
	step("server down for a day", second, true, 7)
	o.advance(time.Minute)
	step("server down for more", second, false, 8)
	s.publishesKeys(t, "max-age=999999999", second)
	o.advance(time.Minute)
	step("server up", second, true, 9)
	o.advance(time.Hour - time.Second)
	step("an hour at the most", second, true, 9)
	o.advance(time.Second)
	step("an hour at the most", second, true, 10)
}

func TestKeysAreFetchedOnceForAll(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		o := newOP(t, db)
		s := o.hosts(t)
		key := newClientKey(t, "ES256", "1")
		text := jwks(t, key)
		s.publishes(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(20 * time.Millisecond)
			_, _ = w.Write(text)
		})
		o.keysAt(t, "robot", s.URL)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if !o.works(t, "robot", key) {
					t.Error("refused")
				}
			})
		}
		wg.Wait()
		if s.asked.Load() != 1 {
			t.Errorf("asked %d times, want once", s.asked.Load())
		}
	})
}

// security-classes.md 13 and 14: a jwks_uri reaches no neighbour, and what it
// answers is bounded.
func TestJWKSAddressIsGuarded(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	key := newClientKey(t, "ES256", "1")
	good := string(jwks(t, key))
	allowed := o.hosts(t)
	reaches, guarded := o.Outbound, outbound.New(outbound.Options{}) // as with an https issuer
	port := strings.Split(allowed.URL, ":")[2]
	write := func(parts ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for _, part := range parts {
				if _, err := w.Write([]byte(part)); err != nil {
					return
				}
			}
		}
	}
	for name, c := range map[string]struct {
		client  *http.Client
		address string
		serve   http.HandlerFunc
		works   bool
		asked   int64
	}{
		"allowed network":   {reaches, allowed.URL, write(good), true, 1},
		"loopback":          {guarded, allowed.URL, write(good), false, 0},
		"localhost":         {guarded, "https://localhost:" + port, write(good), false, 0},
		"mapped":            {guarded, "https://[::ffff:127.0.0.1]:" + port, write(good), false, 0},
		"metadata":          {guarded, "https://169.254.169.254/latest/meta-data", write(good), false, 0},
		"private":           {guarded, "https://10.0.0.1/", write(good), false, 0},
		"http":              {reaches, strings.Replace(allowed.URL, "https", "http", 1), write(good), false, 0},
		"file":              {reaches, "file:///etc/passwd", write(good), false, 0},
		"no address":        {reaches, "%", write(good), false, 0},
		"not found":         {reaches, allowed.URL, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); write(good)(w, nil) }, false, 1},
		"redirect":          {reaches, allowed.URL, http.RedirectHandler("https://localhost:"+port+"/", http.StatusFound).ServeHTTP, false, 1},
		"redirect, own way": {reaches, allowed.URL, http.RedirectHandler("/elsewhere", http.StatusPermanentRedirect).ServeHTTP, false, 1},
		"endless body": {reaches, allowed.URL, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				write(`{"keys":[],"x":"`+strings.Repeat("x", 1<<16))(w, r)
			}
		}, false, 1},
		"slow body": {reaches, allowed.URL, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, false, 1},
		"too many keys": {reaches, allowed.URL, write(strings.Replace(good, "[", "["+strings.Repeat("{},", 20), 1)), false, 1},
		"page":          {reaches, allowed.URL, write("<html>"), false, 1},
		"empty":         {reaches, allowed.URL, write(), false, 1},
		"cut":           {reaches, allowed.URL, write(good[:len(good)-1]), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o.Outbound = c.client
			allowed.asked.Store(0)
			allowed.publishes(c.serve)
			o.keysAt(t, name, c.address)
			start := time.Now()
			if got := o.works(t, name, key); got != c.works || allowed.asked.Load() != c.asked {
				t.Errorf("works %v, asked %d times; want %v, %d", got, allowed.asked.Load(), c.works, c.asked)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it takes %v", took)
			}
		})
	}
}

// security-classes.md 13: however many clients name an address, the cache does
// not grow beyond its bound.
func TestKeysOfManyClientsAreForgotten(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.Outbound = outbound.New(outbound.Options{})
	for i := range oauth.MaxJWKSSets + 50 {
		c := storage.Client{ID: fmt.Sprint("client", i)}
		c.Metadata.JWKSURI = "https://127.0.0.1/"
		if keys, err := o.ClientKeys(t.Context(), c, "1", "ES256"); err == nil || len(keys) > 0 {
			t.Fatalf("client %d: %d keys, %v", i, len(keys), err)
		}
	}
	if n := o.KeySets(); n != oauth.MaxJWKSSets {
		t.Errorf("%d sets are kept, want %d", n, oauth.MaxJWKSSets)
	}
}
