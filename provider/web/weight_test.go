package web_test

import (
	"io/fs"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"loge/templates"
)

// TestFirstLoadIsLight counts what a browser with an empty cache fetches: the
// page as it is, style sheet, script and icon compressed, and their headers.
func TestFirstLoadIsLight(t *testing.T) {
	const limit, headers = 30_000, 700
	p := newPages(t)
	static := regexp.MustCompile(`/static/[^"]+`)
	heaviest, most := "", 0
	for name, html := range everyPage(t, p, "") {
		total := len(html) + headers
		files := static.FindAllString(html, -1)
		want := 3
		if strings.Contains(html, "data-passkey=") {
			want++ // the script that asks a passkey
		}
		if len(files) != want {
			t.Errorf("%s: %d static files, want style, script and icon, and another script for passkeys", name, len(files))
		}
		for _, url := range files {
			r := httptest.NewRequest("GET", url, nil)
			r.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			p.Static().ServeHTTP(w, r)
			if w.Code != 200 {
				t.Errorf("%s: %s answers %d", name, url, w.Code)
			}
			total += w.Body.Len() + headers
		}
		if total > limit {
			t.Errorf("%s weighs %d bytes, want at most %d", name, total, limit)
		}
		if total > most {
			heaviest, most = name, total
		}
	}
	t.Logf("heaviest: %s, %d bytes", heaviest, most)
}

func TestStyleSheetIsSmall(t *testing.T) {
	data, err := fs.ReadFile(templates.Files(), "static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 12<<10 {
		t.Errorf("style.css has %d bytes, want at most %d", len(data), 12<<10)
	}
}
