package oauth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/oauth"
	"loge/storage"
	"loge/storage/storagetest"
)

const day = 24 * time.Hour

// replicas are two providers with a database handle each and one clock, and a
// person who signs in through the first.
func replicas(t *testing.T, address string) (*browser, *op) {
	t.Helper()
	b := ready(t, storagetest.OpenURL(t, address))
	other := newOP(t, storagetest.OpenURL(t, address))
	other.clock = b.clock
	b.haveKeys(t)
	return b, other
}

// issued is an ID token of that replica. It is the first thing that happens
// there: what was cached is as old as the clock says.
func (b *browser) issued(t *testing.T, at *op) string {
	t.Helper()
	code := b.signIn(t).code(t, "loyers")
	got := at.token(t, exchange(code), "loyers")
	if got.ID == "" {
		t.Fatalf("no ID token: %+v", got)
	}
	return got.ID
}

func kid(t *testing.T, token string) string {
	t.Helper()
	kid, _ := idToken(t, token).header["kid"].(string)
	return kid
}

// haveKeys makes the first keys that wait for somebody to need them.
func (o *op) haveKeys(t *testing.T) {
	t.Helper()
	if w := o.handlerGet(nil, "/oauth2/jwks"); w.Code != 200 {
		t.Fatalf("key set: %d %s", w.Code, w.Body)
	}
}

// state of every key of an algorithm, oldest first: "kept signing next".
func (o *op) states(t *testing.T, alg string) string {
	t.Helper()
	list, err := o.KeyChanges().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, k := range list {
		if k.Alg == alg {
			found = append(found, k.State)
		}
	}
	return strings.Join(found, " ")
}

func (o *op) wantStates(t *testing.T, when, want string) {
	t.Helper()
	for _, alg := range oauth.Algorithms() {
		if got := o.states(t, alg); got != want {
			t.Errorf("%s: %s keys are %q, want %q", when, alg, got, want)
		}
	}
}

func (o *op) publishes(kid string) bool {
	return strings.Contains(o.handlerGet(nil, "/oauth2/jwks").Body.String(), kid)
}

