package oauth_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestCodeIsExchangedForTokens(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		got := b.token(t, exchange(b.code(t, "loyers")), "loyers")
		if got.status != 200 || got.Access == "" || got.ID == "" || got.Type != "Bearer" || got.ExpiresIn != 3600.0 || got.Scope != "openid email" {
			t.Fatalf("token response: %+v", got)
		}
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("headers: %v", got.header)
		}
		if claims, w := b.userinfo(t, got.Access); w.Code != 200 || claims["email"] != b.user.Email {
			t.Errorf("userinfo: %d %v", w.Code, claims)
		}
		for _, action := range []string{"grant.created", "token.issued"} {
			if n := len(b.events(t, action)); n != 1 {
				t.Errorf("%d events %s, want 1", n, action)
			}
		}
	})
}

// fosite.md items 15 and 17; openid-provider.md §7.
func TestTokenRequestIsReadStrictly(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	const urlencoded = "application/x-www-form-urlencoded"
	good := exchange("loge_ac_unknown").Encode()
	for _, c := range []struct {
		name, contentType, body string
		code                    string
	}{
		{"unknown grant", urlencoded, with(exchange("x"), "grant_type", "urn:x").Encode(), "unsupported_grant_type"},
		{"password grant", urlencoded, with(exchange("x"), "grant_type", "password").Encode(), "unsupported_grant_type"},
		{"refresh grant of a client without it", urlencoded, with(exchange("x"), "grant_type", "refresh_token").Encode(), "unauthorized_client"},
		{"two grants", urlencoded, with(exchange("x"), "grant_type", "authorization_code refresh_token").Encode(), "unsupported_grant_type"},
		{"no grant", urlencoded, with(exchange("x"), "grant_type", "-").Encode(), "invalid_request"},
		{"no code", urlencoded, with(exchange("x"), "code", "-").Encode(), "invalid_request"},
		{"no redirect_uri", urlencoded, with(exchange("x"), "redirect_uri", "-").Encode(), "invalid_request"},
		{"empty body", urlencoded, "", "invalid_request"},
		{"code twice", urlencoded, good + "&code=y", "invalid_request"},
		{"grant_type twice", urlencoded, good + "&grant_type=password", "invalid_request"},
		{"unknown parameter twice", urlencoded, good + "&zz=1&zz=2", "invalid_request"},
		{"broken escape", urlencoded, good + "&zz=%zz", "invalid_request"},
		{"semicolon", urlencoded, good + ";a=b", "invalid_request"},
		{"NUL", urlencoded, good + "&zz=%00", "invalid_request"},
		{"broken UTF-8", urlencoded, good + "&zz=%ff", "invalid_request"},
		{"65 KB", urlencoded, good + "&zz=" + strings.Repeat("x", 65<<10), "invalid_request"},
		{"200 parameters", urlencoded, good + strings.Repeat("&a=b", 200), "invalid_request"},
		{"multipart", "multipart/form-data; boundary=x", "--x\r\n\r\n--x--", "invalid_request"},
		{"JSON", "application/json", `{"grant_type":"authorization_code"}`, "invalid_request"},
		{"no content type", "", good, "invalid_request"},
		{"unknown parameter", urlencoded, good + "&audience=x&zz=1", "invalid_grant"},
		{"charset", urlencoded + "; charset=utf-8", good, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(c.body))
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			r.SetBasicAuth("loyers", secretOf)
			wantRefused(t, c.name, b.send(t, r), http.StatusBadRequest, c.code)
		})
	}
}

