//go:build browser

package browsertest

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe.min.js
var axe string

// axeRun asks for every rule of WCAG A and AA up to 2.2; target-size is off
// unless it is asked for. Frames are looked at as pages of their own.
const axeRun = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
	rules: {"target-size": {enabled: true}},
	iframes: false,
	resultTypes: ["violations"],
}).then(r => JSON.stringify(r.violations.map(v => ({
	id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 300) + " — " + n.failureSummary)
}))))`

const maxHeight = 16000 // pixels; Chromium paints no more

type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// look keeps a screenshot of the page and checks all that every page must have.
func (v *visitor) look(name string) {
	v.t.Helper()
	if v.hurry {
		return
	}
	v.looked++
	v.keep(name, v.picture())
	v.fits(name)
	v.accessible(name)
}

// picture is the whole page. The window is made as high as the page for it,
// because frames out of sight are not painted.
func (v *visitor) picture() []byte {
	v.t.Helper()
	high := get(v, "measure height", chromedp.Evaluate[int64]("document.documentElement.scrollHeight"))
	v.do("see all", chromedp.EmulateViewport(v.screen.Width, min(high, maxHeight)))
	picture := get(v, "take screenshot", chromedp.CaptureScreenshot())
	v.do("see as before", chromedp.EmulateViewport(v.screen.Width, v.screen.Height))
	return picture
}

// fits checks that nothing sticks out at the side (WCAG 1.4.10).
func (v *visitor) fits(name string) {
	v.t.Helper()
	if over := v.overflow(); over.By > 0 {
		v.t.Errorf("%s (%s): the page is %d px wider than the screen: %s", name, v.screen, over.By, over.Most)
	}
}

type overflow struct {
	By   int    // pixels
	Most string // an element that sticks out
}

func (v *visitor) overflow() overflow {
	v.t.Helper()
	return get(v, "measure width", chromedp.Evaluate[overflow](`(() => {
		const room = document.documentElement.clientWidth;
		const by = document.documentElement.scrollWidth - room;
		const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > room + 1);
		return {By: by, Most: by > 0 && out.length ? out[out.length - 1].outerHTML.slice(0, 200) : ""};
	})()`))
}

func (v *visitor) accessible(name string) {
	v.t.Helper()
	for _, violation := range v.violations(name) {
		v.t.Errorf("%s (%s): axe-core: %s: %s\n%s", name, v.screen, violation.ID, violation.Help, strings.Join(violation.Nodes, "\n"))
	}
}

// violations runs axe-core on the page. Where JavaScript is off it is on for
// the length of the check, which runs no script of the page: those are run, or
// not, while a page loads.
func (v *visitor) violations(name string) []violation {
	v.t.Helper()
	v.do("load axe-core", scripts(true), chromedp.Evaluate[chromedp.Void](axe))
	found := get(v, "run axe-core", chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	v.do("go on", scripts(v.screen.JavaScript))
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		v.t.Fatalf("%s: read axe-core's answer: %v", name, err)
	}
	return violations
}

// ran tells whether a page that says so by its own script was able to.
func (v *visitor) ran() bool {
	v.t.Helper()
	return get(v, "ask the page", chromedp.Evaluate[bool](`document.body.dataset.ran === "yes"`))
}
