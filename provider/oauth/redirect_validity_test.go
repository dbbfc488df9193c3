package oauth_test

import (
	"net/url"
	"testing"

	"github.com/ory/fosite"
)

// Fosite asks the module in govalidator.
func TestRedirectURIIsAbsolute(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://partner.example/cb":      true,
		"https://partner.example/cb?a=b":  true,
		"http://127.0.0.1:1234/cb":        true,
		"fr.example.app:/cb":              true,
		"":                                false,
		"/cb":                             false,
		"//partner.example/cb":            false,
		"partner.example/cb":              false,
		"https://partner.example/cb#here": false,
	} {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := fosite.IsValidRedirectURI(u); got != want {
			t.Errorf("IsValidRedirectURI(%q) = %v, want %v", uri, got, want)
		}
	}
}
