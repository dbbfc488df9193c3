package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// The answer decides: done, never again, or later.
func TestAnswerOfTheClientDecides(t *testing.T) {
	for status, want := range map[int]string{200: storage.LogoutSent, 204: storage.LogoutSent, 400: storage.LogoutFailed, 201: storage.LogoutQueued,
		302: storage.LogoutQueued, 307: storage.LogoutQueued, 401: storage.LogoutQueued, 404: storage.LogoutQueued, 500: storage.LogoutQueued, 503: storage.LogoutQueued} {
		o := newOP(t, storagetest.Open(t))
		r := o.listens(t)
		r.answers(status)
		o.told(t, "loyers", r.URL+"/logout", nil)
		b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
		b.idToken(t, "loyers")
		b.leaves(t)
		o.sendLogouts(t)
		if l := b.logoutOf(t, "loyers"); l.State != want || l.Attempts != 1 || (want == storage.LogoutSent) != (l.LastError == "") {
			t.Errorf("answer %d: %+v, want %s", status, l, want)
		}
		o.sendLogouts(t) // too early
		if n := len(r.received()); n != 1 {
			t.Errorf("answer %d: asked %d times, want once", status, n)
		}
	}
}

// A client that was away is told when it is back, with a token of its own each
// time; one that stays away is given up a day later.
func TestClientThatWasAwayIsToldLater(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	r := o.listens(t)
	r.answers(500)
	o.told(t, "loyers", r.URL+"/logout", nil)
	b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
	b.idToken(t, "loyers")
	b.leaves(t)
	for i, wait := range []time.Duration{0, 10 * time.Second, time.Minute, 5 * time.Minute} {
		if wait > 0 {
			o.advance(wait - time.Second)
			o.sendLogouts(t)
			o.advance(time.Second)
		}
		o.sendLogouts(t)
		if n := len(r.received()); n != i+1 {
			t.Errorf("after pause %d: asked %d times, want %d", i, n, i+1)
		}
	}
	r.answers(204)
	o.advance(30 * time.Minute)
	o.sendLogouts(t)
	tokens := r.received()
	verifier, ctx := o.verifier(t, "loyers")
	last, err := verifier.VerifyLogout(ctx, tokens[len(tokens)-1])
	if err != nil || b.logoutOf(t, "loyers").State != storage.LogoutSent {
		t.Errorf("back: %+v, %v, %+v", last, err, b.logoutOf(t, "loyers"))
	}
	slices.Sort(tokens)
	if len(slices.Compact(tokens)) != 5 {
		t.Error("two attempts had the same token")
	}

	r.answers(503)
	b.signIn(t).idToken(t, "loyers")
	b.leaves(t)
	for range 30 {
		o.sendLogouts(t)
		o.advance(time.Hour)
	}
	asked := len(r.received())
	l := b.logoutOf(t, "loyers")
	if l.State != storage.LogoutFailed || !strings.Contains(l.LastError, "503") || asked > 5+12 {
		t.Errorf("a day later: %+v, asked %d times", l, asked-5)
	}
}

// A client that never answers delays neither the person nor the other clients,
// and is asked for one session, not for each.
func TestDeadClientBlocksNobody(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	live := o.listens(t)
	var mu sync.Mutex
	asked, release := 0, make(chan struct{})
	dead := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		asked++
		mu.Unlock()
		<-release
	}))
	dead.TLS = live.TLS.Clone()
	dead.StartTLS()
	t.Cleanup(dead.Close)
	t.Cleanup(func() { close(release) })
	o.told(t, "mort", dead.URL, nil)
	o.told(t, "vivant", live.URL, func(c *storage.Client) { c.PostLogoutRedirectURIs = []string{afterLogout} })
	var all []*browser
	var hints []string
	for range 20 {
		b := o.person(t, nil).signIn(t).consents(t, "mort", "openid email").consents(t, "vivant", "openid email")
		b.idToken(t, "mort")
		all, hints = append(all, b), append(hints, b.idToken(t, "vivant"))
	}
	start := time.Now()
	for i, b := range all {
		wantReturn(t, "logout", b.logout("id_token_hint", hints[i], "post_logout_redirect_uri", afterLogout), afterLogout)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("20 sign-outs took %v", took)
	}
	select {
	case <-o.LogoutsWoken():
	default:
		t.Error("nobody was woken")
	}
	o.sendLogouts(t)
	if n := len(live.received()); n != 20 {
		t.Errorf("the living client was told %d times, want 20", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked > 16 {
		t.Errorf("the dead client was asked %d times at once", asked)
	}
}

// Two replicas share the queue: each logout is sent once.
func TestReplicasSendEachLogoutOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		replica := newOP(t, storagetest.OpenURL(t, address))
		r := o.listens(t)
		replica.Outbound = o.Outbound
		o.told(t, "loyers", r.URL, nil)
		for range 10 {
			b := o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
			b.idToken(t, "loyers")
			b.leaves(t)
		}
		var running sync.WaitGroup
		for _, each := range []*op{o, replica} {
			running.Go(func() {
				if err := each.SendLogouts(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		o.sendLogouts(t) // what a replica left when another one was first
		if n := len(r.received()); n != 10 {
			t.Errorf("sent %d times, want 10", n)
		}
	})
}
