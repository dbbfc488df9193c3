//go:build partners

package partnertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"loge/provider/operator"
	"loge/storage"
)

// Odile signs in to an application in plain PHP, the one that the guide for
// partners shows, comes back to it without being asked again, signs out there,
// and has to sign in anew. Nobody gets in with what another browser asked for.
func TestPHP(t *testing.T) {
	p := start(t, nil)
	port := freePort(t)
	here := fmt.Sprintf("http://127.0.0.1:%d", port)
	c, secret, err := p.Operator.AddClient(t.Context(), operator.NewClient{Name: "Loyers", RedirectURIs: []string{here + "/retour"},
		PostLogoutRedirectURIs: []string{here + "/parti"}, Scopes: []string{"openid", "profile", "email", "bailleur"}, AuthMethod: storage.AuthBasic})
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("testdata/php/loyers.php")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("php", "-d", "session.save_path="+t.TempDir(), "-S", fmt.Sprintf("127.0.0.1:%d", port), program)
	cmd.Env = append(os.Environ(), "LOGE_ISSUER="+p.URL, "LOGE_CLIENT="+c.ID, "LOGE_SECRET="+secret, "LOYERS_ADDRESS="+here)
	run(t, "", cmd)
	listens(t, port)

	b := p.Browser()
	expect(t, signIn(t, p, b.Get(here+"/")), "Loyers de Odile")
	expect(t, b.Get(here+"/"), "Loyers de Odile")
	expect(t, p.Browser().Get(here+"/retour?code=x&state=y&iss="+p.URL), "Erreur another state")
	expect(t, b.Get(here+"/logout"), "Parti parti")
	expect(t, b.Get(here+"/"), "Connexion à l’Espace bailleur")
}