// A whole rotation under a moved clock, seen by two relying parties with
// go-oidc, one at each of two replicas, that keep the key set they once fetched.
func TestSigningKeysRotateOnACalendar(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b, other := replicas(t, address)
		turn := func() {
			t.Helper()
			for _, o := range []*op{b.op, other} {
				if err := o.RotateKeys(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		here, ctx := b.verifier(t, "loyers")
		there, otherCtx := other.verifier(t, "loyers")
		verifies := func(what, token string) {
			t.Helper()
			if _, err := here.Verify(ctx, token); err != nil {
				t.Errorf("%s: at the first replica: %v", what, err)
			}
			if _, err := there.Verify(otherCtx, token); err != nil {
				t.Errorf("%s: at the other replica: %v", what, err)
			}
		}
		first := b.issued(t, b.op)
		verifies("the first key", first)
		turn()
		b.advance(90*day - oauth.KeyLead - time.Second)
		turn()
		b.wantStates(t, "before the lead", "signing")
		b.advance(time.Second)
		turn()
		turn()
		b.wantStates(t, "in the lead", "signing next")
		list, err := b.db.SigningKeys(t.Context())
		if err != nil || len(list) != 8 {
			t.Fatalf("%d keys, %v", len(list), err)
		}
		next := list[slices.IndexFunc(list, func(k storage.SigningKey) bool { return k.Alg == "RS256" && k.Generation == 2 })]
		if lead := next.SignsFrom - next.CreatedAt; lead < storage.Time(day/time.Second) {
			t.Errorf("the next key is published %d seconds before it signs, want a day at least", lead)
		}
		for _, o := range []*op{b.op, other} {
			if !o.publishes(next.KID) {
				t.Error("a replica does not publish the next key")
			}
		}

		b.advance(oauth.KeyLead - 2*time.Minute)
		before := b.issued(t, other)
		if got := kid(t, before); got != kid(t, first) {
			t.Errorf("two minutes early %s signs, want %s", got, kid(t, first))
		}
		verifies("just before the change", before)
		b.advance(3 * time.Minute)
		after := b.issued(t, b.op)
		for _, token := range []string{after, b.issued(t, other)} {
			if got := kid(t, token); got != next.KID {
				t.Errorf("after the change %s signs, want %s", got, next.KID)
			}
			verifies("after the change", token)
		}
		verifies("a token from just before, after the change", before)
		turn()
		turn()
		b.wantStates(t, "after the change", "published signing")
		fresh, freshCtx := other.verifier(t, "loyers")
		if _, err := fresh.Verify(freshCtx, before); err != nil {
			t.Errorf("a relying party that starts after the change: %v", err)
		}

		// The last token has expired long since: the old key leaves the key set.
		b.advance(time.Hour + oauth.KeyTail)
		turn()
		b.wantStates(t, "after the last token", "kept signing")
		for _, o := range []*op{b.op, other} {
			if o.publishes(kid(t, first)) || !o.publishes(next.KID) {
				t.Error("the key set is not the new key alone")
			}
		}
		if got, _ := b.signIn(t).authorize(t, asks("loyers", "id_token_hint", first, "prompt", "none")); got.Get("code") == "" {
			t.Errorf("a hint signed by a kept key: %v", got)
		}

		// More than a year of it, and the first one is forgotten after thirteen months.
		for range 14 {
			b.advance(30 * day)
			turn()
		}
		b.write(t, func(ctx context.Context, q *storage.Queries) error {
			n, err := q.PurgeSigningKeys(ctx, b.at()-storage.Time(b.Lifetimes.KeyKept()/time.Second), 10)
			if err == nil && n != 4 {
				err = fmt.Errorf("%d keys purged, want the first of each algorithm", n)
			}
			return err
		})
		if got, _ := b.signIn(t).authorize(t, asks("loyers", "id_token_hint", first, "prompt", "none")); got.Get("code") != "" {
			t.Error("a hint under a forgotten key is accepted")
		}
		created, signing := b.events(t, "key.created"), b.events(t, "key.signing")
		if len(created) != 4*6 || len(signing) != 4*6 {
			t.Errorf("%d keys created, %d began to sign, want 24 and 24 in 17 months", len(created), len(signing))
		}
		verifies("in the end", b.issued(t, b.op))
	})
}

// A command starts a change: the same lead, and a second one changes nothing.
func TestAnnouncedKeyWaitsItsLead(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.haveKeys(t)
	keys := &oauth.Keys{DB: b.db, Master: b.Master, Lifetimes: b.Lifetimes, Now: b.Now, Actor: "agent:odette"}
	for range 2 {
		if err := keys.Announce(t.Context(), "RS256"); err != nil {
			t.Fatal(err)
		}
	}
	if rs, es := b.states(t, "RS256"), b.states(t, "ES256"); rs != "signing next" || es != "signing" {
		t.Fatalf("RS256 %q, ES256 %q", rs, es)
	}
	if events := b.events(t, "key.created"); len(events) != 5 || events[4].Actor != "agent:odette" {
		t.Errorf("events %+v", events)
	}
	b.advance(oauth.KeyLead)
	if got := b.states(t, "RS256"); got != "published signing" {
		t.Errorf("after the lead without any replica: %q", got)
	}
	if err := b.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if events := b.events(t, "key.signing"); len(events) != 5 || events[4].Actor != "system" {
		t.Errorf("events %+v", events)
	}
}

// A compromised key verifies nothing any more, at any replica: no ID token, no
// hint; the new one signs at once.
func TestWithdrawnKeyIsRefused(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b, other := replicas(t, address)
		stolen := b.issued(t, b.op)
		if err := b.KeyChanges().Announce(t.Context(), "RS256"); err != nil {
			t.Fatal(err)
		}
		if err := b.KeyChanges().Replace(t.Context(), "RS256"); err != nil {
			t.Fatal(err)
		}
		if rs, es := b.states(t, "RS256"), b.states(t, "ES256"); rs != "withdrawn withdrawn signing" || es != "signing" {
			t.Fatalf("RS256 %q, ES256 %q", rs, es)
		}
		b.advance(2 * time.Second) // the key set is a second old at most
		for _, o := range []*op{b.op, other} {
			if o.publishes(kid(t, stolen)) {
				t.Error("a replica publishes the withdrawn key")
			}
			verifier, ctx := o.verifier(t, "loyers")
			if _, err := verifier.Verify(ctx, stolen); err == nil {
				t.Error("a relying party accepts the withdrawn key")
			}
		}
		b.advance(time.Minute)
		verifier, ctx := b.verifier(t, "loyers")
		for _, o := range []*op{b.op, other} {
			token := b.issued(t, o)
			if _, err := verifier.Verify(ctx, token); err != nil || kid(t, token) == kid(t, stolen) {
				t.Errorf("a token after the change: kid %s, %v", kid(t, token), err)
			}
		}
		if got, _ := b.authorize(t, asks("loyers", "id_token_hint", stolen, "prompt", "none")); got.Get("code") != "" {
			t.Error("a hint under the withdrawn key is accepted")
		}
		if got := b.events(t, "key.withdrawn"); len(got) != 2 {
			t.Errorf("events key.withdrawn: %+v, want the one that signed and the next one", got)
		}
		b.advance(90 * day)
		if err := b.RotateKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.states(t, "RS256"); got != "withdrawn withdrawn signing next" {
			t.Errorf("the calendar goes on: %q", got)
		}
	})
}

// A wrong master secret makes no key: no replica could sign with it.
func TestKeyIsNotMadeUnderAnotherMasterSecret(t *testing.T) {
	db := storagetest.Open(t)
	o, foreign := newOP(t, db), newOPWith(t, storagetest.Open(t), strings.ToUpper(masterBytes))
	keys := &oauth.Keys{DB: db, Master: foreign.Master, Lifetimes: o.Lifetimes, Now: o.Now, Actor: "agent:odette"}
	for _, change := range []func(context.Context, string) error{keys.Announce, keys.Replace} {
		if err := change(t.Context(), "ES256"); err == nil {
			t.Error("a key was made under another secret")
		}
	}
	if got := o.states(t, "ES256"); got != "signing" {
		t.Errorf("keys %q", got)
	}
}

// Caches let go of the key set long before a new key signs, and rotation leaves
// the discovery document as it is.
func TestKeySetLivesShorterThanTheLead(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	before := o.handlerGet(nil, "/.well-known/openid-configuration").Body.String()
	if err := o.KeyChanges().Replace(t.Context(), "RS256"); err != nil {
		t.Fatal(err)
	}
	o.advance(time.Hour)
	if after := o.handlerGet(nil, "/.well-known/openid-configuration").Body.String(); after != before {
		t.Errorf("discovery changed:\n%s", after)
	}
	var age int
	w := o.handlerGet(nil, "/oauth2/jwks")
	if _, err := fmt.Sscanf(w.Header().Get("Cache-Control"), "public, max-age=%d", &age); err != nil || age != int(oauth.JWKSCached.Seconds()) {
		t.Fatalf("Cache-Control %q: %v", w.Header().Get("Cache-Control"), err)
	}
	if 4*time.Duration(age)*time.Second > day {
		t.Errorf("the key set is cached %d seconds, too long against a lead of %v", age, oauth.KeyLead)
	}
}
