package operator_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage/storagetest"
)

func TestLogoutAddressesAreRegistered(t *testing.T) {
	db := storagetest.Open(t)
	n := loyers()
	n.PostLogoutRedirectURIs = []string{"https://loyers.example/fin?a=b", "http://127.0.0.1:3000/fin"}
	n.BackchannelLogoutURI = "https://loyers.example:8443/deconnexion"
	c, _, err := agency(db).AddClient(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := db.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n.PostLogoutRedirectURIs, stored.PostLogoutRedirectURIs); diff != "" || stored.BackchannelLogoutURI != n.BackchannelLogoutURI {
		t.Errorf("back-channel %q, addresses after sign-out (-want +stored):\n%s", stored.BackchannelLogoutURI, diff)
	}
}

func TestLogoutAddressesAreChecked(t *testing.T) {
	office := agency(storagetest.Open(t))
	for _, uri := range []string{"", "/fin", "http://loyers.example/fin", "https://loyers.example/fin#x", "https://*.loyers.example/fin", "javascript:alert(1)",
		"https://user@loyers.example/", "https://loyers.example\\@evil.example/"} {
		n := loyers()
		n.PostLogoutRedirectURIs = []string{uri}
		if _, _, err := office.AddClient(t.Context(), n); err == nil || !strings.Contains(err.Error(), "after sign-out") {
			t.Errorf("after sign-out %q: %v", uri, err)
		}
	}
	for _, uri := range []string{"/deconnexion", "http://loyers.example/deconnexion", "http://10.0.0.1/", "https://loyers.example/#x", "ftp://loyers.example/", "https://user@loyers.example/"} {
		n := loyers()
		n.BackchannelLogoutURI = uri
		if _, _, err := office.AddClient(t.Context(), n); err == nil || !strings.Contains(err.Error(), "back-channel") {
			t.Errorf("back-channel %q: %v", uri, err)
		}
	}
	n := loyers()
	n.PostLogoutRedirectURIs = []string{"https://loyers.example/fin", "https://loyers.example/fin"}
	if _, _, err := office.AddClient(t.Context(), n); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("one address twice: %v", err)
	}
	n.PostLogoutRedirectURIs = make([]string, 21)
	if _, _, err := office.AddClient(t.Context(), n); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("21 addresses: %v", err)
	}
}
