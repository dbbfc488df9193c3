package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

// party is a client with all that one can have: the grants, keys, and a
// registration of its own.
type party struct {
	*browser
	id, method   string
	key          clientKey
	registration string // its registration access token
}

const (
	thiefsCallback = "https://voleur.example/retour"
	ownersLeft     = "https://proprietaire.example/parti"
	thiefsLeft     = "https://voleur.example/parti"
)

func (b *browser) party(t *testing.T, id, method, left string) party {
	t.Helper()
	p := party{browser: b, id: id, method: method, key: newClientKey(t, "ES256", id)}
	var hash []byte
	p.registration, hash = secret.NewClientSecret()
	b.client(t, id, func(c *storage.Client) {
		offline(c)
		c.GrantTypes += " " + storage.GrantDevice
		c.AuthMethod, c.RegistrationHash, c.PostLogoutRedirectURIs = method, hash, []string{left}
		c.RedirectURIs = []string{callback, thiefsCallback} // both: nothing but the client tells them apart
		c.Metadata.JWKS = jwks(t, p.key)
		if method == storage.AuthPrivateKeyJWT {
			c.Metadata.AccessTokenFormat = storage.FormatJWT
		}
	})
	b.consents(t, id, everything+" offline_access")
	return p
}

// posts sends a form as the client, unless the form says how it authenticates.
func (p party) posts(t *testing.T, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	switch {
	case form.Has("client_assertion") || form.Has("client_secret"):
	case p.method == storage.AuthBasic:
		return p.postForm(path, form, p.id)
	case p.method == storage.AuthPrivateKeyJWT:
		return p.postForm(path, with(form, "client_assertion_type", assertionType, "client_assertion", p.key.sign(t, p.asserts(p.id, nil), nil)), "")
	}
	return p.postForm(path, with(form, "client_id", p.id), "")
}

func (p party) asksTokens(t *testing.T, pairs ...string) (got tokens) {
	t.Helper()
	w := p.posts(t, "/oauth2/token", with(url.Values{}, pairs...))
	decode(t, w, &got)
	got.status = w.Code
	return got
}

func (p party) redeems(t *testing.T, code string) tokens {
	t.Helper()
	return p.asksTokens(t, "grant_type", storage.GrantCode, "code", code, "redirect_uri", callback, "code_verifier", verifier)
}

