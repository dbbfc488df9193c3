//go:build browser

package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long one thing in the browser may take before the test fails.
const patience = 30 * time.Second

// screen is how a visitor looks at the pages.
type screen struct {
	Width, Height int64
	JavaScript    bool
}

var screens = []screen{
	{320, 640, true},
	{320, 640, false},
	{1280, 900, true},
	{1280, 900, false},
}

func (s screen) String() string {
	js := "js"
	if !s.JavaScript {
		js = "nojs"
	}
	return fmt.Sprintf("%d-%s", s.Width, js)
}

// chromium starts one browser for the test. Each visitor gets a profile of its
// own in it.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := findChromium()
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Headless,
		chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // small in containers
		// Without the back/forward cache the back button asks the server again,
		// which is the harder case.
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,BackForwardCache"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "fr"),
		chromedp.WSURLReadTimeout(patience),
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	browser, cancelBrowser := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancelBrowser()
		cancelAllocator()
	})
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return browser
}

func findChromium() (string, error) {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium is installed: install the package chromium, or Google Chrome, or run make test, which does")
}

// visitor is one person at a browser: a profile of its own with one tab.
type visitor struct {
	t      *testing.T
	tab    context.Context
	screen screen
	name   string // of the screenshots' folder and files
	looked int    // pages looked at
	hurry  bool   // looks at no page: other tests do
}

// visit opens a new profile in the browser.
func visit(t *testing.T, browser context.Context, s screen, name string) *visitor {
	t.Helper()
	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	v := &visitor{t: t, tab: tab, screen: s, name: name}
	v.prepare()
	return v
}

// another opens a second tab of the same profile.
func (v *visitor) another() *visitor {
	v.t.Helper()
	tab, cancel := chromedp.NewContext(v.tab)
	v.t.Cleanup(cancel)
	second := &visitor{t: v.t, tab: tab, screen: v.screen, name: v.name + "-tab2"}
	second.prepare()
	return second
}

func (v *visitor) prepare() {
	v.t.Helper()
	// The context of the first action is the life of the tab: no timeout.
	if err := chromedp.Do(v.tab); err != nil {
		v.t.Fatalf("open tab: %v", err)
	}
	v.do("prepare tab", chromedp.EmulateViewport(v.screen.Width, v.screen.Height), scripts(v.screen.JavaScript))
}

// scripts switches JavaScript on or off for the pages that are loaded next.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// do runs actions and fails the test with what was being done.
func (v *visitor) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		v.t.Fatalf("%s at %s: %v%s", what, v.address(), err, v.lastSight())
	}
}

// get runs an action and returns its result.
func get[T any](v *visitor, what string, action chromedp.Action[T]) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		v.t.Fatalf("%s at %s: %v%s", what, v.address(), err, v.lastSight())
	}
	return result
}

// leave runs actions that lead to another page and waits until that has loaded.
func (v *visitor) leave(what string, actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		v.t.Fatalf("%s at %s: %v%s", what, v.address(), err, v.lastSight())
	}
	if response != nil && response.Status >= 500 {
		v.t.Fatalf("%s: %s answered %d%s", what, response.URL, response.Status, v.lastSight())
	}
}

// address is where the tab is, for messages: never fails.
func (v *visitor) address() string {
	ctx, cancel := context.WithTimeout(v.tab, time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "an unknown address"
	}
	return at
}

// lastSight keeps what is on screen when a test fails, and says where.
func (v *visitor) lastSight() string {
	ctx, cancel := context.WithTimeout(v.tab, 5*time.Second)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return ""
	}
	return "\nlast sight: " + v.keep("failed", picture)
}

// keep writes a screenshot and returns its path.
func (v *visitor) keep(name string, picture []byte) string {
	folder := os.Getenv("LOGE_SCREENSHOTS")
	if folder == "" {
		folder = filepath.Join("..", "..", "build", "screenshots")
	}
	path := filepath.Join(folder, v.screen.String(), fmt.Sprintf("%s-%02d-%s.png", v.name, v.looked, name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		v.t.Errorf("keep screenshot: %v", err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		v.t.Errorf("keep screenshot: %v", err)
	}
	return path
}
