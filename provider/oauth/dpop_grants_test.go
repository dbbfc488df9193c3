package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// pushWith pushes a request with these DPoP headers, as clientID by Basic unless
// it is empty, and returns its request_uri.
func (o *op) pushWith(t testing.TB, form url.Values, clientID string, proofs ...string) (uri string, answer tokens) {
	t.Helper()
	r := httptest.NewRequest("POST", "/oauth2/par", strings.NewReader(form.Encode()))
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Dpop": proofs}
	if clientID != "" {
		r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secretOf))
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	if _, rest, found := strings.Cut(w.Body.String(), `"request_uri":"`); found {
		uri, _, _ = strings.Cut(rest, `"`)
	} else if _, rest, found := strings.Cut(w.Body.String(), `"error":"`); found {
		answer.Error, _, _ = strings.Cut(rest, `"`)
	}
	answer.status, answer.header = w.Code, w.Header()
	return uri, answer
}

// atUserInfo shows a token with a good proof of k.
func (o *op) atUserInfo(t testing.TB, token string, k clientKey) int {
	t.Helper()
	return o.asksUserInfo(t, "DPoP", token, k.proof(t, o.proves("GET", "/oauth2/userinfo", map[string]any{"ath": ath(token)}), nil)).Code
}

// A device proves its key each time it asks; its tokens are bound to that of the
// last time.
func TestDPoPOnDevices(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := newOP(t, db).person(t, nil)
		for _, id := range []string{"borne", "télé"} {
			b.client(t, id, func(c *storage.Client) {
				device(c)
				c.Metadata.DPoPBoundAccessTokens = true
				if id == "télé" {
					public(c)
				}
			})
			b.consents(t, id, offlineScope).signIn(t)
		}
		for id, by := range map[string]string{"borne": "borne", "télé": ""} {
			k, other := newClientKey(t, "ES256", ""), newClientKey(t, "EdDSA", "")
			form := url.Values{"client_id": {id}}
			w := b.postForm("/oauth2/device", with(url.Values{"scope": {offlineScope}}, "client_id", id), by)
			d := waiting{}
			decode(t, w, &d)
			form.Set("grant_type", storage.GrantDevice)
			form.Set("device_code", d.Code)
			wantRefused(t, id+": without a proof", b.token(t, form, by), 400, "invalid_dpop_proof")
			wantRefused(t, id+": nobody has agreed", b.proven(t, form, by, other), 400, "authorization_pending")
			flow, _ := b.types(t, d.UserCode)
			b.agrees(t, flow)
			wantRefused(t, id+": without a proof, afterwards", b.token(t, form, by), 400, "invalid_dpop_proof")
			got := b.proven(t, form, by, k)
			if got.status != 200 || got.Type != "DPoP" || got.Refresh == "" {
				t.Fatalf("%s: %+v", id, got)
			}
			if own, foreign := b.atUserInfo(t, got.Access, k), b.atUserInfo(t, got.Access, other); own != 200 || foreign != 401 {
				t.Errorf("%s: userinfo answers %d, with another key %d", id, own, foreign)
			}
			b.lives(t, id+": as bearer", got.Access, false)
			again := refreshes(got.Refresh, "client_id", id)
			wantRefused(t, id+": refresh without a proof", b.token(t, again, by), 400, "invalid_dpop_proof")
			if by == "" {
				wantRefused(t, id+": refresh with another key", b.proven(t, again, by, other), 400, "invalid_grant")
			}
			if next := b.proven(t, again, by, k); next.Type != "DPoP" {
				t.Errorf("%s: refresh: %+v", id, next)
			}
		}
	})
}

