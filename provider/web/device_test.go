package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDeviceName(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0":                                                                    "Firefox sur Android",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":           "Edge sur Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                   "Chrome sur Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari sur iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                      "Safari sur Mac",
		"Mozilla/5.0 (Windows NT 10.0)": "navigateur inconnu sur Windows",
		"":                              "navigateur inconnu",
		"<a href=https://pirate.example>cliquez</a>\r\nTo: x@y": "navigateur inconnu",
		strings.Repeat("x", 501) + "Firefox/1 Windows":          "navigateur inconnu",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User-Agent", agent)
		if got := DeviceName(r); got != want {
			t.Errorf("%q is « %s », want « %s »", agent, got, want)
		}
	}
}
