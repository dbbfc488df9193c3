package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

const ownPassword = "quatre lampes sous la pluie"

// killed is loge serve in a process of its own, with an application that keeps
// the codes it gets.
type killed struct {
	t       *testing.T
	dir     string
	url     string
	process *exec.Cmd
	browser *providertest.Browser

	callback string
	client   struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	codes chan string

	identifier, provisional string
}

// newKilled prepares a folder with settings, texts, one landlord and one
// application, all by commands, and starts the server.
func newKilled(t *testing.T) *killed {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	k := &killed{t: t, dir: t.TempDir(), url: "http://localhost:" + port, browser: providertest.NewBrowser(t), codes: make(chan string, 10)}
	config := filepath.Join(k.dir, "config.yaml")
	if err := settings(config, port); err != nil {
		t.Fatal(err)
	}
	k.write("regles.md", "# Règles d’usage\n\n1. Votre mot de passe est personnel.\n")
	k.write("conditions.md", "# Conditions d’utilisation\n\nLe service est gratuit.\n")
	k.write("bailleurs.csv", "numero_utilisateur;type;departement;civilite;prenom;nom;email\n45675320380001;physique;69;Mme;Odile;Marchand;odile@exemple.fr\n")
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.codes <- r.URL.Query().Get("code")
		fmt.Fprint(w, "<h1>Loyers</h1>")
	}))
	t.Cleanup(application.Close)
	k.callback = application.URL + "/callback"
	k.loge("document", "publish", "rules", "regles.md")
	k.loge("document", "publish", "terms", "conditions.md")
	out := k.loge("client", "add", "--name", "Loyers", "--redirect-uri", k.callback, "--json")
	if err := json.Unmarshal([]byte(out), &k.client); err != nil {
		t.Fatal(err)
	}
	k.loge("account", "import", "bailleurs.csv")
	k.start()
	t.Cleanup(func() {
		if k.process != nil {
			k.kill()
		}
	})
	k.wait("both mails", func() bool {
		k.identifier, k.provisional = providertest.ReadCredentials(k.mails("odile@exemple.fr"))
		return k.identifier != "" && k.provisional != ""
	})
	return k
}

func (k *killed) write(name, text string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killed) command(args ...string) *exec.Cmd {
	cmd := exec.Command("loge", args...) // testscript put this test's own binary into PATH by that name
	cmd.Dir = k.dir
	cmd.Env = append(os.Environ(), "LOGE_MAIL_SEPARATION=0s")
	return cmd
}

// loge runs a command that must succeed.
func (k *killed) loge(args ...string) string {
	k.t.Helper()
	cmd := k.command(args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("loge %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

func (k *killed) start() {
	k.t.Helper()
	k.process = k.command("serve")
	log, err := os.OpenFile(filepath.Join(k.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		k.t.Fatal(err)
	}
	defer log.Close()
	k.process.Stderr = log
	if err := k.process.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.wait("an answer of the server", func() bool {
		answer, err := http.Get(k.url + "/cookies")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// kill ends the server as a power cut of its process would.
func (k *killed) kill() {
	k.t.Helper()
	if err := k.process.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	_ = k.process.Wait() // it was killed, and says so
	k.process = nil
}

func (k *killed) wait(what string, there func() bool) {
	k.t.Helper()
	for end := time.Now().Add(30 * time.Second); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(k.dir, "log"))
			k.t.Fatalf("waited in vain for %s\n%s", what, log)
		}
	}
}

func (k *killed) mails(address string) []providertest.Mail {
	k.t.Helper()
	return providertest.ReadMails(k.t, filepath.Join(k.dir, "mails"), address)
}

// authorize is the address the application sends people to.
func (k *killed) authorize(verifier string) string {
	oauth := oauth2.Config{ClientID: k.client.ID, RedirectURL: k.callback, Scopes: []string{"openid", "profile", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: k.url + "/oauth2/authorize"}}
	return oauth.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier))
}

// redeem exchanges a code and returns the access token.
func (k *killed) redeem(code, verifier string) string {
	k.t.Helper()
	body := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {k.callback}, "code_verifier": {verifier}}
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.url+"/oauth2/token", strings.NewReader(body.Encode()))
	if err != nil {
		k.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(k.client.ID, url.QueryEscape(k.client.Secret))
	answer := providertest.Call(k.t, r)
	token, _ := answer.JSON["access_token"].(string)
	if answer.Status != http.StatusOK || token == "" {
		k.t.Fatalf("redemption: %+v", answer)
	}
	return token
}

// sound checks what must hold after any death: nothing to repair.
func (k *killed) sound() {
	k.t.Helper()
	k.loge("check")
	if out := k.loge("audit", "verify"); !strings.Contains(out, "the chain is whole") {
		k.t.Errorf("audit verify: %s", out)
	}
}

// steps are the pages of Odile's first sign-in, with another address, and what
// she does on each.
func (k *killed) steps(demande string) []killedStep {
	return []killedStep{
		{"Vérifiez vos renseignements", func(*providertest.Page) url.Values {
			return url.Values{"prenom": {"Odile"}, "nom": {"Marchand"}, "email": {"odile.m@exemple.fr"}}
		}},
		{"Confirmez votre adresse e-mail", func(*providertest.Page) url.Values {
			return url.Values{"code": {k.code(demande)}}
		}},
		{"Choisissez votre mot de passe", func(*providertest.Page) url.Values { return url.Values{"nouveau_mot_de_passe": {ownPassword}} }},
		{"Acceptez les règles d’usage", accepts},
		{"Acceptez les conditions d’utilisation", accepts},
		{"Loyers demande vos renseignements", func(*providertest.Page) url.Values { return url.Values{"choix": {"autoriser"}} }},
	}
}

// code is the one that came last. A mail whose sender died is sent again after
// ten minutes; who does not want to wait has another one sent, as the page says.
func (k *killed) code(demande string) (code string) {
	k.t.Helper()
	const address = "odile.m@exemple.fr"
	came := func() bool { code = providertest.ReadCode(k.mails(address)); return code != "" }
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if came() {
			return code
		}
	}
	k.browser.Post(k.url+"/connexion/code/renvoyer", url.Values{"demande": {demande}})
	k.wait("another code", came)
	return code
}

type killedStep struct {
	h1   string
	form func(*providertest.Page) url.Values
}

func accepts(page *providertest.Page) url.Values {
	return url.Values{"accepte": {"oui"}, "document": {page.Find("input[name=document]").AttrOr("value", "")}}
}