// RFC 9449 §6.1: resource servers find the key in the token itself.
func TestDPoPInJWTAccessTokens(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := legibleAway(t, db, "ES256")
		k, other := newClientKey(t, "ES256", ""), newClientKey(t, "RS256", "")
		got := b.proven(t, exchange(b.code(t, "loyers", "scope", offlineScope)), "loyers", k)
		robot := b.proven(t, credentialsOf(), "loyers", k)
		next := b.proven(t, refreshes(got.Refresh), "loyers", other)
		for what, c := range map[string]struct {
			tokens
			key clientKey
		}{"code": {got, k}, "client_credentials": {robot, k}, "refresh": {next, other}} {
			if c.Type != "DPoP" {
				t.Fatalf("%s: %+v", what, c.tokens)
			}
			b.verified(t, c.Access)
			if diff := cmp.Diff(map[string]any{"jkt": c.key.thumbprint(t)}, idToken(t, c.Access).all["cnf"]); diff != "" {
				t.Errorf("%s: cnf (-want +got):\n%s", what, diff)
			}
		}
		if own, foreign := b.atUserInfo(t, next.Access, other), b.atUserInfo(t, next.Access, k); own != 200 || foreign != 401 {
			t.Errorf("userinfo answers %d, with another key %d", own, foreign)
		}
		b.lives(t, "as bearer", next.Access, false)
		if free := b.family(t, "loyers"); idToken(t, free.Access).all["cnf"] != nil {
			t.Errorf("a bearer token: %v", idToken(t, free.Access).all)
		}
	})
}

// RFC 9449 §10 and RFC 9101: the thumbprint stands in the signed request, the
// proof at its side.
func TestDPoPWithASignedPushedRequest(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := signing(t, db)
		k, other := newClientKey(t, "ES256", ""), newClientKey(t, "ES256", "")
		push := func(jkt any, proofs ...string) (string, tokens) {
			object := signObject(t, "ES256", "", "ES256", b.object(t, "signe", map[string]any{"dpop_jkt": jkt}))
			return b.pushWith(t, byObject("signe", object, "dpop_jkt", other.thumbprint(t)), "signe", proofs...)
		}
		proof := func() string { return k.proof(t, b.proves("POST", "/oauth2/par", nil), nil) }
		_, refused := push(other.thumbprint(t), proof())
		wantRefused(t, "another key than in the object", refused, 400, "invalid_dpop_proof")
		for name, c := range map[string]struct {
			jkt    any
			proofs []string
		}{"both": {k.thumbprint(t), []string{proof()}}, "thumbprint": {k.thumbprint(t), nil}, "proof": {nil, []string{proof()}}} {
			uri, answer := push(c.jkt, c.proofs...)
			if uri == "" {
				t.Fatalf("%s: %+v", name, answer)
			}
			got, w := b.authorize(t, url.Values{"client_id": {"signe"}, "request_uri": {uri}})
			if got.Get("code") == "" {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
			form := exchange(got.Get("code"))
			wantRefused(t, name+": without a proof", b.token(t, form, "signe"), 400, "invalid_grant")
			wantRefused(t, name+": another key", b.proven(t, form, "signe", other), 400, "invalid_grant")
			if got := b.proven(t, form, "signe", k); got.Type != "DPoP" {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// A token may be bound to both; then userinfo wants both. A proof may name the
// address where certificates are shown.
func TestDPoPBesideACertificate(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		b.CertificateAddress = "https://mtls.valmont.example"
		own, strange := b.issue(t, nil, nil), b.issue(t, nil, nil)
		b.client(t, "lié", func(c *storage.Client) { c.Metadata.TLSBoundAccessTokens = true })
		b.consents(t, "lié", "openid email")
		k, other := newClientKey(t, "ES256", ""), newClientKey(t, "ES256", "")
		b.shows(own)
		there := map[string]any{"htu": b.CertificateAddress + "/oauth2/token"}
		got := b.postProven(t, "/oauth2/token", exchange(b.code(t, "lié")), "lié", k.proof(t, b.proves("POST", "/oauth2/token", there), nil))
		if got.status != 200 || got.Type != "DPoP" {
			t.Fatalf("%+v", got)
		}
		if diff := cmp.Diff(map[string]any{"jkt": k.thumbprint(t), "x5t#S256": x5t(own)}, b.introspect(t, got.Access, "lié")["cnf"]); diff != "" {
			t.Errorf("introspection (-want +got):\n%s", diff)
		}
		for name, c := range map[string]struct {
			chain  []*certified
			key    clientKey
			status int
		}{
			"both":                {[]*certified{own}, k, 200},
			"another certificate": {[]*certified{strange}, k, 401},
			"no certificate":      {nil, k, 401},
			"another key":         {[]*certified{own}, other, 401},
		} {
			b.shows(c.chain...)
			if status := b.atUserInfo(t, got.Access, c.key); status != c.status {
				t.Errorf("%s: %d, want %d", name, status, c.status)
			}
		}
		b.shows(own)
		b.lives(t, "the certificate alone", got.Access, false)
	})
}