// configuration asks the client configuration endpoint of a client.
func (p party) configuration(method, id, bearer string) int {
	r := httptest.NewRequest(method, "/oauth2/register/"+id, strings.NewReader(`{"client_id":"`+id+`","redirect_uris":["`+thiefsCallback+`"]}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+bearer)
	w := httptest.NewRecorder()
	p.Registration(w, mux.SetURLVars(r, map[string]string{"id": id}))
	return w.Code
}

// artefact is something that a client was given, or has made. works has the
// client use it, and tells whether that went well.
type artefact struct {
	name  string
	make  func() string
	works func(t *testing.T, it string) bool
}

func (p party) artefacts(t *testing.T) []artefact {
	family := func() tokens {
		got := p.redeems(t, p.code(t, p.id, "scope", offlineScope))
		if got.status != 200 || got.Refresh == "" {
			t.Fatalf("%s: no tokens: %+v", p.id, got)
		}
		return got
	}
	waits := func() (d waiting) {
		decode(t, p.posts(t, "/oauth2/device", url.Values{"scope": {offlineScope}}), &d)
		return d
	}
	agreed := func() waiting {
		d := waits()
		flow, _ := p.types(t, d.UserCode)
		if w := p.agrees(t, flow); w.Code != 200 {
			t.Fatalf("device: %d %s", w.Code, w.Body)
		}
		return d
	}
	polls := func(t *testing.T, code string) tokens {
		return p.asksTokens(t, "grant_type", storage.GrantDevice, "device_code", code)
	}
	return []artefact{
		{"code", func() string { return p.code(t, p.id, "scope", offlineScope) }, func(t *testing.T, it string) bool { return p.redeems(t, it).status == 200 }},
		{"access token", func() string { return family().Access }, func(t *testing.T, it string) bool { _, w := p.userinfo(t, it); return w.Code == 200 }},
		{"refresh token", func() string { return family().Refresh }, func(t *testing.T, it string) bool {
			return p.asksTokens(t, "grant_type", storage.GrantRefresh, "refresh_token", it).status == 200
		}},
		{"ID token", func() string { return family().ID }, func(t *testing.T, it string) bool {
			got, _ := p.authorize(t, asks(p.id, "id_token_hint", it, "prompt", "none"))
			return got.Has("code")
		}},
		{"request_uri", func() string {
			var got pushed
			decode(t, p.posts(t, "/oauth2/par", asks(p.id)), &got)
			return got.URI
		}, func(t *testing.T, it string) bool {
			got, _ := p.authorize(t, url.Values{"client_id": {p.id}, "request_uri": {it}})
			return got.Has("code")
		}},
		{"device code that waits", func() string { return waits().Code }, func(t *testing.T, it string) bool { return polls(t, it).Error == "authorization_pending" }},
		{"device code with consent", func() string { return agreed().Code }, func(t *testing.T, it string) bool { return polls(t, it).status == 200 }},
		{"registration access token", func() string { return p.registration }, func(t *testing.T, it string) bool { return p.configuration("GET", p.id, it) == 200 }},
		{"request object", func() string { return p.key.sign(t, p.object(t, p.id, nil), nil) }, func(t *testing.T, it string) bool {
			got, _ := p.authorize(t, byObject(p.id, it))
			return got.Has("code")
		}},
		{"assertion", func() string { return p.key.sign(t, p.asserts(p.id, nil), nil) }, func(t *testing.T, it string) bool {
			w := p.postForm("/oauth2/par", with(asks(p.id), "client_assertion_type", assertionType, "client_assertion", it), "")
			return (w.Code == 201) == (p.method == storage.AuthPrivateKeyJWT)
		}},
	}
}

// theft is one way to try another client's artefact; it returns what was gained.
type theft struct {
	name string
	try  func(t *testing.T, it string) string
	ends string // the artefact that is useless afterwards, by design
}

func (thief party) thefts(owner party) []theft {
	gains := func(got tokens) string { return got.Access + got.Refresh + got.ID }
	answers := func(b *browser, t *testing.T, query url.Values) string {
		got, _ := b.authorize(t, query)
		return got.Get("code")
	}
	status := func(code int) string {
		if code < 300 {
			return http.StatusText(code)
		}
		return ""
	}
	thefts := []theft{
		{"as a code", func(t *testing.T, it string) string { return gains(thief.redeems(t, it)) }, "code"},
		{"as a code without a verifier", func(t *testing.T, it string) string {
			return gains(thief.asksTokens(t, "grant_type", storage.GrantCode, "code", it, "redirect_uri", callback))
		}, "code"},
		{"as a refresh token", func(t *testing.T, it string) string {
			return gains(thief.asksTokens(t, "grant_type", storage.GrantRefresh, "refresh_token", it))
		}, ""},
		{"as a device code", func(t *testing.T, it string) string {
			return gains(thief.asksTokens(t, "grant_type", storage.GrantDevice, "device_code", it))
		}, "device code"},
		{"as an assertion beside its own id", func(t *testing.T, it string) string {
			var got pushed
			decode(t, thief.postForm("/oauth2/par", with(asks(thief.id), "client_assertion_type", assertionType, "client_assertion", it), ""), &got)
			return got.URI
		}, ""},
		{"as its own secret", func(t *testing.T, it string) string {
			var got pushed
			decode(t, thief.postForm("/oauth2/par", with(asks(owner.id), "client_secret", it), ""), &got)
			return got.URI
		}, ""},
		{"at introspection", func(t *testing.T, it string) string {
			w := thief.posts(t, "/oauth2/introspect", url.Values{"token": {it}})
			if body := strings.TrimSpace(w.Body.String()); w.Code == 200 && body != `{"active":false}` {
				return body
			}
			return ""
		}, ""},
		{"at revocation", func(t *testing.T, it string) string {
			thief.posts(t, "/oauth2/revoke", url.Values{"token": {it}})
			return ""
		}, ""},
		{"as a request_uri", func(t *testing.T, it string) string {
			return answers(thief.browser, t, with(asks(thief.id), "request_uri", it))
		}, ""},
		{"as a request_uri, pushed", func(t *testing.T, it string) string {
			var got pushed
			decode(t, thief.posts(t, "/oauth2/par", with(asks(thief.id), "request_uri", it)), &got)
			return got.URI
		}, ""},
		{"as a request object", func(t *testing.T, it string) string {
			return answers(thief.browser, t, with(asks(thief.id), "request", it))
		}, ""},
		{"as a request object, pushed", func(t *testing.T, it string) string {
			var got pushed
			decode(t, thief.posts(t, "/oauth2/par", url.Values{"request": {it}}), &got)
			return got.URI
		}, ""},
		{"as an id_token_hint", func(t *testing.T, it string) string {
			return answers(thief.browser, t, asks(thief.id, "id_token_hint", it, "prompt", "none"))
		}, ""},
		{"as a hint to sign out, as itself", func(t *testing.T, it string) string {
			w := thief.logout("id_token_hint", it, "client_id", thief.id, "post_logout_redirect_uri", thiefsLeft)
			if thief.ended(t) {
				return "the end of the session"
			}
			return w.Header().Get("Location")
		}, ""},
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		thefts = append(thefts, theft{method + " of its own configuration", func(_ *testing.T, it string) string { return status(thief.configuration(method, thief.id, it)) }, ""},
			theft{method + " of the owner's configuration", func(_ *testing.T, it string) string {
				if it == owner.registration { // a bearer token: whoever has it is the owner
					it = thief.registration
				}
				return status(thief.configuration(method, owner.id, it))
			}, ""})
	}
	return thefts
}

// security-classes.md 1, 2: no client can use what belongs to another, whatever
// it is, wherever it is shown, however both authenticate; and the owner can
// still use it, unless it was shown whole where it is used up: then it has
// leaked.
func TestNoClientUsesWhatIsAnothers(t *testing.T) {
	methods := []string{storage.AuthBasic, storage.AuthNone, storage.AuthPrivateKeyJWT}
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := newOP(t, db).person(t, nil).signIn(t)
		for _, ownersMethod := range methods {
			owner := b.party(t, "proprietaire-"+ownersMethod, ownersMethod, ownersLeft)
			for _, a := range owner.artefacts(t) {
				if !a.works(t, a.make()) {
					t.Errorf("%s, %s: the owner cannot use it", ownersMethod, a.name)
				}
			}
			for _, thiefsMethod := range methods {
				thief := b.party(t, "voleur-"+ownersMethod+"-"+thiefsMethod, thiefsMethod, thiefsLeft)
				for _, a := range owner.artefacts(t) {
					for _, attempt := range thief.thefts(owner) {
						it := a.make()
						if gained := attempt.try(t, it); gained != "" {
							t.Errorf("%s of %s, %s by %s, gives %s", a.name, owner.id, attempt.name, thief.id, gained)
						}
						leaked := attempt.ends != "" && strings.HasPrefix(a.name, attempt.ends)
						if a.works(t, it) == leaked {
							t.Errorf("%s of %s, %s by %s: works for its owner %v, want %v", a.name, owner.id, attempt.name, thief.id, leaked, !leaked)
						}
					}
				}
			}
		}
	})
}
