package oauth_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/oauth"
	"loge/storage/storagetest"
)

// Replicas that act at the same moment agree on one key, at a change by the
// calendar, by command, and for a compromised key.
func TestReplicasAgreeOnTheNextKey(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b, other := replicas(t, address)
		both := func(fn func(k *oauth.Keys) error) {
			var wg sync.WaitGroup
			for range 3 {
				for _, o := range []*op{b.op, other} {
					wg.Go(func() {
						if err := fn(o.KeyChanges()); err != nil {
							t.Error(err)
						}
					})
				}
			}
			wg.Wait()
		}
		both(func(k *oauth.Keys) error {
			return k.Announce(t.Context(), "ES256")
		})
		if got := b.states(t, "ES256"); got != "signing next" {
			t.Fatalf("announced six times at once: %q", got)
		}
		b.advance(90 * day)
		both(func(k *oauth.Keys) error { return k.Turn(t.Context()) })
		if got := b.states(t, "RS256"); got != "signing next" {
			t.Errorf("six turns at once: RS256 %q", got)
		}
		if got := len(b.events(t, "key.created")); got != 4+1+4 {
			t.Errorf("%d events key.created, want four first keys, one announced, four by the calendar", got)
		}
		both(func(k *oauth.Keys) error { return k.Replace(t.Context(), "RS256") })
		if got := b.states(t, "RS256"); strings.Count(got, oauth.KeySigning) != 1 || !strings.HasSuffix(got, oauth.KeySigning) || strings.Contains(got, oauth.KeyNext) {
			t.Errorf("replaced at once: %q", got)
		}
		b.advance(61 * time.Second)
		if one, two := kid(t, b.issued(t, b.op)), kid(t, b.issued(t, other)); one != two {
			t.Errorf("replicas sign with %s and %s", one, two)
		}
	})
}

// Whatever fails on the way, nothing is half done, and another replica goes on
// from there.
func TestFailedChangeLeavesTheKeysAsTheyWere(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b, other := replicas(t, address)
		token := b.issued(t, b.op)
		changes := []func(context.Context, string) error{b.KeyChanges().Announce, b.KeyChanges().Replace}
		execute(t, address, "ALTER TABLE audit RENAME TO broken")
		for i, change := range changes {
			if err := change(t.Context(), "RS256"); err == nil {
				t.Errorf("change %d succeeds without a journal", i)
			}
		}
		b.advance(90 * day)
		if err := b.RotateKeys(t.Context()); err == nil {
			t.Error("a turn succeeds without a journal")
		}
		execute(t, address, "ALTER TABLE broken RENAME TO audit")
		b.wantStates(t, "after failures", "signing")
		if got := kid(t, b.issued(t, b.op)); got != kid(t, token) {
			t.Errorf("%s signs, want %s", got, kid(t, token))
		}
		if err := other.RotateKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.wantStates(t, "the other replica's turn", "signing next")

		// A death after the key was made and before its beginning was noted.
		b.advance(oauth.KeyLead)
		execute(t, address, "ALTER TABLE audit RENAME TO broken")
		if err := b.RotateKeys(t.Context()); err == nil {
			t.Error("a turn succeeds without a journal")
		}
		execute(t, address, "ALTER TABLE broken RENAME TO audit")
		b.wantStates(t, "without the note", "published signing")
		for range 2 {
			if err := other.RotateKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(b.events(t, "key.signing")); got != 8 {
			t.Errorf("%d events key.signing, want 8", got)
		}
		if n, err := b.db.VerifyAudit(t.Context()); err != nil {
			t.Errorf("journal after %d events: %v", n, err)
		}
	})
}

// While the database is away replicas sign with what they know; after a quiet
// day the first of many requests does not leave the others an old key.
func TestQuietReplicaSignsWithTheRightKey(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.haveKeys(t)
	if err := b.KeyChanges().Announce(t.Context(), "RS256"); err != nil {
		t.Fatal(err)
	}
	old := kid(t, b.issued(t, b.op))
	b.advance(3 * day)
	b.signIn(t)
	var wg sync.WaitGroup
	for range 8 {
		code := b.code(t, "loyers")
		wg.Go(func() {
			if got := kid(t, b.token(t, exchange(code), "loyers").ID); got == old {
				t.Error("signed with a key that is published no more")
			}
		})
	}
	wg.Wait()
}
