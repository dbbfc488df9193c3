package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

// The benchmarks go through the whole handler, everything around the endpoint
// included, on a SQLite file with synchronous=FULL; only the network is missing.
// cpu-µs/op is the processor time of the process: where other programs disturb
// the clock, it is the figure to compare.

// load is a provider with a person signed in in a browser and tokens of hers.
type load struct {
	world
	handler       http.Handler
	cookies       string
	token         *oauth2.Token
	robot, secret string // a machine
}

// newLoad registers an application and a machine, and signs Odile in.
func newLoad(b testing.TB, opts providertest.Options) *load {
	b.Helper()
	p := providertest.Start(b, opts)
	p.Import(odile)
	w := world{walker: visitor(b, p), partner: p.Partner(func(n *operator.NewClient) {
		n.IDTokenAlg = "ES256"
		n.Scopes = append(n.Scopes, "offline_access")
		n.GrantTypes = []string{storage.GrantCode, storage.GrantRefresh}
	})}
	w.identifier, w.provisional = p.Credentials("odile@exemple.fr")
	browser := w.activate()
	l := &load{world: w, handler: p.Handler(), token: w.partner.Last().Token}
	for _, c := range browser.Jar.Cookies(parse(b, p.URL)) {
		l.cookies += c.Name + "=" + c.Value + "; "
	}
	robot, secret, err := p.Operator.AddClient(b.Context(), operator.NewClient{Name: "Robot", Scopes: []string{"quittances:lire"}, GrantTypes: []string{storage.GrantCredentials}})
	if err != nil {
		b.Fatal(err)
	}
	l.robot, l.secret = robot.ID, secret
	return l
}

// post sends a form of the application, or of the machine.
func (l *load) post(path string, form url.Values, id, secret string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return l.serve(r)
}

func (l *load) get(address, header, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	if header != "" {
		r.Header.Set(header, value)
	}
	return l.serve(r)
}

func (l *load) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, r)
	return w
}

// tokens are those of a good answer.
func tokens(w *httptest.ResponseRecorder) (answer struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}, err error) {
	if w.Code != http.StatusOK {
		return answer, fmt.Errorf("answered %d %s", w.Code, w.Body)
	}
	return answer, json.Unmarshal(w.Body.Bytes(), &answer)
}

// flow asks for a code with the live session and redeems it.
func (l *load) flow() (refresh string, err error) {
	verifier := oauth2.GenerateVerifier()
	address := l.partner.OAuth.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", "n"))
	w := l.get(strings.TrimPrefix(address, l.URL), "Cookie", l.cookies)
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || location.Query().Get("code") == "" {
		return "", fmt.Errorf("authorize answered %d %s %s", w.Code, location, w.Body)
	}
	answer, err := tokens(l.post("/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": location.Query()["code"],
		"redirect_uri": {l.partner.OAuth.RedirectURL}, "code_verifier": {verifier}}, l.partner.Client.ID, l.partner.Secret))
	return answer.Refresh, err
}

func (l *load) refresh(token string) (next string, err error) {
	answer, err := tokens(l.post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, l.partner.Client.ID, l.partner.Secret))
	return answer.Refresh, err
}

func (l *load) ownToken() (token string, err error) {
	answer, err := tokens(l.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, l.robot, l.secret))
	return answer.Access, err
}

func ok(w *httptest.ResponseRecorder) error {
	if w.Code != http.StatusOK {
		return fmt.Errorf("answered %d %s", w.Code, w.Body)
	}
	return nil
}

// operations are what docs/performance.md has figures of. Each entry returns
// one operation of one worker.
func (l *load) operations() map[string]func() func() error {
	always := func(op func() error) func() func() error { return func() func() error { return op } }
	return map[string]func() func() error{
		"discovery": always(func() error { return ok(l.get("/.well-known/openid-configuration", "", "")) }),
		"code flow": always(func() error { _, err := l.flow(); return err }),
		"refresh": func() func() error {
			token, err := l.flow()
			return func() error {
				if err == nil {
					token, err = l.refresh(token)
				}
				return err
			}
		},
		"client_credentials": always(func() error { _, err := l.ownToken(); return err }),
		"userinfo":           always(func() error { return ok(l.get("/oauth2/userinfo", "Authorization", "Bearer "+l.token.AccessToken)) }),
		"introspection": always(func() error {
			return ok(l.post("/oauth2/introspect", url.Values{"token": {l.token.AccessToken}}, l.partner.Client.ID, l.partner.Secret))
		}),
		"client_credentials and revocation": always(func() error {
			token, err := l.ownToken()
			if err != nil {
				return err
			}
			return ok(l.post("/oauth2/revoke", url.Values{"token": {token}}, l.robot, l.secret))
		}),
	}
}

// BenchmarkOperations has eight workers at once, as a busy server has.
func BenchmarkOperations(b *testing.B) {
	l := newLoad(b, providertest.Options{})
	all := l.operations()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) { measure(b, 8, all[name]) })
	}
}

// measure runs the operations of so many workers, and reports the processor
// time of one.
func measure(b *testing.B, workers int, start func() func() error) {
	b.Helper()
	b.ReportAllocs()
	var running sync.WaitGroup
	ready, left := make(chan struct{}), atomic.Int64{}
	left.Store(int64(b.N))
	for range workers {
		running.Add(1)
		op := start()
		go func() {
			defer running.Done()
			<-ready
			for left.Add(-1) >= 0 {
				if err := op(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	before := processorTime()
	b.ResetTimer()
	close(ready)
	running.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime()-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // RUSAGE_SELF always works
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
