package delivery

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"loge/storage"
)

// BenchmarkPrint prints 10,000 identifiers and 10,000 passwords.
//
//	go test -run '^$' -bench Print -benchtime 1x ./provider/delivery/
func BenchmarkPrint(b *testing.B) {
	const letters = 10_000
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		o := open(b, "sqlite:"+filepath.Join(b.TempDir(), "loge.db"))
		o.write(b, func(ctx context.Context, q *storage.Queries) error {
			for n := range letters {
				a := storage.Account{ID: storage.NewID(), Number: fmt.Sprintf("456753203%05d", n), Kind: storage.Individual, Department: "69",
					Channel: storage.ByLetter, Address: "12 rue des Lilas\n69003 Lyon"}
				u := storage.User{ID: storage.NewID(), AccountID: a.ID, Identifier: fmt.Sprintf("LOG%08d", n), Title: "Mme", GivenName: "Odile",
					FamilyName: "Tessier", Role: storage.RoleHolder, State: storage.StateIssued}
				if err := errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u), q.EnqueueCredentials(ctx, a, u, 1)); err != nil {
					return err
				}
			}
			return nil
		})
		stop := watchHeap()
		b.StartTimer()
		runs, err := o.Print(b.Context(), b.TempDir(), "agent:bench")
		b.StopTimer()
		b.ReportMetric(float64(stop())/1e6, "peak-MB")
		printed := 0
		for _, run := range runs {
			printed += run.Letters
		}
		if err != nil || printed != 2*letters {
			b.Fatalf("%d letters, %v", printed, err)
		}
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/(2*letters), "µs/letter")
}

// watchHeap samples the live heap until it is stopped, and returns the most it saw.
func watchHeap() (stop func() uint64) {
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); <-ended; return most.Load() }
}
