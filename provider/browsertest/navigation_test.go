//go:build browser

package browsertest

import (
	"strings"
	"testing"
)

// TestBackReloadAndTwoTabs does what people do with browsers: nothing of it may
// end in a dead end or lose what was accepted.
func TestBackReloadAndTwoTabs(t *testing.T) {
	browser := chromium(t)
	for _, s := range []screen{{320, 640, false}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			v := visit(t, browser, s, "navigation")
			identifier, provisional := v.credentials(d, odile)
			v.begin(d)
			second := v.another()
			second.begin(d) // another request of the same browser

			v.signIn(identifier, provisional)
			v.on("Vérifiez vos renseignements")
			v.reload()
			v.on("Vérifiez vos renseignements")
			v.press("Continuer")
			v.on("Choisissez votre mot de passe")
			v.back()
			v.on("Choisissez votre mot de passe") // details are done: the turn is the password's
			v.open(strings.Replace(v.address(), "mot-de-passe", "conditions", 1))
			v.on("Choisissez votre mot de passe") // no step is skipped by its address
			v.fill("nouveau_mot_de_passe", odile.password)
			v.press("Enregistrer ce mot de passe")
			v.on("Acceptez les règles d’usage")
			v.back()
			v.on("Acceptez les règles d’usage")

			second.signIn(identifier, odile.password) // the form that stayed open in the other tab
			second.on("Acceptez les règles d’usage")
			second.tick("accepte")
			second.press("Accepter et continuer")
			second.on("Acceptez les conditions d’utilisation")

			v.reload()
			v.on("Acceptez les conditions d’utilisation") // accepted in the other tab
			v.tick("accepte")
			v.press("Accepter et terminer")
			v.on("Loyers demande vos renseignements")
			second.reload()
			second.on("Loyers demande vos renseignements")
			second.press("Autoriser")
			second.received(odile)
			v.reload()
			v.received(odile) // shared already: straight to the partner

			v.back()
			v.look("back")
			v.open(d.Partner)
			v.received(odile)
		})
	}
}

// TestStoppingAndComingBack stops after the password; nothing is lost.
func TestStoppingAndComingBack(t *testing.T) {
	browser := chromium(t)
	d, _ := demonstration(t)
	v := visit(t, browser, screen{320, 640, true}, "stopping")
	identifier, provisional := v.credentials(d, odile)
	v.begin(d)
	v.signIn(identifier, provisional)
	v.press("Continuer")
	v.press("Arrêter et me déconnecter")
	v.look("stopped")
	v.begin(d)
	v.signIn(identifier, provisional) // the same provisional password opens the steps again
	v.on("Choisissez votre mot de passe")
	v.fill("nouveau_mot_de_passe", odile.password)
	v.press("Enregistrer ce mot de passe")
	v.press("Arrêter et me déconnecter")
	v.begin(d)
	v.signIn(identifier, odile.password)
	v.on("Acceptez les règles d’usage")
}
