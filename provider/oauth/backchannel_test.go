package oauth_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/oauth"
	"loge/provider/outbound"
	"loge/storage"
	"loge/storage/storagetest"
)

// openid-provider.md §14.2: what a client is sent, and that a relying party
// believes it.
func TestLogoutTokenIsWhatTheSpecificationWants(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	for _, alg := range oauth.Algorithms() {
		r := o.listens(t)
		id := "rp-" + strings.ToLower(alg)
		o.told(t, id, r.URL+"/logout", func(c *storage.Client) { c.IDTokenAlg = alg })
		b := o.person(t, nil).signIn(t).consents(t, id, "openid email")
		verifier, ctx := o.verifier(t, id)
		idToken, err := verifier.Verify(ctx, b.idToken(t, id))
		if err != nil {
			t.Fatal(err)
		}
		var sid struct{ Sid string }
		if err := idToken.Claims(&sid); err != nil {
			t.Fatal(err)
		}
		b.leaves(t)
		o.sendLogouts(t)
		o.sendLogouts(t) // nothing is left
		if len(r.forms) != 1 || len(r.forms[0]) != 1 {
			t.Fatalf("%s: the application got %v, want one form with the logout token alone", alg, r.forms)
		}
		raw := r.received()[0]
		token, err := verifier.VerifyLogout(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		if token.Subject != idToken.Subject || token.SessionID != sid.Sid || sid.Sid != b.session.ID || token.TokenID == "" ||
			!token.IssuedAt.Equal(o.Now()) || token.Expiry.Sub(token.IssuedAt) > 2*time.Minute || strings.Contains(raw, b.user.ID) {
			t.Errorf("%s: %+v; the ID token has sub %s, sid %s", alg, token, idToken.Subject, sid.Sid)
		}
		signed, err := jose.ParseSigned(raw)
		if err != nil {
			t.Fatal(err)
		}
		if h := signed.Signatures[0].Protected; h.Algorithm != alg || h.KeyID == "" || h.ExtraHeaders["typ"] != "logout+jwt" {
			t.Errorf("%s: header %+v", alg, h)
		}
		var claims map[string]any
		if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims); err != nil {
			t.Fatal(err)
		}
		events, err := json.Marshal(claims["events"])
		if string(events) != `{"http://schemas.openid.net/event/backchannel-logout":{}}` || err != nil {
			t.Errorf("%s: events %s", alg, events)
		}
		for _, name := range []string{"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"} {
			delete(claims, name)
		}
		if len(claims) != 0 {
			t.Errorf("%s: more claims than it needs: %v", alg, claims)
		}
		if l := b.logoutOf(t, id); l.State != storage.LogoutSent || l.LeftAt != b.at() {
			t.Errorf("%s: %+v", alg, l)
		}
	}
}

// Each client is told its own sub, and only clients of that session are told.
func TestEachClientIsToldItsOwnSubject(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	r := o.listens(t)
	for _, id := range []string{"un", "deux", "trois"} {
		o.told(t, id, r.URL+"/"+id, nil)
	}
	b := o.person(t, nil).signIn(t).consents(t, "un", "openid email").consents(t, "deux", "openid email").consents(t, "trois", "openid email")
	subjects := map[string]string{}
	for _, id := range []string{"un", "deux"} {
		verifier, ctx := o.verifier(t, id)
		token, err := verifier.Verify(ctx, b.idToken(t, id))
		if err != nil {
			t.Fatal(err)
		}
		subjects[id] = token.Subject
	}
	b.leaves(t)
	o.sendLogouts(t)
	if len(r.received()) != 2 || subjects["un"] == subjects["deux"] {
		t.Fatalf("%d were told, want 2; subjects %v", len(r.received()), subjects)
	}
	for _, raw := range r.received() {
		matched := 0
		for id, subject := range subjects {
			verifier, ctx := o.verifier(t, id)
			if token, err := verifier.VerifyLogout(ctx, raw); err == nil && token.Subject == subject {
				matched++
			}
		}
		if matched != 1 {
			t.Errorf("a token fits %d clients, want 1", matched)
		}
	}
}

// security-classes.md 14: the address a client names reaches no neighbour.
func TestLogoutReachesNoNeighbour(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	r := o.listens(t)
	o.Outbound = outbound.New(outbound.Options{}) // as with an https issuer
	addresses := map[string]string{"loopback": r.URL, "http": strings.Replace(r.URL, "https", "http", 1), "metadata": "https://169.254.169.254/latest",
		"mapped": "https://[::ffff:127.0.0.1]:" + strings.Split(r.URL, ":")[2], "no-address": "%", "file": "file:///etc/passwd"}
	b := o.person(t, nil).signIn(t)
	for id, address := range addresses {
		o.told(t, id, address, nil)
		b.consents(t, id, "openid email").idToken(t, id)
	}
	b.leaves(t)
	o.sendLogouts(t)
	for id := range addresses {
		if l := b.logoutOf(t, id); l.State != storage.LogoutQueued || l.LastError == "" {
			t.Errorf("%s: %+v", id, l)
		}
	}
	if n := len(r.received()); n != 0 {
		t.Errorf("the neighbour was asked %d times", n)
	}
}

// What changed between the end of the session and the sending counts.
func TestClientThatWantsItNoMoreIsNotTold(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, q *storage.Queries) error{
		"disabled": func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "loyers", 5) },
		"address removed": func(ctx context.Context, q *storage.Queries) error {
			c, err := q.Client(ctx, "loyers")
			if err != nil {
				return err
			}
			c.BackchannelLogoutURI = ""
			return q.SaveClient(ctx, c)
		},
	} {
		o := newOP(t, storagetest.Open(t))
		r := o.listens(t)
		o.told(t, "loyers", r.URL, nil)
		b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
		b.idToken(t, "loyers")
		b.leaves(t)
		o.write(t, change)
		o.sendLogouts(t)
		if l := b.logoutOf(t, "loyers"); l.State != storage.LogoutFailed || len(r.received()) != 0 {
			t.Errorf("%s: %+v, asked %d times", name, l, len(r.received()))
		}
	}
}

// The absolute end of a session is an end like any other; rest is none.
func TestExpiredSessionIsTold(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	r := o.listens(t)
	o.told(t, "loyers", r.URL, nil)
	b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
	b.idToken(t, "loyers")
	for _, test := range []struct {
		after time.Duration
		ended int
	}{{time.Hour, 0}, {11*time.Hour - time.Second, 0}, {time.Second, 1}, {time.Second, 0}} {
		o.advance(test.after)
		ended, err := o.EndExpired(t.Context(), 10)
		if err != nil || ended != test.ended {
			t.Errorf("after %v more: %d ended, %v; want %d", test.after, ended, err, test.ended)
		}
		o.sendLogouts(t)
	}
	if n := len(r.received()); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}
