package provider_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

// class 2: eight redemptions of one code at once, on one provider and spread
// over two replicas: one success. A later use is a replay and ends what the first
// one gave.
func TestOneOfEightRedemptionsSucceeds(t *testing.T) {
	for _, replicas := range []int{1, 2} {
		name := map[int]string{1: "alone", 2: "two replicas"}[replicas]
		t.Run(name, func(t *testing.T) {
			storagetest.ForEachURL(t, func(t *testing.T, database string) {
				w := newWorld(t, providertest.Options{Database: database})
				addresses := []string{w.Address}
				if replicas == 2 {
					addresses = append(addresses, w.Replica().Address)
				}
				w.partner.Hold = true
				b := w.activate()
				for range 3 {
					redeemAtOnce(t, w, addresses)
					b.Get(w.partner.URL + "/login") // the next code
				}
			})
		})
	}
}

func redeemAtOnce(t *testing.T, w world, addresses []string) {
	t.Helper()
	const at = 8
	held := w.partner.Last()
	if held.Code == "" {
		t.Fatalf("the application got %s", held)
	}
	answers := make([]providertest.Answer, at)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range at {
		wg.Go(func() {
			<-start
			answers[i] = w.partner.Redeem(t, addresses[i%len(addresses)], held)
		})
	}
	close(start)
	wg.Wait()
	won, token := 0, ""
	for _, a := range answers {
		switch {
		case a.Status == 200 && a.JSON["access_token"] != "":
			won++
			token, _ = a.JSON["access_token"].(string)
		case a.Status != 400 || a.JSON["error"] != "invalid_grant":
			t.Errorf("a redemption answers %+v", a)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d redemptions succeed", won, at)
	}
	if replay := w.partner.Redeem(t, addresses[0], held); replay.Status != 400 || replay.JSON["error"] != "invalid_grant" {
		t.Errorf("a replay answers %+v", replay)
	}
	for _, address := range addresses {
		if info := w.partner.UserInfo(t, address, token); info.Status != 401 {
			t.Errorf("after a replay the token still opens userinfo: %+v", info)
		}
	}
}

// Replicas are one provider: a sign-in begun at one goes on at the other, in the
// middle of every step, and a code of one is redeemed at the other.
func TestReplicasAreOneProvider(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		w := newWorld(t, providertest.Options{Database: database})
		other := w.Replica()
		w.partner.Hold = true
		b, page := w.at(onDetails)
		for _, h1 := range []string{onPassword, onRules, onTerms, onConsent} {
			// The browser knows one issuer; a balancer would send it to the other.
			seen := b.Get(other.Address + page.URL.RequestURI())
			expect(t, seen, page.H1())
			page = w.walk(page, h1)
		}
		w.walk(page, onPartner)
		answer := w.partner.Redeem(t, other.Address, w.partner.Last())
		if answer.Status != 200 {
			t.Fatalf("redemption at the replica: %+v", answer)
		}
		if info := w.partner.UserInfo(t, w.Address, answer.JSON["access_token"].(string)); info.Status != 200 || info.JSON["given_name"] != "Odile" {
			t.Errorf("userinfo at the first: %+v", info)
		}

		// What is revoked at one is dead at the other at once.
		access := answer.JSON["access_token"].(string)
		if info := w.partner.UserInfo(t, other.Address, access); info.Status != 200 {
			t.Errorf("userinfo at the replica: %+v", info)
		}
		if revoked := revoke(t, w.Address, w.partner, access); revoked.Status != 200 {
			t.Errorf("revocation: %+v", revoked)
		}
		for _, address := range []string{other.Address, w.Address} {
			if info := w.partner.UserInfo(t, address, access); info.Status != 401 {
				t.Errorf("userinfo after the revocation at the other: %+v", info)
			}
		}
		if _, err := w.DB.VerifyAudit(t.Context()); err != nil {
			t.Errorf("the journal: %v", err)
		}
	})
}

// A restart in the middle keeps everything: session, request, provisional
// password and the keys that signed.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Database: "sqlite:" + filepath.Join(t.TempDir(), "loge.db")})
	b, page := w.at(onTerms)
	again := w.Replica() // what a new process on the same files is
	seen := b.Get(again.Address + page.URL.RequestURI())
	expect(t, seen, onTerms)
	w.Clock.Advance(time.Minute)
	w.walk(page, onPartner)
	if result := w.partner.Last(); result.Err != nil {
		t.Errorf("the application got %s", result)
	}
}
