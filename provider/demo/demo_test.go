package demo

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/operator"
	"loge/storage"
)

func start(t *testing.T, o Options) *Demo {
	t.Helper()
	o.Out = io.Discard
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	d, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// page is the text of the page at the address.
func page(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", address, response.Status, body)
	}
	return string(body)
}

func TestEverybodyHasTheirMessages(t *testing.T) {
	d := start(t, Options{})
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(d.Dir); !os.IsNotExist(err) {
			t.Errorf("folder %s is still there: %v", d.Dir, err)
		}
	})
	for _, p := range People {
		want := 2 * len(p.Numbers) // the identifier and the password of each account
		deadline := time.Now().Add(10 * time.Second)
		for {
			body := page(t, d.Mailbox+"/"+p.Key)
			if got := strings.Count(body, "<article"); got == want {
				break
			} else if time.Now().After(deadline) {
				t.Errorf("%s has %d messages, want %d", p.Name, got, want)
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	if body := page(t, d.Mailbox); !strings.Contains(body, "2\u00a0courriers") || strings.Contains(body, "Autres adresses") {
		t.Errorf("mailbox does not count the letters, or has mail for strangers:\n%s", body)
	}
	for _, file := range []string{"letters/*.pdf", "letters/*.json"} {
		if found, _ := filepath.Glob(d.path(file)); len(found) != 2 {
			t.Errorf("%s: %v, want the identifiers' and the passwords'", file, found)
		}
	}
}

// held returns a function that opens listeners on the same three ports each
// time. In between the ports stay taken, so that nobody else gets them.
func held(t *testing.T) func() [3]net.Listener {
	t.Helper()
	kept, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(kept[:]) })
	return func() (opened [3]net.Listener) {
		t.Helper()
		for i, l := range kept {
			file, err := l.(*net.TCPListener).File()
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if opened[i], err = net.FileListener(file); err != nil {
				t.Fatal(err)
			}
		}
		return opened
	}
}

func TestSecondStartGoesOn(t *testing.T) {
	dir := t.TempDir()
	listeners := held(t)
	first := start(t, Options{Dir: dir, listeners: listeners()})
	account, err := first.DB.AccountByNumber(t.Context(), People[1].Numbers[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{Dir: dir, listeners: listeners()})
	defer func() {
		if err := second.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if second.Issuer != first.Issuer {
		t.Errorf("provider is at %s, want the first start's %s", second.Issuer, first.Issuer)
	}
	again, err := second.DB.AccountByNumber(t.Context(), People[1].Numbers[0])
	if err != nil || again.ID != account.ID {
		t.Errorf("account is %q (%v), want the first start's %q", again.ID, err, account.ID)
	}
	if runs, _ := filepath.Glob(filepath.Join(dir, "letters", "*.pdf")); len(runs) != 2 {
		t.Errorf("print runs: %v, want the two of the first start", runs)
	}
	if documents, err := second.DB.Documents(t.Context(), "rules"); err != nil || len(documents) != 1 {
		t.Errorf("rules: %d versions (%v), want 1", len(documents), err)
	}
}

func TestTakenPortSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = Start(t.Context(), Options{Listen: taken.Addr().String(), Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "--listen") || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error is %v, want one that names the port and --listen", err)
	}
}

func TestOnlyLoopbackIsAccepted(t *testing.T) {
	for _, address := range []string{"0.0.0.0:8080", "192.0.2.1:8080", "localhost:8080", "8080", ":8080"} {
		if _, err := Start(t.Context(), Options{Listen: address, Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: error is %v, want a refusal that speaks of loopback", address, err)
		}
	}
}

// Whoever has an application to try registers it with the settings that the
// demonstration leaves in its folder, while it runs, from wherever they are.
func TestOnesOwnApplicationIsRegistered(t *testing.T) {
	d := start(t, Options{Dir: filepath.Join(t.TempDir(), "a folder, « à part »")})
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Chdir(t.TempDir())
	cfg, err := config.Load(d.path("config.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil || cfg.Issuer != d.Issuer {
		t.Fatalf("issuer %s, want %s; %v", cfg.Issuer, d.Issuer, err)
	}
	db, err := storage.Open(t.Context(), cfg.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const back = "http://127.0.0.1:5000/retour"
	ask := d.Issuer + "/oauth2/authorize?" + url.Values{"client_id": {"essai"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}.Encode()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	status := func() int {
		answer, err := browser.Get(ask)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if got := status(); got != http.StatusBadRequest {
		t.Errorf("before it is registered: %d", got)
	}
	office := &operator.Operator{DB: db, Now: time.Now, Actor: "test"}
	if _, _, err := office.AddClient(t.Context(), operator.NewClient{ID: "essai", Name: "Essai", RedirectURIs: []string{back}}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("registered: %d, want the page of the sign-in", got)
	}
}
