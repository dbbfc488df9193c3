package oauth_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/oauth"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
	"loge/storage/storagetest"
	"loge/templates"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

const (
	issuer      = "https://connexion.valmont.example"
	callback    = "https://loyers.example/retour"
	verifier    = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	masterBytes = "0123456789abcdef0123456789abcdef"
)

// op is a provider without its sign-in pages: who is signed in and what was
// consented is written straight into the database.
type op struct {
	*oauth.Provider
	db      *storage.DB
	handler http.Handler
	log     *logged
	clock   *atomic.Int64 // Unix seconds
	session *session.Manager
}

// newOP starts a provider on db. Two on one database are two replicas.
func newOP(t testing.TB, db *storage.DB) *op {
	t.Helper()
	return newOPWith(t, db, masterBytes)
}

func newOPWith(t testing.TB, db *storage.DB, secretText string) *op {
	t.Helper()
	o := &op{db: db, log: &logged{}, clock: &atomic.Int64{}}
	o.clock.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Unix())
	now := func() time.Time { return time.Unix(o.clock.Load(), 0) }
	master, err := secret.NewMaster([]byte(secretText))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(o.log, nil))
	pages := newPages(t, log)
	o.session = session.New(master, db, 30*time.Minute, 12*time.Hour, true, now)
	o.Provider = &oauth.Provider{DB: db, Sessions: o.session, Pages: pages, Issuer: issuer, Master: master,
		Lifetimes: oauth.Lifetimes{AccessToken: time.Hour, IDToken: 5 * time.Minute, Flow: time.Hour,
			RefreshIdle: 30 * 24 * time.Hour, RefreshAbsolute: 90 * 24 * time.Hour, RefreshGrace: 30 * time.Second,
			KeyRotation: 90 * 24 * time.Hour},
		Now: now, Log: log, Pending: o.pending}
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", o.Discovery)
	mux.HandleFunc("/.well-known/oauth-authorization-server", o.Discovery)
	mux.HandleFunc("/oauth2/jwks", o.JWKS)
	mux.Handle("/oauth2/authorize", pages.Handle(o.Authorize))
	mux.Handle("/oauth2/authorize/suite", pages.Handle(o.Resume))
	mux.HandleFunc("/oauth2/token", o.Token)
	mux.HandleFunc("/oauth2/userinfo", o.UserInfo)
	mux.Handle("/oauth2/logout", pages.Handle(o.Logout))
	mux.Handle("POST /oauth2/logout/suite", pages.Handle(o.SubmitLogout))
	mux.HandleFunc("/oauth2/par", o.PushRequest)
	mux.HandleFunc("/oauth2/revoke", o.Revoke)
	mux.HandleFunc("/oauth2/introspect", o.Introspect)
	mux.HandleFunc("/oauth2/register", o.Register)
	mux.HandleFunc("/oauth2/device", o.Device)
	mux.Handle("GET /appareil", pages.Handle(o.DevicePage))
	mux.Handle("POST /appareil", pages.Handle(o.SubmitDevice))
	o.handler = web.WithRequest(mux)
	return o
}

