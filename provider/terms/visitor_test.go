package terms

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

// Whether anything is pending is answered by storage, for every request of an
// application, and what it is by Pending: they must never differ.
func TestVisitorIsUpToDateWhenNothingIsPending(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		ctx, random := t.Context(), rand.New(rand.NewPCG(1, 2))
		write := func(fn func(q *storage.Queries) error) {
			t.Helper()
			if err := db.InTx(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		var people []storage.User
		for i := range 4 {
			id := fmt.Sprint("u", i)
			u := storage.User{ID: id, AccountID: id, Identifier: id, Role: storage.RoleHolder, State: storage.StateActive}
			people = append(people, u)
			write(func(q *storage.Queries) error {
				return errors.Join(
					q.CreateAccount(ctx, storage.Account{ID: id, Number: id, Kind: storage.Individual, Department: "69", Channel: storage.ByLetter}),
					q.CreateUser(ctx, u),
					q.CreateSession(ctx, storage.Session{ID: id, IDHash: []byte(id), UserID: id, ExpiresAt: 100}))
			})
		}
		answers := map[bool]int{}
		compare := func(docs []storage.Document, u storage.User, at storage.Time) {
			t.Helper()
			accepted, err := db.Acceptances(ctx, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			v, err := db.VisitorOfCookie(ctx, []byte(u.ID), "", at)
			pending := Pending(docs, accepted, at.Time())
			if err != nil || v.UpToDate != (len(pending) == 0) {
				t.Fatalf("at %d up to date is %v, pending %v; documents %+v, accepted %+v, %v", at, v.UpToDate, pending, docs, accepted, err)
			}
			answers[v.UpToDate]++
		}
		var docs []storage.Document
		compare(docs, people[0], 10)
		for i := range 12 {
			d := storage.Document{ID: fmt.Sprintf("%03d-%02d", random.IntN(1000), i), Kind: kinds[random.IntN(2)], Version: fmt.Sprint(i), SHA256: Sum(fmt.Sprint(i)),
				PublishedAt: storage.Time(10 + random.IntN(5))} // often two in one second, and not in order
			docs = append(docs, d)
			write(func(q *storage.Queries) error { return q.PublishDocument(ctx, d) })
			for _, u := range people {
				d := docs[random.IntN(len(docs))]
				sum := d.SHA256
				if random.IntN(8) == 0 {
					sum = Sum("another text")
				}
				write(func(q *storage.Queries) error { return accept(ctx, q, u, d, sum) })
				if random.IntN(2) == 0 { // the latest of each kind, as the pages have it
					for _, item := range Pending(docs, nil, storage.Time(14).Time()) {
						write(func(q *storage.Queries) error { return accept(ctx, q, u, item.Document, item.Document.SHA256) })
					}
				}
				for at := storage.Time(9); at < 16; at++ {
					compare(docs, u, at)
				}
			}
		}
		if answers[true] < 50 || answers[false] < 50 {
			t.Errorf("answers %v: the cases are too much alike", answers)
		}
	})
}

func accept(ctx context.Context, q *storage.Queries, u storage.User, d storage.Document, sum string) error {
	return q.Accept(ctx, storage.Acceptance{ID: storage.NewID(), UserID: u.ID, AccountID: u.AccountID, DocumentID: d.ID, Kind: d.Kind, Version: d.Version, SHA256: sum})
}
