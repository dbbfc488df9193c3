//go:build browser

package browsertest

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pressTab presses the Tab key and returns where the focus goes.
func (v *visitor) pressTab() string {
	v.t.Helper()
	v.do("press Tab", chromedp.KeyEvent(kb.Tab))
	return v.focus()
}

// TestKeyboardAlone signs in without a mouse: Tab goes through the page in the
// order of reading, the focus is always seen, and Enter sends the form.
func TestKeyboardAlone(t *testing.T) {
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			d, _ := demonstration(t)
			v := visit(t, browser, s, "keyboard")
			identifier, provisional := v.credentials(d, odile)
			v.begin(d)

			want := []string{"Aller au contenu", "Espace bailleur", "identifiant", "mot_de_passe", "Mot de passe oublié", "Connexion", "Problème de connexion"}
			if s.JavaScript {
				want = slices.Insert(want, 4, "Afficher le mot de passe")
			}
			var got []string
			for range want {
				got = append(got, v.pressTab())
				v.seen()
			}
			if !slices.Equal(got, want) {
				t.Errorf("Tab goes to %q, want %q", got, want)
			}

			v.reload()
			for v.pressTab() != "identifiant" {
			}
			v.do("type identifier", chromedp.KeyEvent(identifier))
			v.pressTab()
			v.leave("type password and Enter", chromedp.KeyEvent(provisional+kb.Enter))
			v.on("Vérifiez vos renseignements")

			v.do("skip to the content", chromedp.KeyEvent(kb.Tab))
			v.do("press Enter", chromedp.KeyEvent(kb.Enter))
			if got := v.pressTab(); got != "prenom" {
				t.Errorf("after the skip link Tab goes to %q, want the first field", got)
			}
		})
	}
}

// seen checks that what has the focus shows it: an outline of at least 2 px,
// within the window (WCAG 2.4.7, 2.4.11).
func (v *visitor) seen() {
	v.t.Helper()
	ok := get(v, "look for the focus", chromedp.Evaluate[bool](`(() => {
		const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
		return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 &&
			box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
	})()`))
	if !ok {
		v.t.Errorf("at %s: the focus on %q is not seen%s", v.address(), v.focus(), v.lastSight())
	}
}
