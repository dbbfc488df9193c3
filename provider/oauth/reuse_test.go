package oauth_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// fosite.md item 38; RFC 9700 §4.14.2: who shows a used token after its grace
// ends the family; lost answers and parallel tabs within it end nothing.
func TestReuseAfterTheGraceRevokesTheFamily(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		other := b.family(t, "loyers")
		first := b.family(t, "loyers")
		second := b.token(t, refreshes(first.Refresh), "loyers")
		b.advance(30 * time.Second) // the last second of the grace
		lost := b.token(t, refreshes(first.Refresh), "loyers")
		if lost.status != 200 || lost.Refresh == second.Refresh {
			t.Fatalf("within the grace: %+v", lost)
		}
		b.advance(time.Second)
		for _, branch := range []string{second.Refresh, lost.Refresh} { // each goes on
			if got := b.token(t, refreshes(branch), "loyers"); got.status != 200 {
				t.Fatalf("branch: %+v", got)
			}
		}
		b.lives(t, "before the reuse", second.Access, true)
		for range 3 {
			wantRefused(t, "reuse", b.token(t, refreshes(first.Refresh), "loyers"), 400, "invalid_grant")
		}
		for _, dead := range []string{first.Access, second.Access, lost.Access} {
			b.lives(t, "access token of the family", dead, false)
		}
		for _, dead := range []string{second.Refresh, lost.Refresh} {
			wantRefused(t, "refresh token of the family", b.token(t, refreshes(dead), "loyers"), 400, "invalid_grant")
		}
		events := b.events(t, "refresh_token.reused")
		if len(events) != 1 || events[0].Subject != b.user.ID || events[0].Details["client"] != "loyers" {
			t.Errorf("events %+v, want one for three reuses", events)
		}
		b.lives(t, "another family of the same person", other.Access, true)
		if got := b.token(t, refreshes(other.Refresh), "loyers"); got.status != 200 {
			t.Errorf("another family: %+v", got)
		}
	})
}

func TestCodeReplayRevokesTheRefreshTokenToo(t *testing.T) {
	b := away(t, storagetest.Open(t))
	code := b.code(t, "loyers", "scope", offlineScope)
	got := b.token(t, exchange(code), "loyers")
	wantRefused(t, "replay", b.token(t, exchange(code), "loyers"), 400, "invalid_grant")
	wantRefused(t, "refresh after a replay", b.token(t, refreshes(got.Refresh), "loyers"), 400, "invalid_grant")
}

// security-classes.md 1: the refresh token of one client shown by another,
// confidential and public in every mix.
func TestRefreshTokenShownByAnotherClient(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := away(t, db)
		both := func(c *storage.Client) { public(c); offline(c) }
		for i, mix := range []struct{ owner, thief func(*storage.Client) }{{offline, offline}, {both, both}, {offline, both}, {both, offline}} {
			owner, thief := fmt.Sprint("owner", i), fmt.Sprint("thief", i)
			b.client(t, owner, mix.owner)
			b.client(t, thief, mix.thief)
			b.consents(t, owner, everything+" offline_access")
			send := func(id string, token string) tokens {
				if c, err := b.db.Client(t.Context(), id); err != nil || c.Public() {
					return b.token(t, refreshes(token, "client_id", id), "")
				}
				return b.token(t, refreshes(token), id)
			}
			var held tokens
			if c, _ := b.db.Client(t.Context(), owner); c.Public() {
				held = b.token(t, exchange(b.code(t, owner, "scope", offlineScope), "client_id", owner), "")
			} else {
				held = b.family(t, owner)
			}
			before := len(b.events(t, "refresh_token.leaked"))
			for range 2 {
				wantRefused(t, "thief", send(thief, held.Refresh), 400, "invalid_grant")
			}
			events := b.events(t, "refresh_token.leaked")[before:]
			if len(events) != 1 || events[0].Details["shown_by"] != thief || events[0].Subject != b.user.ID {
				t.Errorf("mix %d: events %+v, want one", i, events)
			}
			b.lives(t, "the owner's access token", held.Access, true)
			next := send(owner, held.Refresh)
			if next.status != 200 {
				t.Errorf("mix %d: the owner's own refresh: %+v", i, next)
			}
			b.advance(time.Minute)
			wantRefused(t, "thief with a used token", send(thief, held.Refresh), 400, "invalid_grant")
			if got := send(owner, next.Refresh); got.status != 200 {
				t.Errorf("mix %d: a thief ended the owner's family: %+v", i, got)
			}
		}
	})
}