func TestParametersInTheAddressOfTheTokenEndpointCountForNothing(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	form := exchange(b.code(t, "loyers"))
	r := httptest.NewRequest("POST", "/oauth2/token?"+form.Encode(), nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("loyers", secretOf)
	wantRefused(t, "everything in the address", b.send(t, r), 400, "invalid_request")
}

// openid-provider.md §7; fosite.md item 24: a code lives a minute.
func TestCodeIsBoundToTimeRedirectAndVerifier(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		code := b.code(t, "loyers")
		b.advance(60 * time.Second)
		wantRefused(t, "at its end", b.token(t, exchange(code), "loyers"), 400, "invalid_grant")

		code = b.code(t, "loyers")
		b.advance(59 * time.Second)
		wantRefused(t, "another redirect_uri", b.token(t, exchange(code, "redirect_uri", callback+"/"), "loyers"), 400, "invalid_grant")
		if got := b.token(t, exchange(code), "loyers"); got.status != 200 {
			t.Errorf("last second: %+v", got)
		}
	})
}

// security-classes.md 16; fosite.md item 1.
func TestPKCECannotBeDowngraded(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		b.client(t, "pub", public)
		b.client(t, "sans", func(c *storage.Client) { c.RequirePKCE = false })
		b.consents(t, "pub", "openid email").consents(t, "sans", "openid email")
		for _, id := range []string{"loyers", "pub", "sans"} {
			basic, more := id, []string{}
			if id == "pub" {
				basic, more = "", []string{"client_id", "pub"}
			}
			code := b.code(t, id)
			for _, wrong := range []string{strings.Repeat("x", 43), "-", "short", strings.Repeat("y", 129), challenge(verifier)} {
				form := exchange(code, append(more, "code_verifier", wrong)...)
				wantRefused(t, id+" with verifier "+wrong, b.token(t, form, basic), 400, "invalid_grant")
			}
			if got := b.token(t, exchange(code, more...), basic); got.status != 200 {
				t.Errorf("%s: the right verifier after wrong ones: %+v", id, got)
			}
		}
		code := b.code(t, "sans", "code_challenge", "-", "code_challenge_method", "-")
		wantRefused(t, "verifier without challenge", b.token(t, exchange(code), "sans"), 400, "invalid_grant")
		if got := b.token(t, exchange(code, "code_verifier", "-"), "sans"); got.status != 200 {
			t.Errorf("client registered without PKCE: %+v", got)
		}
	})
}

// openid-provider.md §3; security-classes.md 15.
func TestCodeAndTokenAreLongAndWholeOrNothing(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	code := b.code(t, "loyers")
	if !regexp.MustCompile(`^loge_ac_[\w-]{43}\.[\w-]{43}$`).MatchString(code) {
		t.Errorf("code %q", code)
	}
	changed := func(s string) []string {
		list := []string{s[:len(s)-1], s + "A", s[len("loge_ac_"):], strings.Replace(s, "loge_a", "loge_b", 1), strings.ToUpper(s), s + "." + s, s + "%00"}
		for i := len("loge_ac_"); i < len(s); i++ {
			other := byte('A')
			if s[i] == other {
				other = 'B'
			}
			list = append(list, s[:i]+string(other)+s[i+1:])
		}
		return list
	}
	for _, c := range changed(code) {
		wantRefused(t, c, b.token(t, exchange(c), "loyers"), 400, "invalid_grant")
	}
	got := b.token(t, exchange(code), "loyers")
	if !regexp.MustCompile(`^loge_at_[\w-]{43}\.[\w-]{43}$`).MatchString(got.Access) {
		t.Fatalf("access token %q", got.Access)
	}
	for _, c := range changed(got.Access) {
		if _, w := b.userinfo(t, c); w.Code != 401 {
			t.Errorf("changed token %q: %d", c, w.Code)
		}
	}
	if _, w := b.userinfo(t, got.Access); w.Code != 200 {
		t.Errorf("the token itself: %d", w.Code)
	}
}

