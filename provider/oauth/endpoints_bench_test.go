package oauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// benchAway is a client with ES256 that works while its person is away.
func benchAway(b *testing.B) *browser {
	b.Helper()
	p := readyFor(b, "ES256")
	p.client(b, "loin", func(c *storage.Client) { offline(c); c.IDTokenAlg = "ES256" })
	p.client(b, "robot", machine)
	return p.consents(b, "loin", everything+" offline_access")
}

// call posts a form and fails unless it is answered 200.
func (o *op) call(b *testing.B, path string, form url.Values, clientID string) *httptest.ResponseRecorder {
	w := o.postForm(path, form, clientID)
	if w.Code != http.StatusOK {
		b.Error(path, w.Code, w.Body)
	}
	return w
}

func BenchmarkRefresh(b *testing.B) {
	p := benchAway(b)
	token := p.family(b, "loin").Refresh
	b.ReportAllocs()
	for b.Loop() {
		token = nextOf(b, p.call(b, "/oauth2/token", refreshes(token), "loin"))
	}
}

// BenchmarkRefreshParallel is many applications at once: commits are grouped.
func BenchmarkRefreshParallel(b *testing.B) {
	p := benchAway(b)
	var families sync.Mutex
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		families.Lock()
		token := p.family(b, "loin").Refresh
		families.Unlock()
		for pb.Next() {
			token = nextOf(b, p.call(b, "/oauth2/token", refreshes(token), "loin"))
		}
	})
}

func nextOf(b *testing.B, w *httptest.ResponseRecorder) string {
	var got tokens
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		b.Error(err)
	}
	return got.Refresh
}

func BenchmarkClientCredentials(b *testing.B) {
	p := benchAway(b)
	b.ReportAllocs()
	for b.Loop() {
		p.call(b, "/oauth2/token", credentialsOf(), "robot")
	}
}

func BenchmarkClientCredentialsParallel(b *testing.B) {
	p := benchAway(b)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.call(b, "/oauth2/token", credentialsOf(), "robot")
		}
	})
}

func BenchmarkIntrospection(b *testing.B) {
	p := benchAway(b)
	got := p.family(b, "loin")
	own := p.token(b, credentialsOf(), "robot")
	for _, c := range []struct{ name, token, client string }{
		{"person", got.Access, "loin"}, {"refresh", got.Refresh, "loin"}, {"client", own.Access, "robot"}, {"unknown", "x", "robot"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.call(b, "/oauth2/introspect", url.Values{"token": {c.token}}, c.client)
			}
		})
	}
}

func BenchmarkRevocation(b *testing.B) {
	p := benchAway(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		form := url.Values{"token": {p.token(b, credentialsOf(), "robot").Access}}
		b.StartTimer()
		p.call(b, "/oauth2/revoke", form, "robot")
	}
}

// BenchmarkRevocationParallel measures a token and its revocation together.
func BenchmarkRevocationParallel(b *testing.B) {
	p := benchAway(b)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, token, _ := strings.Cut(p.call(b, "/oauth2/token", credentialsOf(), "robot").Body.String(), `"access_token":"`)
			token, _, _ = strings.Cut(token, `"`)
			p.call(b, "/oauth2/revoke", url.Values{"token": {token}}, "robot")
		}
	})
}

// BenchmarkIntrospectionAmongMany is one token among many live ones.
func BenchmarkIntrospectionAmongMany(b *testing.B) {
	db := storagetest.Open(b)
	p := away(b, db)
	p.client(b, "robot", machine)
	own := p.token(b, credentialsOf(), "robot")
	for range 100 {
		p.write(b, func(ctx context.Context, q *storage.Queries) error {
			for range 1000 {
				t := storage.AccessToken{Signature: storage.NewID(), ClientID: "robot", ExpiresAt: p.at() + 3600}
				if err := q.CreateClientToken(ctx, t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		p.call(b, "/oauth2/introspect", url.Values{"token": {own.Access}}, "robot")
	}
}
