package signin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/signin"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
	"loge/storage/storagetest"
	"loge/templates"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

const (
	provisional = "CDFG-HJKM-NPQR"
	own         = "sept tortues bleues"
	code        = "271828"
	redirectURI = "https://loyers.example.org/retour"
)

// world is the sign-in on a real database, with a clock that is moved by hand.
// Beside the pages stands what the application's side does: /depart stores a
// flow, /oauth2/authorize/suite consumes it.
type world struct {
	*signin.Signin
	t      testing.TB
	server *httptest.Server
	file   string // of the database, when it is SQLite
	mu     sync.Mutex
	clock  time.Time
	woken  int
}

// newWorld opens the sign-in on db; nil is a new SQLite database.
func newWorld(t testing.TB, db *storage.DB) *world {
	t.Helper()
	file := ""
	if db == nil {
		file = filepath.Join(t.TempDir(), "loge.db")
		db = storagetest.OpenURL(t, "sqlite:"+file)
	}
	w := &world{t: t, file: file, clock: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	master, err := secret.NewMaster([]byte(strings.Repeat("m", 32)))
	if err != nil {
		t.Fatal(err)
	}
	service := config.Service{Name: "Espace bailleur", AccountName: "Mon Compte Partenaire", Operator: "l’Agence", EmailRequired: true,
		Support: config.Support{Mail: "aide@agence.example", Phone: "01 23 45 67 89", Hours: "de 9 h à 17 h"}}
	catalog, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.NewPages(catalog, service, "http://127.0.0.1", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w.Signin = &signin.Signin{
		DB: db, Pages: pages, Master: master, Service: service, Now: w.Now, OwnPage: func(string) string { return "" },
		Sessions: session.New(master, db, 30*time.Minute, 12*time.Hour, false, w.Now),
		Hasher:   password.NewHasher(0, password.Params{Memory: 8, Time: 1, Threads: 1}),
		Security: config.Security{PasswordMinimum: 12, AdminMinimum: 16, MaxFailuresPerDay: 20},
		Wake: func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.woken++
		},
	}
	w.server = httptest.NewServer(w.routes())
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) routes() http.Handler {
	r := mux.NewRouter()
	for _, route := range []struct {
		path   string
		get    func(http.ResponseWriter, *http.Request) error
		submit func(http.ResponseWriter, *http.Request) error
	}{
		{"/", w.Home, nil},
		{"/connexion", w.Login, w.SubmitLogin},
		{"/connexion/suite", w.Suite, nil},
		{"/connexion/administrateur", w.Administrator, w.SubmitAdministrator},
		{"/connexion/renseignements", w.Details, w.SubmitDetails},
		{"/connexion/code", w.Email, w.SubmitEmail},
		{"/connexion/code/renvoyer", nil, w.ResendCode},
		{"/connexion/adresse", nil, w.ChangeEmail},
		{"/connexion/mot-de-passe", w.Password, w.SubmitPassword},
		{"/connexion/regles", w.Rules, w.SubmitRules},
		{"/connexion/conditions", w.Terms, w.SubmitTerms},
		{"/connexion/refus", w.Refuse, nil},
		{"/connexion/partage", w.Consent, w.SubmitConsent},
		{"/connexion/arreter", nil, w.Stop},
		{"/connexion/prolonger", w.Remaining, w.Extend},
		{"/connexion/expiration", w.Expiration, nil},
		{"/deconnexion", w.Logout, w.SubmitLogout},
		{"/textes/{kind}/{version}", w.Text, nil},
		{"/depart", w.depart, nil},
		{"/oauth2/authorize/suite", w.resume, nil},
	} {
		if route.get != nil {
			r.Handle(route.path, w.Pages.Handle(route.get)).Methods("GET", "HEAD")
		}
		if route.submit != nil {
			r.Handle(route.path, w.Pages.Handle(route.submit)).Methods("POST")
		}
	}
	return r
}

// depart stores a flow as the application's request asks for it.
func (w *world) depart(rw http.ResponseWriter, r *http.Request) error {
	browser, err := w.Sessions.Browser(rw, r)
	if err != nil {
		return err
	}
	query, now := r.URL.Query(), storage.At(w.Now())
	f := storage.Flow{ID: storage.NewID(), BrowserHash: browser, ClientID: "loyers", Request: "x", RedirectURI: redirectURI,
		Scopes: "openid profile bailleur", LoginHint: query.Get("login_hint"), ForceSignIn: query.Get("prompt") == "login",
		ForceConsent: query.Get("prompt") == "consent", CreatedAt: now, ExpiresAt: now + 3600}
	if scopes := query.Get("scope"); scopes != "" {
		f.Scopes = scopes
	}
	if err := w.DB.InTx(r.Context(), func(q *storage.Queries) error { return q.CreateFlow(r.Context(), f) }); err != nil {
		return err
	}
	web.SeeOther(rw, r, "/connexion/suite?demande="+f.ID)
	return nil
}

// resume ends a flow and says how.
func (w *world) resume(rw http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.URL.Query().Get("demande")
	browser, _ := w.Sessions.BrowserOf(r)
	f, err := w.DB.FlowOfBrowser(ctx, id, browser, storage.At(w.Now()))
	if err != nil {
		return err
	}
	current, err := w.Sessions.Current(r, f.ClientID)
	if err != nil && !errors.Is(err, session.ErrNone) {
		return err
	}
	outcome := "denied"
	if f.DeniedAt.IsZero() {
		pending, err := w.Pending(ctx, &current, f)
		if err != nil {
			return err
		}
		if pending != "" {
			web.SeeOther(rw, r, pending+"?demande="+id)
			return nil
		}
		outcome = "arrived as " + current.User.ID
	}
	err = w.DB.InTx(ctx, func(q *storage.Queries) error {
		_, err := q.ConsumeFlow(ctx, id, browser, storage.At(w.Now()))
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(rw, "<h1>%s</h1>", outcome)
	return err
}

func (w *world) write(fn func(ctx context.Context, q *storage.Queries) error) {
	w.t.Helper()
	if err := w.DB.InTx(context.Background(), func(q *storage.Queries) error { return fn(context.Background(), q) }); err != nil {
		w.t.Fatal(err)
	}
}
