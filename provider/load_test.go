package provider_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/providertest"
)

// class 13: two hundred sign-ins at once, from as many machines, with the real
// parameters: each gets an answer in words, and the memory is that of the slots.
//
// Not parallel: it looks at the memory of the process.
func TestManySignInsAtOnceAreBounded(t *testing.T) {
	const slots, tries = 1, 200
	p := providertest.Start(t, providertest.Options{Hasher: password.NewHasher(slots, password.Default), Change: func(c *config.Config) {
		c.TrustedProxies = config.Prefixes{netip.MustParsePrefix("127.0.0.0/8")}
	}})
	identifier := activeUser(t, p, 0)
	browser := p.Browser()
	browser.Get(p.URL + "/connexion")
	flow := browser.Cookie(p.URL, "flow")
	runtime.GC()

	peak, stop := watchHeap()
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for i := range tries {
		wg.Go(func() {
			who, secret := fmt.Sprintf("LOG%08d", i), "un mot de passe faux"
			if i%10 == 0 {
				who, secret = identifier, own
			}
			status, err := signIn(p.URL, flow, who, secret, fmt.Sprintf("203.0.113.%d", i))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	wg.Wait()
	stop()
	for status, n := range statuses {
		switch status {
		case http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		default:
			t.Errorf("%d answers %d", n, status)
		}
	}
	if looked := statuses[http.StatusSeeOther] + statuses[http.StatusUnprocessableEntity]; looked == 0 || statuses[http.StatusServiceUnavailable] == 0 {
		t.Errorf("answers %v: some should be looked at, some be asked to come back", statuses)
	}
	// A slot's computation, the one before it waiting for the collector, and as
	// much again; 200 at once without slots would be 4 GB.
	if limit := uint64(slots*19<<20*4 + 200<<20); *peak > limit {
		t.Errorf("the heap reached %d MB, want %d at most", *peak>>20, limit>>20)
	}
	// And afterwards it works as before.
	if status, err := signIn(p.URL, flow, identifier, own, "203.0.113.250"); err != nil || status != http.StatusSeeOther {
		t.Errorf("afterwards a sign-in answers %d, %v", status, err)
	}
}

// watchHeap looks at the heap until it is stopped.
func watchHeap() (peak *uint64, stop func()) {
	peak = new(uint64)
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*peak = max(*peak, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return peak, func() { close(done); <-watched }
}

func signIn(issuer, flow, identifier, secret, from string) (status int, err error) {
	body := values("identifiant", identifier, "mot_de_passe", secret).Encode()
	r, err := http.NewRequest(http.MethodPost, issuer+"/connexion", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("Cookie", "loge-flow="+flow)
	r.Header.Set("X-Forwarded-For", from)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
		return answer.StatusCode, fmt.Errorf("503 without Retry-After")
	}
	return answer.StatusCode, nil
}