func newPages(t testing.TB, log *slog.Logger) *web.Pages {
	t.Helper()
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.NewPages(texts, config.Service{Name: "Espace bailleur", AccountName: "Mon Compte Partenaire", Operator: "Agence de Valmont",
		Support: config.Support{Mail: "aide@valmont.example", Phone: "01", Hours: "9 h"}, Colours: config.Colours{Main: "#0a4f8f", Error: "#b3261e"}}, issuer, log)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// logged is the log of a test, written by concurrent requests.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// pending is what provider/signin decides, as far as it concerns the protocol.
func (o *op) pending(_ context.Context, v *storage.Visitor, f storage.Flow) (string, error) {
	const ask = "/connexion/suite"
	switch {
	case v == nil, (f.ForceSignIn || f.ChooseAccount) && f.SessionID != v.Session.ID, v.Session.AuthenticatedAt < f.FreshAfter:
		return ask, nil
	case !f.ConsentedAt.IsZero():
		return "", nil
	case f.ForceConsent, v.Consented == "", !storage.Consent{Scopes: v.Consented}.Covers(f.Scopes):
		return ask, nil
	}
	return "", nil
}

// between runs fn in each redemption after the code was read and before the
// transaction: the first thing the provider does there is to look at its clock.
func (o *op) between(fn func()) {
	o.Now = func() time.Time {
		fn()
		return time.Unix(o.clock.Load(), 0)
	}
}

func (o *op) advance(d time.Duration) { o.clock.Add(int64(d / time.Second)) }
func (o *op) at() storage.Time        { return storage.Time(o.clock.Load()) }

func (o *op) write(t testing.TB, fn func(ctx context.Context, q *storage.Queries) error) {
	t.Helper()
	if err := o.db.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}

// secretOf is every test client's secret.
const secretOf = "Zk3n0w9Qv1x8Yt5Rb2Lm7Pc4Sd6Hf0Ja-kW_eXuGiOo"

// client registers a client; change may alter it first.
func (o *op) client(t testing.TB, id string, change func(*storage.Client)) {
	t.Helper()
	c := storage.Client{ID: id, Name: "Loyers", Publisher: "Loyers SA", RedirectURIs: []string{callback},
		Scopes: "openid profile email phone bailleur organisme habilitations", AuthMethod: storage.AuthBasic,
		SubjectType: storage.SubjectPairwise, Sector: id + ".example", IDTokenAlg: "RS256", RequirePKCE: true, Consent: storage.ConsentAsk, CreatedAt: 1, UpdatedAt: 1}
	if change != nil {
		change(&c)
	}
	if !c.Public() {
		c.SecretHash = secret.HashClientSecret(secretOf)
	}
	o.write(t, func(ctx context.Context, q *storage.Queries) error { return q.CreateClient(ctx, c) })
}

func public(c *storage.Client) { c.AuthMethod = storage.AuthNone }

type tokens struct {
	Access      string `json:"access_token"`
	Type        string `json:"token_type"`
	ExpiresIn   any    `json:"expires_in"`
	Scope       string `json:"scope"`
	ID          string `json:"id_token"`
	Refresh     string `json:"refresh_token"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	status      int
	header      http.Header
}

func exchange(code string, pairs ...string) url.Values {
	return with(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}, pairs...)
}

// token posts to the token endpoint, as clientID by Basic unless it is empty.
func (o *op) token(t testing.TB, form url.Values, clientID string) tokens {
	t.Helper()
	r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if clientID != "" {
		r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secretOf))
	}
	return o.send(t, r)
}

func (o *op) send(t testing.TB, r *http.Request) tokens {
	t.Helper()
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	got := tokens{status: w.Code, header: w.Header()}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Errorf("answer of the token endpoint is not JSON: %v\n%s", err, w.Body)
	}
	return got
}

// userinfo asks with a Bearer header.
func (o *op) userinfo(t testing.TB, token string) (map[string]any, *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequest("GET", "/oauth2/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	var claims map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &claims); err != nil {
		t.Errorf("answer of userinfo is not JSON: %v\n%s", err, w.Body)
	}
	return claims, w
}

// execute changes the database behind the provider's back.
func execute(t testing.TB, address string, statements ...string) {
	t.Helper()
	driver, dsn := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, dsn = "sqlite3", "file:"+path+"?_busy_timeout=5000"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// wantRefused checks a refusal of the token endpoint.
func wantRefused(t testing.TB, what string, got tokens, status int, code string) {
	t.Helper()
	if got.status != status || got.Error != code || got.Access != "" {
		t.Errorf("%s: %d %q (%s), want %d %q", what, got.status, got.Error, got.Description, status, code)
	}
}

// events counts the audit events of an action.
func (o *op) events(t testing.TB, action string) (found []storage.AuditEvent) {
	t.Helper()
	list, err := o.db.AuditEvents(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Action == action {
			found = append(found, e)
		}
	}
	return found
}

// ready is the usual world: one confidential client, one person signed in who
// has consented.
func ready(t testing.TB, db *storage.DB) *browser {
	t.Helper()
	o := newOP(t, db)
	o.client(t, "loyers", nil)
	return o.person(t, nil).signIn(t).consents(t, "loyers", "openid profile email phone address bailleur organisme habilitations")
}