// security-classes.md 2; fosite.md item 38: fifty uses at once, by two replicas,
// are one family and sign nobody out.
func TestConcurrentRefreshesAreOneFamily(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		replicas := []*op{b.op, newOP(t, storagetest.OpenURL(t, address))}
		first := b.family(t, "loyers")
		const n = 50
		answers := make([]tokens, n)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				<-start
				answers[i] = replicas[i%2].token(t, refreshes(first.Refresh), "loyers")
			})
		}
		close(start)
		wg.Wait()
		seen := map[string]bool{}
		for _, got := range answers {
			if got.status != 200 || seen[got.Refresh] {
				t.Fatalf("a refresh at the same time: %+v", got)
			}
			seen[got.Refresh] = true
			b.lives(t, "its access token", got.Access, true)
		}
		if len(b.events(t, "refresh_token.reused")) != 0 {
			t.Error("parallel use counts as reuse")
		}
		next := replicas[1].token(t, refreshes(answers[0].Refresh), "loyers")
		if next.status != 200 {
			t.Fatalf("next refresh: %+v", next)
		}
		// One family: its end ends all of it.
		for _, r := range replicas {
			r.advance(31 * time.Second)
		}
		wantRefused(t, "reuse", replicas[1].token(t, refreshes(first.Refresh), "loyers"), 400, "invalid_grant")
		for _, got := range answers {
			b.lives(t, "after the reuse", got.Access, false)
		}
		b.lives(t, "after the reuse", next.Access, false)
	})
}

// An operator may want no grace: then a token works once.
func TestWithoutGraceARefreshTokenWorksOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		replicas := []*op{b.op, newOP(t, storagetest.OpenURL(t, address))}
		for _, r := range replicas {
			r.Lifetimes.RefreshGrace = 0
		}
		first := b.family(t, "loyers")
		answers := make([]tokens, 50)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = replicas[i%2].token(t, refreshes(first.Refresh), "loyers") })
		}
		wg.Wait()
		var winner tokens
		for _, got := range answers {
			if got.status != 200 {
				wantRefused(t, "loser", got, 400, "invalid_grant")
				continue
			}
			if winner.Access != "" {
				t.Error("two of fifty succeed")
			}
			winner = got
		}
		b.lives(t, "the winner's access token", winner.Access, true)
		b.advance(time.Second)
		wantRefused(t, "reuse", b.token(t, refreshes(first.Refresh), "loyers"), 400, "invalid_grant")
		b.lives(t, "after the reuse", winner.Access, false)
	})
}

// What bounds the rows of one token refuses without ending anything.
func TestTooManyUsesWithinTheGraceRevokeNothing(t *testing.T) {
	b := away(t, storagetest.Open(t))
	first := b.family(t, "loyers")
	var last tokens
	for i := range 64 {
		if last = b.token(t, refreshes(first.Refresh), "loyers"); last.status != 200 {
			t.Fatalf("use %d: %+v", i, last)
		}
	}
	wantRefused(t, "use 65", b.token(t, refreshes(first.Refresh), "loyers"), 400, "invalid_grant")
	if got := b.token(t, refreshes(last.Refresh), "loyers"); got.status != 200 {
		t.Errorf("the family: %+v", got)
	}
}

// fosite.md §4: a revocation that commits while a rotation is being signed wins,
// whoever revokes.
func TestRevocationWinsOverARotationUnderWay(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		for what, revoke := range map[string]func(first tokens) tokens{
			"the client itself": func(first tokens) tokens { return b.post(t, "/oauth2/revoke", first.Refresh, "loyers") },
			"all signed out": func(tokens) tokens {
				b.write(t, func(ctx context.Context, q *storage.Queries) error {
					return q.EndOtherSessions(ctx, b.user.ID, "", b.at())
				})
				b.signIn(t)
				return tokens{status: 200}
			},
		} {
			first := b.family(t, "loyers")
			rotating := newOP(t, storagetest.OpenURL(t, address))
			looks, revoked := 0, tokens{}
			rotating.between(func() {
				// The clock is looked at when the token is read, and again before the transaction.
				if looks++; looks == 6 {
					revoked = revoke(first)
				}
			})
			got := rotating.token(t, refreshes(first.Refresh), "loyers")
			if revoked.status != 200 {
				t.Fatalf("%s: not revoked in time (%d looks at the clock): %+v", what, looks, revoked)
			}
			wantRefused(t, what, got, 400, "invalid_grant")
			b.lives(t, what, first.Access, false)
		}
	})
}

// A rotation that commits first, and the revocation after it: nothing is left.
func TestRevocationEndsWhatARotationJustGave(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := away(t, storagetest.OpenURL(t, address))
		replica := newOP(t, storagetest.OpenURL(t, address))
		for range 10 {
			first := b.family(t, "loyers")
			var rotated, revoked tokens
			var wg sync.WaitGroup
			wg.Go(func() { rotated = replica.token(t, refreshes(first.Refresh), "loyers") })
			wg.Go(func() { revoked = b.post(t, "/oauth2/revoke", first.Refresh, "loyers") })
			wg.Wait()
			if revoked.status != 200 {
				t.Fatalf("revocation: %+v", revoked)
			}
			if rotated.status == 200 {
				b.lives(t, "access token of the rotation", rotated.Access, false)
				wantRefused(t, "refresh token of the rotation", b.token(t, refreshes(rotated.Refresh), "loyers"), 400, "invalid_grant")
			} else {
				wantRefused(t, "rotation", rotated, 400, "invalid_grant")
			}
			b.lives(t, "first access token", first.Access, false)
		}
	})
}
