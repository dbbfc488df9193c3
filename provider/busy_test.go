package provider_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loge/provider/providertest"
)

// 64 applications ask for codes and tokens at once, on SQLite: nobody is told
// that the database is locked, and nobody waits for ever.
func TestManyFlowsAtOnce(t *testing.T) {
	t.Parallel()
	const workers, flows, patience = 64, 4, 2 * time.Minute
	l := newLoad(t, providertest.Options{})
	var mu sync.Mutex
	var took []time.Duration
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for range flows {
				start := time.Now()
				token, err := l.flow()
				if err == nil {
					_, err = l.refresh(token)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("after %v some of %d flows have not ended", patience, workers*flows)
	}
	if len(took) != workers*flows {
		t.Fatalf("%d of %d flows ended well", len(took), workers*flows)
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100].Round(time.Millisecond) }
	t.Logf("%d workers, code and refresh: p50 %v, p95 %v, p99 %v, longest %v", workers, at(50), at(95), at(99), at(100))
}

// Requests go on while many rows that have expired are deleted.
func TestPurgeBlocksNobody(t *testing.T) {
	t.Parallel()
	const expired = 200_000
	l := newLoad(t, providertest.Options{})
	fillTokens(t, l.Provider, expired, l.Clock.Now().Add(-48*time.Hour))

	var purged atomic.Bool
	ended := make(chan error, 1)
	go func() {
		err := l.Purge(t.Context())
		purged.Store(true)
		ended <- err
	}()
	during := 0
	for !purged.Load() {
		if _, err := l.ownToken(); err != nil {
			t.Fatal(err)
		}
		during++
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	// Each batch lets those pass who wait: there are far more requests than that.
	if batches := expired / 1000; during < batches/4 {
		t.Errorf("%d requests were answered while %d rows were deleted", during, expired)
	}
	var left int
	if err := outside(t, l.Provider).QueryRow(`SELECT COUNT(*) FROM access_tokens WHERE client_id = 'filler'`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d rows are left (%v)", left, err)
	}
}

// fillTokens writes many tokens of clients' own straight into the SQLite file,
// the last of which expires then.
func fillTokens(t testing.TB, p *providertest.Provider, rows int, expires time.Time) {
	t.Helper()
	db := outside(t, p)
	if _, err := db.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		INSERT INTO access_tokens (signature, grant_id, client_id, scopes, session, requested_at, expires_at, audience)
		SELECT hex(randomblob(21)), '', 'filler', 'quittances:lire', '', ?2 - 7200, ?2 - 3600 + i * 3600 / ?1, '' FROM n`, rows, expires.Unix()); err != nil {
		t.Fatal(err)
	}
}
