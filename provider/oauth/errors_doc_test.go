package oauth_test

import (
	"os"
	"strings"
	"testing"

	"loge/provider/oauth"
)

// Each error that an application may be told has a row with its cause and its
// cure in the guide for partners, and the guide has no other.
func TestEveryErrorHasItsCauseAndCure(t *testing.T) {
	guide, err := os.ReadFile("../../docs/partners.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "\n## When it goes wrong\n")
	if !found {
		t.Fatal("the guide has no section about errors")
	}
	documented := map[string]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`") {
			continue
		}
		for i, code := range strings.Split(cells[0], "`") {
			if i%2 == 0 {
				continue
			}
			documented[code] = true
			if strings.TrimSpace(cells[1]) == "" || strings.TrimSpace(cells[2]) == "" {
				t.Errorf("%s has no cause or no cure: %s", code, line)
			}
		}
	}
	codes := map[string]bool{}
	for _, code := range oauth.ErrorCodes() {
		if codes[code] = true; !documented[code] {
			t.Errorf("the guide does not explain %s", code)
		}
	}
	for code := range documented {
		if !codes[code] {
			t.Errorf("the guide explains %s, which nobody is told", code)
		}
	}
}
