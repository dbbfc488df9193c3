//go:build partners

package partnertest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/storage"
)

// apache is a partner application behind Apache and mod_auth_openidc.
type apache struct{ address string }

func startApache(t *testing.T, p *providertest.Provider) apache {
	t.Helper()
	port := freePort(t)
	a := apache{address: fmt.Sprintf("http://127.0.0.1:%d", port)}
	back := a.address + "/dossiers/retour"
	c, secret, err := p.Operator.AddClient(t.Context(), operator.NewClient{Name: "Loyers", RedirectURIs: []string{back},
		PostLogoutRedirectURIs: []string{a.address + "/parti.html"}, BackchannelLogoutURI: back + "?logout=backchannel",
		Scopes: []string{"openid", "profile", "email", "bailleur"}, AuthMethod: storage.AuthBasic, IDTokenAlg: "ES256"})
	if err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	for name, text := range map[string]string{"pages/dossiers/index.html": "<h1>Loyers</h1>", "pages/parti.html": "<h1>Parti</h1>"} {
		file := filepath.Join(here, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config, err := filepath.Abs("testdata/httpd.conf")
	if err != nil {
		t.Fatal(err)
	}
	server, modules := httpd(t)
	if os.Getuid() == 0 {
		// Apache's workers are somebody else, who has to reach the pages.
		for dir := here; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(server, "-X", "-f", config)
	cmd.Env = append(os.Environ(), "HERE="+here, fmt.Sprintf("PORT=%d", port), "MODULES="+modules, "ISSUER="+p.URL,
		"CLIENT_ID="+c.ID, "CLIENT_SECRET="+secret, "PASSPHRASE="+storage.NewID())
	run(t, "", cmd)
	t.Cleanup(func() {
		if text, err := os.ReadFile(filepath.Join(here, "error.log")); t.Failed() && err == nil {
			t.Logf("Apache's log:\n%s", text)
		}
	})
	listens(t, port)
	return a
}

// httpd finds the server and its modules, as Debian and Fedora install them.
func httpd(t *testing.T) (server, modules string) {
	t.Helper()
	for _, name := range []string{"apache2", "httpd"} {
		for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"} {
			path, err := exec.LookPath(name)
			if err != nil {
				path = filepath.Join("/usr/sbin", name)
			}
			if _, err := os.Stat(filepath.Join(dir, "mod_auth_openidc.so")); err == nil {
				if _, err := os.Stat(path); err == nil {
					return path, dir
				}
			}
		}
	}
	t.Fatal("Apache with mod_auth_openidc is missing: .ci/install installs it")
	return "", ""
}

// Odile signs in to an application behind Apache, which shows what it knows of
// her; she signs out there, and is signed out here. Then she signs out here, and
// Apache, told by a logout token, asks her again.
func TestApache(t *testing.T) {
	p := start(t, nil)
	a := startApache(t, p)
	b := p.Browser()
	page := signIn(t, p, b.Get(a.address+"/dossiers/"))
	expect(t, page, "Loyers")
	for name, want := range map[string]string{"Given-Name": "Odile", "Number": "45675320380001"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	leave := a.address + "/dossiers/retour?" + url.Values{"logout": {a.address + "/parti.html"}}.Encode()
	expect(t, b.Get(leave), "Parti")
	page = b.Get(a.address + "/dossiers/")
	expect(t, page, "Connexion à l’Espace bailleur")

	expect(t, page.Submit("identifiant", "LOG1A2B3C4D", "mot_de_passe", own), "Loyers")
	expect(t, b.Get(p.URL+"/deconnexion").Submit(), "Vous êtes déconnecté")
	expect(t, b.Get(a.address+"/dossiers/"), "Loyers") // it has not been told yet
	if err := p.SendLogouts(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, b.Get(a.address+"/dossiers/"), "Connexion à l’Espace bailleur")
}
