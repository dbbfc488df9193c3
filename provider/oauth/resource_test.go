package oauth_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// resourceWorld has a client with two resource servers.
func resourceWorld(t *testing.T, db *storage.DB, change func(*storage.Client)) *browser {
	t.Helper()
	b := away(t, db)
	serves := func(uris ...string) func(*storage.Client) {
		return func(c *storage.Client) { machine(c); c.Metadata.Resources = uris }
	}
	b.client(t, "baux", serves("https://baux.example/api", "urn:loge:baux"))
	b.client(t, "compta", serves("https://compta.example/"))
	b.client(t, "autre", serves("https://autre.example/"))
	b.client(t, "vers", func(c *storage.Client) {
		legible("ES256")(c)
		c.Audiences = "baux compta absent"
		if change != nil {
			change(c)
		}
	})
	return b.consents(t, "vers", everything+" offline_access")
}

// RFC 8707: asked, narrowed, kept, and seen by whom it is for alone.
func TestResourceIndicators(t *testing.T) {
	const baux, urn, compta = "https://baux.example/api", "urn:loge:baux", "https://compta.example/"
	aud := func(token string) any { return idToken(t, token).all["aud"] }
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := resourceWorld(t, db, nil)
		redeem := func(authorize, token []string) tokens {
			t.Helper()
			query := asks("vers", "scope", offlineScope)
			query["resource"] = authorize
			answer, _ := b.authorize(t, query)
			form := exchange(answer.Get("code"))
			form["resource"] = token
			return b.token(t, form, "vers")
		}
		seen := func(what, token string, by ...string) {
			t.Helper()
			for _, id := range []string{"baux", "compta", "autre"} {
				found := b.introspect(t, token, id)
				if active := found["active"] == true; active != slices.Contains(by, id) {
					t.Errorf("%s: %s sees %v", what, id, found)
				}
			}
		}
		all := redeem(nil, nil)
		if diff := cmp.Diff([]any{"baux", "compta", "absent"}, aud(all.Access)); diff != "" {
			t.Errorf("nothing asked: %s", diff)
		}
		seen("nothing asked", all.Access, "baux", "compta")
		b.lives(t, "nothing asked", all.Access, true)

		both := redeem([]string{baux, compta}, nil)
		if diff := cmp.Diff([]any{baux, compta}, aud(both.Access)); diff != "" {
			t.Errorf("both: %s", diff)
		}
		seen("both", both.Access, "baux", "compta")
		b.lives(t, "restricted to others", both.Access, false)
		if found := b.introspect(t, both.Access, "vers"); !cmp.Equal(found["aud"], []any{baux, compta}) {
			t.Errorf("introspection: %v", found)
		}

		form := refreshes(both.Refresh)
		form["resource"] = []string{baux}
		narrowed := b.token(t, form, "vers")
		if aud(narrowed.Access) != baux {
			t.Errorf("narrowed at refresh: %v", aud(narrowed.Access))
		}
		seen("narrowed at refresh", narrowed.Access, "baux")
		again := b.token(t, refreshes(narrowed.Refresh), "vers")
		if diff := cmp.Diff([]any{baux, compta}, aud(again.Access)); diff != "" {
			t.Errorf("the refresh token keeps the whole: %s", diff)
		}
		form = refreshes(again.Refresh)
		form["resource"] = []string{urn}
		wantRefused(t, "wider at refresh", b.token(t, form, "vers"), 400, "invalid_target")
		if kept := b.token(t, refreshes(again.Refresh), "vers"); kept.status != 200 {
			t.Errorf("a refused resource has used up the refresh token: %+v", kept)
		}

		one := redeem([]string{baux, compta}, []string{compta})
		if aud(one.Access) != compta {
			t.Errorf("narrowed at the code: %v", aud(one.Access))
		}
		seen("narrowed at the code", one.Access, "compta")
		if late := redeem(nil, []string{urn, urn, ""}); aud(late.Access) != urn {
			t.Errorf("asked at the token endpoint alone: %+v", late)
		}
		if ours := redeem([]string{issuer, baux}, nil); !cmp.Equal(aud(ours.Access), any([]any{issuer, baux})) {
			t.Errorf("issuer: %v", aud(ours.Access))
		} else {
			b.lives(t, "for the issuer too", ours.Access, true)
		}
		robot := b.token(t, url.Values{"grant_type": {"client_credentials"}, "resource": {compta}}, "vers")
		if aud(robot.Access) != compta {
			t.Errorf("client_credentials: %v", aud(robot.Access))
		}
		seen("client_credentials", robot.Access, "compta")

		for what, bad := range map[string][]string{"unknown": {"https://nulle.example/"}, "of no server of the client": {"https://autre.example/"}, "beginning alone": {"https://compta.example"},
			"with more": {compta + "x"}, "relative": {"/api"}, "with a fragment": {compta + "#x"}, "empty fragment": {compta + "#"}, "two in one": {baux + " " + compta}, "a good and a bad one": {baux, "https://autre.example/"},
			"client id": {"baux"}, "too many": slices.Repeat([]string{baux}, 11), "too long": {"https://compta.example/" + strings.Repeat("x", 600)}} {
			query := asks("vers")
			query["resource"] = bad
			if got, _ := b.authorize(t, query); got.Get("error") != "invalid_target" || got.Get("code") != "" || got.Get("iss") != issuer {
				t.Errorf("%s: authorize %v", what, got)
			}
			wantRefused(t, what, b.token(t, url.Values{"grant_type": {"client_credentials"}, "resource": bad}, "vers"), 400, "invalid_target")
		}
		if got, _ := b.authorize(t, asks("loyers", "resource", baux)); got.Get("error") != "invalid_target" {
			t.Errorf("a client without resource servers: %v", got)
		}
		query := asks("vers")
		query["scope"] = []string{"openid", "email"}
		if got, _ := b.authorize(t, query); got.Get("error") != "invalid_request" {
			t.Errorf("other parameters may not repeat: %v", got)
		}

		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "compta", b.at()) })
		wantRefused(t, "a disabled resource server", b.token(t, url.Values{"grant_type": {"client_credentials"}, "resource": {compta}}, "vers"), 400, "invalid_target")
	})
}

// Resources restrict opaque tokens as well, and survive the sign-in pages.
func TestResourcesOfOpaqueTokens(t *testing.T) {
	b := resourceWorld(t, storagetest.Open(t), func(c *storage.Client) { c.Metadata.AccessTokenFormat = storage.FormatOpaque })
	query := asks("vers", "prompt", "login")
	query["resource"] = []string{"urn:loge:baux", "https://baux.example/api"}
	w := b.get("/oauth2/authorize?" + query.Encode())
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || to.Query().Get("demande") == "" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
	}
	b.advance(time.Second)
	b.signIn(t)
	b.write(t, func(ctx context.Context, q *storage.Queries) error {
		return q.SetFlowSession(ctx, to.Query().Get("demande"), b.session.ID)
	})
	got := b.token(t, exchange(answered(t, b.get("/oauth2/authorize/suite?demande="+to.Query().Get("demande"))).Get("code")), "vers")
	if found := b.introspect(t, got.Access, "baux"); found["active"] != true || !cmp.Equal(found["aud"], any([]any{"urn:loge:baux", "https://baux.example/api"})) || found["jti"] != nil {
		t.Errorf("resource server: %v", found)
	}
	inactive(t, "the other one", b.introspect(t, got.Access, "compta"))
	b.lives(t, "at userinfo", got.Access, false)
}
