package oauth_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

const everything = "openid profile email phone address bailleur organisme habilitations"

// openid-provider.md §10 and design.md §7: each scope releases its claims and
// no other, and nothing is ever null or empty.
func TestScopesReleaseTheirClaims(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "postal", func(c *storage.Client) { c.Scopes += " address" })
	moral := b.person(t, func(a *storage.Account, u *storage.User) {
		a.Kind, a.CompanyName, a.SIRET = storage.Organisation, "SCI DES LILAS", "73282932000074"
		u.Role = storage.RoleAdministrator
	}).signIn(t)
	member := b.person(t, func(a *storage.Account, u *storage.User) {
		a.Kind, a.CompanyName, u.Role = storage.Organisation, "SCI DES ROSES", storage.RoleMember
		u.EmailVerifiedAt = 0
	}).signIn(t)
	bare := b.person(t, func(a *storage.Account, u *storage.User) {
		u.GivenName, u.FamilyName, u.Email, u.EmailKey, u.EmailVerifiedAt, u.Phone, u.DetailsAt = "", "", "", "", 0, "", 0
		a.Address = ""
	}).signIn(t)
	physical := map[string]any{"type_bailleur": "physique", "numero_utilisateur": b.account.Number, "departement": "69"}
	for _, c := range []struct {
		name, scope, client string
		who                 *browser
		want                map[string]any
	}{
		{"openid", "openid", "loyers", b, map[string]any{}},
		{"profile", "openid profile", "loyers", b, map[string]any{"name": "Odile Marchand", "given_name": "Odile", "family_name": "Marchand", "updated_at": 7.0}},
		{"email", "openid email", "loyers", b, map[string]any{"email": b.user.Email, "email_verified": true}},
		{"phone", "openid phone", "loyers", b, map[string]any{"phone_number": "+33612345678"}},
		{"bailleur", "openid bailleur", "loyers", b, physical},
		{"organisme of a person", "openid organisme", "loyers", b, map[string]any{}},
		{"habilitations", "openid habilitations", "loyers", b, map[string]any{}},
		{"address, not allowed", "openid address", "loyers", b, map[string]any{}},
		{"address, allowed", "openid address", "postal", b, map[string]any{"address": map[string]any{"formatted": "12 RUE DES LILAS\n69003 LYON"}}},
		{"organisme", "openid organisme bailleur", "loyers", moral, map[string]any{"siret": "73282932000074", "raison_sociale": "SCI DES LILAS", "role": "administrateur",
			"type_bailleur": "moral", "numero_utilisateur": moral.account.Number, "departement": "69"}},
		{"colleague, unconfirmed address", "openid organisme email", "loyers", member, map[string]any{"raison_sociale": "SCI DES ROSES", "role": "collaborateur",
			"email": member.user.Email, "email_verified": false}},
		{"nothing known", everything, "postal", bare, map[string]any{"type_bailleur": "physique", "numero_utilisateur": bare.account.Number, "departement": "69"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.who.consents(t, c.client, everything)
			got := b.token(t, exchange(c.who.code(t, c.client, "scope", c.scope)), c.client)
			claims, w := b.userinfo(t, got.Access)
			c.want["sub"] = idToken(t, got.ID).Subject
			if diff := cmp.Diff(c.want, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if strings.Contains(w.Body.String(), c.who.user.Identifier) {
				t.Error("the identifier is released")
			}
			if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// openid-provider.md §10; RFC 6750 §2 and §3.1.
func TestWaysToBringTheToken(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	token := b.token(t, exchange(b.code(t, "loyers")), "loyers").Access
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, query, header, contentType, body string
		status                                         int
		code                                           string
	}{
		{"GET with header", "GET", "", "Bearer " + token, "", "", 200, ""},
		{"scheme in small letters", "GET", "", "bearer " + token, "", "", 200, ""},
		{"POST with header", "POST", "", "Bearer " + token, "", "", 200, ""},
		{"POST with header and empty form", "POST", "", "Bearer " + token, form, "", 200, ""},
		{"POST with body", "POST", "", "", form, "access_token=" + token, 200, ""},
		{"nothing", "GET", "", "", "", "", 401, ""},
		{"POST with nothing", "POST", "", "", form, "", 401, ""},
		{"another scheme", "GET", "", "Basic x", "", "", 401, ""},
		{"in the address", "GET", "?access_token=" + token, "", "", "", 400, "invalid_request"},
		{"in the address and the header", "GET", "?access_token=" + token, "Bearer " + token, "", "", 400, "invalid_request"},
		{"twice", "POST", "", "Bearer " + token, form, "access_token=" + token, 400, "invalid_request"},
		{"twice in the body", "POST", "", "", form, "access_token=" + token + "&access_token=x", 400, "invalid_request"},
		{"JSON body", "POST", "", "", "application/json", "{}", 400, "invalid_request"},
		{"empty token", "GET", "", "Bearer ", "", "", 400, "invalid_request"},
		{"unknown", "GET", "", "Bearer x", "", "", 401, "invalid_token"},
		{"NUL", "POST", "", "", form, "access_token=%00", 400, "invalid_request"},
		{"body in a GET", "GET", "", "", form, "access_token=" + token, 401, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/oauth2/userinfo"+c.query, strings.NewReader(c.body))
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			www := w.Header().Get("WWW-Authenticate")
			if w.Code != c.status || c.code != "" && !strings.Contains(www, `error="`+c.code+`"`) || w.Code == 401 && !strings.HasPrefix(www, `Bearer realm="`) {
				t.Errorf("%d %q %s, want %d %q", w.Code, www, w.Body, c.status, c.code)
			}
			if c.code == "" && strings.Contains(www, "error=") {
				t.Errorf("an error for who brought nothing: %s", www)
			}
		})
	}
}

// security-classes.md 5: one rule, asked at every place where something would
// be given out, with the facts of that moment.
func TestNothingIsGivenOutAgainstAnyFact(t *testing.T) {
	for name, change := range map[string]string{
		"user suspended":             `UPDATE users SET state = 'suspended'`,
		"user dormant":               `UPDATE users SET state = 'dormant'`,
		"user closed":                `UPDATE users SET state = 'closed'`,
		"first sign-in not finished": `UPDATE users SET state = 'issued'`,
		"password to be changed":     `UPDATE users SET password_must_change = (1 = 1)`,
		"account suspended":          `UPDATE accounts SET suspended_at = 5`,
		"session ended":              `UPDATE sessions SET ended_at = 5`,
		"session past its end":       `UPDATE sessions SET expires_at = 5`,
		"provisional password":       `UPDATE sessions SET provisional_id = 'p'`,
		"client disabled":            `UPDATE clients SET disabled_at = 5`,
		"consent withdrawn":          `DELETE FROM consents`,
		"no right":                   `UPDATE clients SET metadata = '{"rights":[{"name":"lire","sentence":"Lire","restricted":true}]}' WHERE id = 'loyers'`,
		"terms never accepted": `INSERT INTO documents (id, kind, version, summary, text, sha256, published_at)
			VALUES ('d', 'terms', '2', '', '', 'x', 5)`,
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, address string) {
				b := ready(t, storagetest.OpenURL(t, address))
				code := b.code(t, "loyers")
				got := b.token(t, exchange(b.code(t, "loyers")), "loyers")
				if _, w := b.userinfo(t, got.Access); w.Code != 200 {
					t.Fatalf("userinfo before: %d", w.Code)
				}
				flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", "prompt", "login").Encode()))
				b.signInFor(t)(flow)
				execute(t, address, change)

				refused := b.token(t, exchange(code), "loyers")
				if name == "client disabled" {
					wantRefused(t, "redemption", refused, 401, "invalid_client")
				} else {
					wantRefused(t, "redemption", refused, 400, "invalid_grant")
				}
				if claims, w := b.userinfo(t, got.Access); w.Code != 401 || claims["error"] != "invalid_token" {
					t.Errorf("userinfo: %d %v", w.Code, claims)
				}
				if w := b.get("/oauth2/authorize/suite?demande=" + flow); answered(t, w).Has("code") {
					t.Error("a flow under way gives a code")
				}
				for _, prompt := range []string{"", "none"} {
					if got, _ := b.authorize(t, asks("loyers", "prompt", prompt)); got.Has("code") {
						t.Errorf("authorize with prompt %q gives a code", prompt)
					}
				}
			})
		})
	}
}

func TestAccessTokenEndsWithItsTime(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	token := b.token(t, exchange(b.code(t, "loyers")), "loyers").Access
	b.advance(time.Hour - time.Second)
	if _, w := b.userinfo(t, token); w.Code != 200 { // the browser was idle; the application was not
		t.Errorf("last second: %d", w.Code)
	}
	b.advance(time.Second)
	if _, w := b.userinfo(t, token); w.Code != 401 {
		t.Errorf("at its end: %d", w.Code)
	}
}

// Consent that shrinks takes its claims along.
func TestClaimsFollowTheConsent(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		token := b.token(t, exchange(b.code(t, "loyers", "scope", "openid email phone")), "loyers").Access
		execute(t, address, `UPDATE consents SET scopes = 'openid phone'`)
		claims, w := b.userinfo(t, token)
		if w.Code != 200 || claims["email"] != nil || claims["phone_number"] == nil {
			t.Errorf("%d %v", w.Code, claims)
		}
	})
}
