package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

// The benchmarks run on SQLite with synchronous=FULL: what was answered
// survives a power cut.

func BenchmarkAuthorizeLiveSession(b *testing.B) {
	p := ready(b, storagetest.Open(b))
	address := "/oauth2/authorize?" + asks("loyers").Encode()
	b.ReportAllocs()
	for b.Loop() {
		if w := p.handlerGet(p.cookies, address); w.Code != http.StatusSeeOther {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkCodeExchange(b *testing.B) {
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			p := readyFor(b, alg)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				r := exchangeRequest(answered(b, p.handlerGet(p.cookies, "/oauth2/authorize?"+asks(alg).Encode())).Get("code"), alg)
				w := httptest.NewRecorder()
				b.StartTimer()
				p.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

// BenchmarkCodeFlowParallel is a whole flow with a live session, authorize and
// exchange, by several browsers at once: commits are grouped.
func BenchmarkCodeFlowParallel(b *testing.B) {
	p := readyFor(b, "ES256")
	address := "/oauth2/authorize?" + asks("ES256").Encode()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			code := answered(b, p.handlerGet(p.cookies, address)).Get("code")
			w := httptest.NewRecorder()
			p.handler.ServeHTTP(w, exchangeRequest(code, "ES256"))
			if w.Code != http.StatusOK {
				b.Error(w.Code, w.Body)
			}
		}
	})
}

func BenchmarkUserInfo(b *testing.B) { benchUserInfo(b, storage.ClientMetadata{}) }

func BenchmarkUserInfoJWT(b *testing.B) {
	benchUserInfo(b, storage.ClientMetadata{AccessTokenFormat: storage.FormatJWT})
}

func BenchmarkUserInfoSigned(b *testing.B) {
	benchUserInfo(b, storage.ClientMetadata{UserinfoSignedResponseAlg: "ES256"})
}

// BenchmarkCodeExchangeJWT signs twice: the ID token and the access token.
func BenchmarkCodeExchangeJWT(b *testing.B) {
	p := readyWith(b, "ES256", storage.ClientMetadata{AccessTokenFormat: storage.FormatJWT})
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		r := exchangeRequest(answered(b, p.handlerGet(p.cookies, "/oauth2/authorize?"+asks("ES256").Encode())).Get("code"), "ES256")
		w := httptest.NewRecorder()
		b.StartTimer()
		p.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkIntrospectJWT(b *testing.B) {
	p := readyWith(b, "ES256", storage.ClientMetadata{AccessTokenFormat: storage.FormatJWT})
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, exchangeRequest(answered(b, p.handlerGet(p.cookies, "/oauth2/authorize?"+asks("ES256").Encode())).Get("code"), "ES256"))
	_, token, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	b.ReportAllocs()
	for b.Loop() {
		p.call(b, "/oauth2/introspect", url.Values{"token": {token}}, "ES256")
	}
}

func benchUserInfo(b *testing.B, m storage.ClientMetadata) {
	b.Helper()
	p := readyWith(b, "ES256", m)
	w := httptest.NewRecorder()
	code := answered(b, p.handlerGet(p.cookies, "/oauth2/authorize?"+asks("ES256").Encode())).Get("code")
	p.handler.ServeHTTP(w, exchangeRequest(code, "ES256"))
	_, token, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("GET", "/oauth2/userinfo", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		p.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkDiscovery(b *testing.B) {
	o := newOP(b, storagetest.Open(b))
	b.ReportAllocs()
	for b.Loop() {
		o.handlerGet(nil, "/.well-known/openid-configuration")
	}
}

func readyFor(b *testing.B, alg string) *browser {
	b.Helper()
	return readyWith(b, alg, storage.ClientMetadata{})
}

// readyWith has a client, named like its algorithm, that is registered so.
func readyWith(b *testing.B, alg string, m storage.ClientMetadata) *browser {
	b.Helper()
	p := ready(b, storagetest.Open(b))
	p.client(b, alg, func(c *storage.Client) { c.IDTokenAlg, c.Metadata = alg, m })
	return p.consents(b, alg, "openid email")
}

func exchangeRequest(code, clientID string) *http.Request {
	r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(exchange(code).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secretOf)
	return r
}
