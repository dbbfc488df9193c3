package operator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/provider/operator"
	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

func loyers() operator.NewClient {
	return operator.NewClient{Name: " Mes  Loyers & Cie ", RedirectURIs: []string{"https://loyers.example/callback?a=b"}}
}

func TestAddClient(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		office := agency(db)
		c, plain, err := office.AddClient(t.Context(), loyers())
		if err != nil {
			t.Fatal(err)
		}
		now := storage.At(start)
		want := storage.Client{ID: "mes-loyers-cie", Name: "Mes Loyers & Cie", Publisher: "Mes Loyers & Cie",
			RedirectURIs: []string{"https://loyers.example/callback?a=b"}, Scopes: "openid profile email bailleur", AuthMethod: storage.AuthBasic,
			SecretHash: secret.HashClientSecret(plain), SecretCreatedAt: now, SubjectType: storage.SubjectPairwise, IDTokenAlg: "RS256",
			RequirePKCE: true, Consent: storage.ConsentAsk, GrantTypes: storage.GrantCode, CreatedAt: now, UpdatedAt: now}
		stored, err := db.Client(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("client (-want +stored):\n%s", diff)
		}
		if len(plain) < 43 {
			t.Errorf("secret of %d characters holds less than 256 bits", len(plain))
		}
		if _, _, err := office.AddClient(t.Context(), loyers()); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("same id twice: %v, want ErrConflict", err)
		}

		renewed, err := office.RenewClientSecret(t.Context(), c.ID)
		if err != nil || renewed == plain {
			t.Fatalf("RenewClientSecret = %v", err)
		}
		if stored, _ = db.Client(t.Context(), c.ID); secret.ClientSecretMatches(stored.SecretHash, plain) || !secret.ClientSecretMatches(stored.SecretHash, renewed) {
			t.Error("after renewal the former secret matches, or the new one does not")
		}
		for range 2 { // a second time is no error
			if err := office.DisableClient(t.Context(), c.ID); err != nil {
				t.Error(err)
			}
		}
		if stored, _ = db.Client(t.Context(), c.ID); stored.DisabledAt != now {
			t.Errorf("disabled at %d, want %d", stored.DisabledAt, now)
		}
		events, err := db.AuditOf(t.Context(), c.ID, 10)
		if err != nil || len(events) != 3 {
			t.Errorf("audit = %v, %v; want created, renewed, disabled", events, err)
		}
		for _, e := range events {
			for _, value := range e.Details {
				if strings.Contains(value, plain) || strings.Contains(value, renewed) {
					t.Errorf("event %s holds the secret", e.Action)
				}
			}
		}
	})
}

func TestClientWithoutSecret(t *testing.T) {
	office := agency(storagetest.Open(t))
	n := loyers()
	n.AuthMethod = storage.AuthNone
	c, plain, err := office.AddClient(t.Context(), n)
	if err != nil || plain != "" || len(c.SecretHash) != 0 {
		t.Fatalf("public client: secret %q, hash %x, %v", plain, c.SecretHash, err)
	}
	if _, err := office.RenewClientSecret(t.Context(), c.ID); err == nil {
		t.Error("a client without a secret got one")
	}
	if _, err := office.RenewClientSecret(t.Context(), "nobody"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown client: %v, want ErrNotFound", err)
	}
	n.ID, n.OptionalPKCE = "other", true
	if _, _, err := office.AddClient(t.Context(), n); err == nil {
		t.Error("a client without a secret may do without PKCE")
	}
}

func TestRedirectAddresses(t *testing.T) {
	office := agency(storagetest.Open(t))
	add := func(uri string) error {
		n := loyers()
		n.ID, n.RedirectURIs = strings.ToLower(storage.NewID()), []string{uri}
		_, _, err := office.AddClient(t.Context(), n)
		return err
	}
	for _, uri := range []string{
		"https://loyers.example", "https://loyers.example/", "https://loyers.example:8443/cb?x=1&y=%20", "https://xn--lan-9la.example/cb",
		"http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", "http://[::1]:8080/cb", "http://localhost:3000/cb",
	} {
		if err := add(uri); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
	for _, uri := range []string{
		"", "/cb", "loyers.example/cb", "//loyers.example/cb", "http://loyers.example/cb", "http://127.0.0.1.evil.example/cb", "http://localhost.evil.example/",
		"https://loyers.example/cb#x", "https://loyers.example/cb#", "https://user@loyers.example/cb", "https://user:pw@loyers.example/cb",
		"https://loyers.example\\@evil.example/cb", "https://*.loyers.example/cb", "https://loyers.example/*", "https:///cb", "https:loyers.example",
		"https://Loyers.example/cb", "https://loyers.example./cb", "https://loyers.example/a b", "https://loyers.example/\ncb", "https://élan.example/cb",
		"https://loyers.example/<script>", "javascript:alert(1)", "JAVASCRIPT://x/%0aalert(1)", "data:text/html,x", "file:///etc/passwd",
		"com.example.app:/cb", "com.example.app://cb", "urn:ietf:wg:oauth:2.0:oob", "https://loyers.example/" + strings.Repeat("a", 2000),
		"https://loyers.example:port/cb", "https://[::1/cb", "ftp://loyers.example/cb", "https://loyers.example/%zz",
	} {
		if err := add(uri); err == nil {
			t.Errorf("%q was registered", uri)
		}
	}
}

func TestAddClientNamesEveryFault(t *testing.T) {
	office := agency(storagetest.Open(t))
	_, _, err := office.AddClient(t.Context(), operator.NewClient{ID: "Not An Id", Name: "a\nb", PolicyURI: "http://x.example", Scopes: []string{"everything"},
		AuthMethod: "password", SubjectType: "secret", IDTokenAlg: "none", Consent: "never"})
	if err == nil {
		t.Fatal("registered")
	}
	for _, want := range []string{"id ", "name", "policy", "redirect address", "scope", "authentication", "subject type", "algorithm", "consent"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q:\n%v", want, err)
		}
	}
	two := loyers()
	two.RedirectURIs = append(two.RedirectURIs, "https://other.example/cb")
	if _, _, err := office.AddClient(t.Context(), two); err == nil || !strings.Contains(err.Error(), "sector") {
		t.Errorf("two hosts without a sector: %v", err)
	}
	two.Sector = "loyers.example"
	if _, _, err := office.AddClient(t.Context(), two); err != nil {
		t.Errorf("two hosts with a sector: %v", err)
	}
}
