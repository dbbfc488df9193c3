//go:build browser

package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// wrong checks a page that was sent back with errors: its title says so first,
// the summary stands above the h1, holds the text and has the focus, its link
// leads to the field, and the field says that it is the one.
func (v *visitor) wrong(name, field, text string) {
	v.t.Helper()
	v.look(name)
	if title := v.title(); !strings.HasPrefix(title, "Erreur\u00a0: ") {
		v.t.Errorf("%s: the title is %q, want one that begins with « Erreur : »", name, title)
	}
	if summary := v.read("#resume"); !strings.Contains(summary, "Il y a un problème") || !strings.Contains(summary, text) {
		v.t.Errorf("%s: the summary is %q, want %q in it", name, summary, text)
	}
	if v.screen.JavaScript {
		if focus := v.focus(); focus != "resume" {
			v.t.Errorf("%s: the focus is on %q, want the summary", name, focus)
		}
	}
	if field == "" {
		return
	}
	described := get(v, "read field", chromedp.Evaluate[bool](`(() => {
		const field = document.getElementById("`+field+`");
		return field.getAttribute("aria-invalid") === "true" &&
			field.getAttribute("aria-describedby").split(" ").includes("`+field+`-erreur") &&
			document.querySelector("#resume a").getAttribute("href") === "#`+field+`";
	})()`))
	if !described {
		v.t.Errorf("%s: field %s is not tied to its error", name, field)
	}
	v.do("follow the summary's link", chromedp.Click(chromedp.CSS("#resume a")))
	if focus := v.focus(); focus != field {
		v.t.Errorf("%s: the summary's link puts the focus on %q, want %s", name, focus, field)
	}
}

// focus is the id or the name of what has the focus.
func (v *visitor) focus() string {
	v.t.Helper()
	return get(v, "find focus", chromedp.Evaluate[string](`document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()`))
}

func TestErrorsSayWhatToDo(t *testing.T) {
	browser := chromium(t)
	for _, s := range []screen{{320, 640, false}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			v := visit(t, browser, s, "errors")
			identifier, provisional := v.credentials(d, marcel)
			v.begin(d)
			v.press("Connexion")
			v.wrong("login-empty", "identifiant", "Saisissez votre identifiant.")
			v.signIn(identifier, "pas le bon mot de passe")
			v.wrong("login", "", "L’identifiant ou le mot de passe n’est pas correct.")
			if got := v.value("identifiant"); got == "" {
				t.Error("the identifier has to be typed again")
			}
			if got := v.value("mot_de_passe"); got != "" {
				t.Errorf("the password came back in the page: %q", got)
			}
			v.signIn(identifier, provisional)

			v.fill("prenom", "")
			v.fill("email", "marcel.aubry")
			v.press("Continuer")
			v.wrong("details", "prenom", "Saisissez une adresse e-mail complète")
			if got := v.value("email"); got != "marcel.aubry" {
				t.Errorf("the e-mail field holds %q, want what was typed", got)
			}
			v.fill("prenom", "Marcel")
			v.fill("email", "odile.perrin@courriel.example")
			v.press("Continuer")
			v.wrong("details-taken", "email", "Cette adresse e-mail ne peut pas être utilisée pour ce compte.")
			v.fill("email", marcel.email)
			v.press("Continuer")

			v.fill("code", "000000")
			v.press("Continuer")
			v.wrong("email", "code", "Ce code n’est pas correct ou n’est plus valable.")
			v.fill("code", v.code(d, marcel))
			v.press("Continuer")

			v.fill("nouveau_mot_de_passe", "court")
			v.press("Enregistrer ce mot de passe")
			v.wrong("password-short", "nouveau_mot_de_passe", "Il en a 5.")
			v.fill("nouveau_mot_de_passe", provisional)
			v.press("Enregistrer ce mot de passe")
			v.wrong("password-provisional", "nouveau_mot_de_passe", "Choisissez un mot de passe différent du mot de passe provisoire.")
			v.fill("nouveau_mot_de_passe", marcel.password)
			v.press("Enregistrer ce mot de passe")

			v.press("Accepter et continuer")
			v.wrong("rules", "accepte", "Cochez la case pour accepter les règles d’usage.")
			v.follow("Je n’accepte pas")
			v.on("Vous n’avez pas accepté")
			v.look("refused")
			v.follow("Revenir au texte")
			v.tick("accepte")
			v.press("Accepter et continuer")
			v.press("Accepter et terminer")
			v.wrong("terms", "accepte", "Cochez la case pour accepter les conditions d’utilisation.")
			v.tick("accepte")
			v.press("Accepter et terminer")
			v.press("Autoriser")
			v.received(marcel)
		})
	}
}
