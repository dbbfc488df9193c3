package oauth_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// openid-provider.md §8.
func TestReplayedCodeRevokesWhatItGave(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		for _, later := range []time.Duration{0, 30 * time.Second, 20 * time.Minute} {
			o, id := newOP(t, db), "after "+later.String()
			o.client(t, id, nil)
			b := o.person(t, nil).signIn(t).consents(t, id, "openid email")
			code := b.code(t, id)
			first := b.token(t, exchange(code), id)
			b.advance(later)
			before := len(b.events(t, "code.replayed"))
			for range 3 {
				wantRefused(t, "replay after "+later.String(), b.token(t, exchange(code), id), 400, "invalid_grant")
			}
			if claims, w := b.userinfo(t, first.Access); w.Code != 401 {
				t.Errorf("token of a replayed code after %v: %d %v", later, w.Code, claims)
			}
			events := b.events(t, "code.replayed")[before:]
			if len(events) != 1 || events[0].Subject != b.user.ID || events[0].Details["client"] != id {
				t.Errorf("events code.replayed: %+v, want one for three replays", events)
			}
		}
	})
}

// security-classes.md 1: the code of one client shown by another, confidential
// and public in every mix.
func TestCodeShownByAnotherClientIsBurnt(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		for i, mix := range []struct{ owner, thief func(*storage.Client) }{{nil, nil}, {public, public}, {nil, public}, {public, nil}} {
			owner, thief := fmt.Sprint("owner", i), fmt.Sprint("thief", i)
			b.client(t, owner, mix.owner)
			b.client(t, thief, mix.thief)
			b.consents(t, owner, "openid email")
			show := func(code, id string, p func(*storage.Client)) tokens {
				if p != nil {
					return b.token(t, exchange(code, "client_id", id), "")
				}
				return b.token(t, exchange(code), id)
			}
			used := b.code(t, owner)
			held := show(used, owner, mix.owner)
			leaked := b.code(t, owner)

			before := len(b.events(t, "code.replayed"))
			for range 2 {
				wantRefused(t, "thief with an unused code", show(leaked, thief, mix.thief), 400, "invalid_grant")
			}
			if n := len(b.events(t, "code.replayed")) - before; n != 1 {
				t.Errorf("mix %d: %d events, want 1", i, n)
			}
			wantRefused(t, "owner with the burnt code", show(leaked, owner, mix.owner), 400, "invalid_grant")

			wantRefused(t, "thief with a used code", show(used, thief, mix.thief), 400, "invalid_grant")
			if _, w := b.userinfo(t, held.Access); w.Code != 200 {
				t.Errorf("mix %d: the owner's own token died: %d", i, w.Code)
			}
		}
	})
}

// fosite.md items 2 and 3, security-classes.md 2: many redemptions at once, by
// two replicas on one database, give one success and no 5xx.
func TestConcurrentRedemptionsGiveOneSuccess(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		replicas := []*op{b.op, newOP(t, storagetest.OpenURL(t, address))}
		for round, n := range []int{8, 8, 8, 8, 8, 50, 50} {
			code := b.code(t, "loyers")
			answers := make([]tokens, n)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					<-start
					answers[i] = replicas[i%2].token(t, exchange(code), "loyers")
				})
			}
			close(start)
			wg.Wait()
			won := 0
			for _, got := range answers {
				switch {
				case got.status == 200 && got.Access != "":
					won++
				default:
					wantRefused(t, "loser", got, 400, "invalid_grant")
				}
			}
			if won != 1 {
				t.Errorf("round %d: %d of %d redemptions succeeded, want 1", round, won, n)
			}
		}
	})
}

// The loser of two simultaneous redemptions is a double click, not a thief:
// what the winner got lives on.
func TestSimultaneousLoserRevokesNothing(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		code := b.code(t, "loyers")
		// The loser has read the unused code and waits before its transaction
		// while the winner redeems it.
		loser := newOP(t, storagetest.OpenURL(t, address))
		var winner tokens
		var once sync.Once
		loser.between(func() { once.Do(func() { winner = b.token(t, exchange(code), "loyers") }) })
		wantRefused(t, "loser", loser.token(t, exchange(code), "loyers"), 400, "invalid_grant")
		if winner.status != 200 {
			t.Fatalf("winner: %+v", winner)
		}
		if _, w := b.userinfo(t, winner.Access); w.Code != 200 {
			t.Errorf("the winner's token: %d", w.Code)
		}
		if n := len(b.events(t, "code.replayed")); n != 0 {
			t.Errorf("%d events code.replayed, want none", n)
		}
	})
}

// A revocation that commits while a redemption is being signed wins.
func TestRevocationWinsOverARedemptionUnderWay(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		code := b.code(t, "loyers")
		var once sync.Once
		b.between(func() {
			once.Do(func() {
				grants := b.events(t, "grant.created")
				err := b.db.InTx(t.Context(), func(q *storage.Queries) error {
					_, err := q.RevokeGrant(t.Context(), grants[0].Details["grant"], b.at())
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		})
		wantRefused(t, "redemption of a revoked grant", b.token(t, exchange(code), "loyers"), 400, "invalid_grant")
		b.between(func() {})
		wantRefused(t, "and once more", b.token(t, exchange(code), "loyers"), 400, "invalid_grant")
	})
}

// Two tabs finish one request at once: one code, and the other tab is told.
func TestFlowFinishesOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		o := newOP(t, db)
		o.client(t, "loyers", nil)
		b := o.person(t, nil)
		w := b.get("/oauth2/authorize?" + asks("loyers").Encode())
		flow := flowOf(t, w)
		b.signIn(t).consents(t, "loyers", "openid email")
		codes, again := 0, 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			tab := &browser{op: o, cookies: map[string]string{}}
			for name, value := range b.cookies {
				tab.cookies[name] = value
			}
			wg.Go(func() {
				w := tab.get("/oauth2/authorize/suite?demande=" + flow)
				mu.Lock()
				defer mu.Unlock()
				switch to := w.Header().Get("Location"); {
				case answered(t, w).Get("code") != "":
					codes++
				case to == "/connexion/suite?demande="+flow:
					again++
				default:
					t.Errorf("answer %d %s", w.Code, to)
				}
			})
		}
		wg.Wait()
		if codes != 1 || again != 7 {
			t.Errorf("%d codes and %d tabs sent back, want 1 and 7", codes, again)
		}
	})
}

func flowOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != 303 || to.Path != "/connexion/suite" || to.Query().Get("demande") == "" {
		t.Fatalf("no flow: %d %s %s", w.Code, w.Header().Get("Location"), strings.TrimSpace(w.Body.String()))
	}
	return to.Query().Get("demande")
}
