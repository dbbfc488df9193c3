package web_test

import (
	"net/http/httptest"
	"testing"
)

// BenchmarkRenderLogin shows the page that everybody passes.
func BenchmarkRenderLogin(b *testing.B) {
	p := newPages(b)
	r := httptest.NewRequest("GET", "/", nil)
	for _, s := range samples("") {
		if s.name != "login" {
			continue
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := p.Render(httptest.NewRecorder(), r, s.view); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	b.Fatal("there is no sample of the page")
}