// security-classes.md 2: one kind is never taken for another.
func TestKindsOfTokenAreNotMixedUp(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	code := b.code(t, "loyers")
	if _, w := b.userinfo(t, code); w.Code != 401 {
		t.Errorf("a code opens userinfo: %d", w.Code)
	}
	relabelled := strings.Replace(code, "loge_ac_", "loge_at_", 1)
	if _, w := b.userinfo(t, relabelled); w.Code != 401 {
		t.Errorf("a relabelled code opens userinfo: %d", w.Code)
	}
	got := b.token(t, exchange(code), "loyers")
	for _, c := range []string{got.Access, strings.Replace(got.Access, "loge_at_", "loge_ac_", 1), got.ID} {
		wantRefused(t, "token as code", b.token(t, exchange(c), "loyers"), 400, "invalid_grant")
	}
	if _, w := b.userinfo(t, got.ID); w.Code != 401 {
		t.Errorf("an ID token opens userinfo: %d", w.Code) // fosite.md item 33
	}
}

// fosite.md item 5: what looks like a code is checked before anything is read
// or revoked.
func TestForgedCodeRevokesNothing(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "autre", nil)
	code := b.code(t, "loyers")
	got := b.token(t, exchange(code), "loyers")
	_, signature, _ := strings.Cut(code, ".")
	forged := "loge_ac_" + strings.Repeat("A", 43) + "." + signature
	for _, id := range []string{"loyers", "autre"} {
		wantRefused(t, "forged by "+id, b.token(t, exchange(forged), id), 400, "invalid_grant")
	}
	if _, w := b.userinfo(t, got.Access); w.Code != 200 {
		t.Errorf("the victim's token after a forged code: %d", w.Code)
	}
}

// fosite.md item 18, openid-provider.md §5: nothing of ours in an answer.
func TestErrorDescriptionsArePlainASCII(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	allowed := regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]*$`)
	for _, form := range []url.Values{
		exchange(`"é\`), exchange("x", "grant_type", `"é\`), exchange("x", "code_verifier", `"é\`), with(exchange("x"), `"é\`, "1"),
	} {
		got := b.token(t, form, "loyers")
		if got.Error == "" || !allowed.MatchString(got.Description) {
			t.Errorf("%v: error %q, description %q", form, got.Error, got.Description)
		}
	}
	r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader(exchange("x").Encode()+"&%22%C3%A9=1&%22%C3%A9=2"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := b.send(t, r); got.Description == "" || !allowed.MatchString(got.Description) {
		t.Errorf("repeated parameter: description %q", got.Description)
	}
}

// security-classes.md 2, fosite.md items 7 and 27: who reads the database can
// use nothing of what is in it.
func TestStolenDatabaseHoldsNoCodeAndNoToken(t *testing.T) {
	dir := t.TempDir()
	b := ready(t, storagetest.OpenURL(t, "sqlite:"+filepath.Join(dir, "loge.db")))
	code := b.code(t, "loyers")
	access := b.token(t, exchange(b.code(t, "loyers")), "loyers").Access
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, token := range []string{code, access} {
		random, signature, _ := strings.Cut(token[len("loge_ac_"):], ".")
		stored := false
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			stored = stored || bytes.Contains(content, []byte(signature))
			if bytes.Contains(content, []byte(random)) {
				t.Errorf("%s holds the random half of %.8s", filepath.Base(file), token)
			}
		}
		if !stored {
			t.Errorf("the signature of %.8s is nowhere: the test looks at the wrong files", token)
		}
		if strings.Contains(b.log.String(), signature) || strings.Contains(b.log.String(), random) {
			t.Errorf("the log holds a half of %.8s", token)
		}
	}
}

// fosite.md item 26: no part of the secret is cut off.
func TestTokensDependOnTheWholeMasterSecret(t *testing.T) {
	db := storagetest.Open(t)
	b := ready(t, db)
	code := b.code(t, "loyers")
	other := newOPWith(t, storagetest.Open(t), masterBytes+"A")
	other.client(t, "loyers", nil)
	wantRefused(t, "code made with 32 bytes of the secret", other.token(t, exchange(code), "loyers"), 400, "invalid_grant")
}
