//go:build browser

package browsertest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// TestChecksFindFaults makes sure that a silent check is a good sign: a page
// with faults is found faulty, with and without JavaScript.
func TestChecksFindFaults(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// No answer is awaited: the browser tells.
		_, _ = w.Write([]byte(`<!doctype html><html><head><meta name="viewport" content="width=device-width"></head><body><main>
			<h1>Page</h1><p style="color:#999; width:2000px">pale</p><input name="x">
			<p><button style="width:9px;height:9px;padding:0;border:0">a</button><button style="width:9px;height:9px;padding:0;border:0">b</button></p>
			<script>document.body.dataset.ran = "yes"</script></main></body></html>`))
	}))
	defer server.Close()
	browser := chromium(t)
	for _, s := range screens {
		t.Run(s.String(), func(t *testing.T) {
			v := visit(t, browser, s, "faults")
			v.open(server.URL)
			if ran := v.ran(); ran != s.JavaScript {
				t.Errorf("the page's script ran: %v, want %v", ran, s.JavaScript)
			}
			var found []string
			for _, violation := range v.violations("faults") {
				found = append(found, violation.ID)
			}
			for _, want := range []string{"color-contrast", "document-title", "html-has-lang", "label", "target-size"} {
				if !slices.Contains(found, want) {
					t.Errorf("axe-core does not find %s, only %q", want, found)
				}
			}
			if over := v.overflow(); over.By <= 0 {
				t.Errorf("the page is %d px wider than the screen, want more than 0", over.By)
			}
			v.reload()
			if ran := v.ran(); ran != s.JavaScript {
				t.Errorf("after the check the page's script ran: %v, want %v", ran, s.JavaScript)
			}
		})
	}
}
