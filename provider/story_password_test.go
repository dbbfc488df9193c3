package provider_test

import (
	"os"
	"path/filepath"
	"testing"

	"loge/provider/config"
	"loge/provider/providertest"
)

// The operator's list and the 80 bits are asked wherever a password is chosen:
// at the first sign-in and by the link of « Mot de passe oublié ».
func TestOperatorsListAndStrictness(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte("Trois Girafes Bleues\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, providertest.Options{Change: func(c *config.Config) {
		byLink(c)
		c.Security.PasswordListFile, c.Security.Strict80Bits = file, true
	}})
	refused := func(page *providertest.Page) {
		t.Helper()
		for typed, text := range map[string]string{
			"trois girafes bleues": "beaucoup de personnes l’utilisent",
			"vhqkzpwxtrnm":         "encore un peu trop simple",
			"Anniversaire 12/75":   "beaucoup de personnes l’utilisent",
		} {
			if page := page.Submit("nouveau_mot_de_passe", typed); page.Status != 422 || !page.Says(text) || !page.Says("17 caractères au moins, ou 14") {
				t.Errorf("%q: %d\n%s", typed, page.Status, page.Find("main").Text())
			}
		}
	}
	_, page := w.at(onPassword)
	refused(page)
	w.walk(page, onPartner)
	refused(w.Browser().Get(linkTo(t, w.Provider, "odile@exemple.fr")))
}
