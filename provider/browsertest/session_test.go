//go:build browser

package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// later moves everybody's clock, the browser's too: a page that was looked at
// before and is looked at again finds how much later it is.
func (v *visitor) later(c *clock, by time.Duration) {
	v.t.Helper()
	c.forward(by)
	v.sees(by)
}

// sees moves the clock of this tab's page and has it looked at again.
func (v *visitor) sees(by time.Duration) {
	v.t.Helper()
	v.do("wait "+by.String(), chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		const now = Date.now;
		Date.now = () => now() + %d;
		document.dispatchEvent(new Event("visibilitychange"));
	})()`, by.Milliseconds())))
}

// until waits until the expression is true in the page.
func (v *visitor) until(what, expression string) {
	v.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(v.tab, time.Second)
		met, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)) // fails while another page loads
		cancel()
		if err == nil && met {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("at %s: in vain waited until %s%s", v.address(), what, v.lastSight())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (v *visitor) asked() {
	v.t.Helper()
	v.until("the page asks", `document.querySelector("dialog:modal") !== null`)
}

func (v *visitor) notAsked() {
	v.t.Helper()
	v.until("the page asks no more", `!document.querySelector("dialog[open]") && !document.title.startsWith("Êtes-vous")`)
}

// TestSessionWarning looks at the question whether somebody is still there, and
// answers it in every way.
func TestSessionWarning(t *testing.T) {
	browser := chromium(t)
	for _, s := range []screen{{320, 640, true}, {1280, 900, true}} {
		t.Run(s.String(), func(t *testing.T) {
			d, c := demonstration(t)
			v := visit(t, browser, s, "session")
			identifier, provisional := v.credentials(d, odile)
			v.open(d.Issuer)
			v.signIn(identifier, provisional)
			v.on("Vérifiez vos renseignements")
			v.fill("prenom", "Odile Marie")
			title := v.title()
			v.later(c, 27*time.Minute)
			v.notAsked()

			v.later(c, 55*time.Second)
			v.asked() // by itself, some seconds later
			if got := v.focus(); got != "Rester connecté" {
				t.Errorf("the focus is on %q", got)
			}
			if got := v.read("dialog h2"); got != "Êtes-vous toujours là\u202f?" || !strings.HasPrefix(v.title(), got+" – ") {
				t.Errorf("the question is %q, the title %q", got, v.title())
			}
			if got := v.read("dialog p"); got != "Vous serez déconnecté dans 2\u00a0minutes, car la page n’a pas bougé depuis longtemps." {
				t.Errorf("the text is %q", got)
			}
			v.looked++
			v.keep("asked", get(v, "take screenshot", chromedp.CaptureScreenshot()))
			v.fits("asked")
			v.accessible("asked")
			v.do("press Tab", chromedp.KeyEvent(kb.Tab))
			if got := v.focus(); got != "Me déconnecter" {
				t.Errorf("Tab goes to %q", got)
			}
			v.later(c, 20*time.Second)
			v.until("the time is counted", `/^1\u00a0minute( 30\u00a0secondes)?$/.test(document.querySelector("dialog strong").textContent)`)
			v.later(c, 50*time.Second)
			v.until("seconds are counted", `/^[1-5]0\u00a0secondes$/.test(document.querySelector("dialog strong").textContent)`)

			// Stay, by the button and by Escape, and find the page as it was.
			v.do("press the button", chromedp.Click(chromedp.CSS("dialog [type=button]")))
			for range 3 {
				v.notAsked()
				if v.title() != title || v.value("prenom") != "Odile Marie" {
					t.Errorf("after the question the page is %q with %q", v.title(), v.value("prenom"))
				}
				time.Sleep(500 * time.Millisecond) // the answer reaches the server
				v.later(c, 28*time.Minute+10*time.Second)
				v.asked()
				v.do("press Escape", chromedp.KeyEvent(kb.Escape))
			}
			v.notAsked()
			v.press("Continuer")
			v.on("Choisissez votre mot de passe")
			v.later(c, 29*time.Minute)
			v.asked()
			v.leave("sign out", chromedp.Click(chromedp.CSS("dialog .second")))
			v.on("Vous êtes déconnecté")

			// Nobody answers: the page that says so, with the request.
			v.begin(d)
			v.signIn(identifier, provisional)
			v.on("Choisissez votre mot de passe")
			demande := get(v, "read the request", chromedp.Evaluate[string](`document.querySelector("[name=demande]").value`))
			v.later(c, 29*time.Minute+57*time.Second)
			v.asked()
			v.until("the session is over", `location.pathname === "/connexion/expiration" && document.readyState === "complete"`)
			v.on("Votre session a expiré")
			v.look("expired")
			if got := v.address(); !strings.HasSuffix(got, "demande="+demande) {
				t.Errorf("after the end the address is %s", got)
			}
			v.follow("Me reconnecter")
			v.signIn(identifier, provisional)
			v.on("Choisissez votre mot de passe")
		})
	}
}

// TestSessionWarningInTwoTabs answers in one tab: the other does not ask, or
// asks no more; and both are told of the end.
func TestSessionWarningInTwoTabs(t *testing.T) {
	browser := chromium(t)
	d, c := demonstration(t)
	v := visit(t, browser, screen{1280, 900, true}, "session-tabs")
	identifier, provisional := v.credentials(d, odile)
	v.open(d.Issuer)
	v.signIn(identifier, provisional)
	second := v.another()
	second.open(v.address())

	v.later(c, 28*time.Minute+10*time.Second)
	v.asked()
	second.sees(28*time.Minute + 10*time.Second)
	second.asked()
	v.do("press Escape", chromedp.KeyEvent(kb.Escape))
	v.notAsked()
	second.notAsked() // found out by itself

	second.later(c, 20*time.Minute)
	second.reload() // the session is used in the second tab
	v.sees(28*time.Minute + 10*time.Second)
	time.Sleep(500 * time.Millisecond)
	v.notAsked() // the server said that there is time

	c.forward(31 * time.Minute)
	for _, tab := range []*visitor{v, second} {
		tab.sees(31 * time.Minute)
		tab.until("the session is over", `location.pathname === "/connexion/expiration" && document.readyState === "complete"`)
		tab.on("Votre session a expiré")
	}
}

// TestSessionWarningWithoutJavaScript: there is no trace of it.
func TestSessionWarningWithoutJavaScript(t *testing.T) {
	browser := chromium(t)
	d, _ := demonstration(t)
	v := visit(t, browser, screen{320, 640, false}, "session")
	identifier, provisional := v.credentials(d, odile)
	v.begin(d)
	v.signIn(identifier, provisional)
	v.on("Vérifiez vos renseignements")
	if high := get(v, "measure the dialog", chromedp.Evaluate[float64](`document.querySelector("dialog").getBoundingClientRect().height`)); high != 0 {
		t.Errorf("the dialog is %v px high", high)
	}
}
