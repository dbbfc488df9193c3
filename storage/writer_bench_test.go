package storage_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

var benchNumber atomic.Int64

func createOne(ctx context.Context, db *storage.DB) error {
	return db.InTx(ctx, func(q *storage.Queries) error {
		return q.CreateAccount(ctx, account(fmt.Sprintf("%014d", benchNumber.Add(1))))
	})
}

// BenchmarkCommit is one durable row in a transaction of its own.
func BenchmarkCommit(b *testing.B) {
	db := storagetest.Open(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := createOne(b.Context(), db); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommitTogether is the same from 64 goroutines at once: their
// commits are grouped.
func BenchmarkCommitTogether(b *testing.B) {
	db := storagetest.Open(b)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := createOne(context.Background(), db); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkRead is one row by its key, from a database of one row.
func BenchmarkRead(b *testing.B) {
	db := storagetest.Open(b)
	a := account("45675320380001")
	if err := db.InTx(b.Context(), func(q *storage.Queries) error { return q.CreateAccount(b.Context(), a) }); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Account(b.Context(), a.ID); err != nil {
			b.Fatal(err)
		}
	}
}
