package storage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// What was chained once is verified for ever: the text that is hashed is this.
func TestAuditChainIsTheSameForEver(t *testing.T) {
	e := AuditEvent{Seq: 12, At: 1764086400, Actor: "agent:zoé", Action: "account.imported", Subject: "a\n\"b\"\\\x00 ☂"}
	details := []byte(`{"n":"1","é":"à"}`)
	previous := []byte{0, 1, 254}
	content := fmt.Sprintf("%d\n%q\n%q\n%q\n%q\n", e.At, e.Actor, e.Action, e.Subject, details)
	want := sha256.Sum256(fmt.Appendf(nil, "%x\n%d\n%s", previous, e.Seq, content))
	if got := e.chain(previous, details); !bytes.Equal(got, want[:]) || e.content(details) != content {
		t.Errorf("%x, want %x, of %q", got, want, e.content(details))
	}
}

// The transactions of a group move the head together; one that fails among them
// leaves no gap.
func TestAuditHeadMovesWithTheGroup(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "loge.db")
	db, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	jobs := make([]*job, 12)
	for i := range jobs {
		jobs[i] = &job{ctx: t.Context(), done: make(chan struct{}), fn: func(q *Queries) error {
			err := q.Audit(t.Context(), AuditEvent{At: Time(i + 1), Actor: "system", Action: "test", Subject: "s"})
			if i == 1 || i == 5 || i == 11 {
				return refused
			}
			return err
		}}
	}
	// The first waits until the others stand in the queue.
	first := jobs[0].fn
	queued := make(chan struct{})
	jobs[0].fn = func(q *Queries) error { <-queued; return first(q) }
	go func() {
		for _, j := range jobs {
			db.writer.jobs <- j
		}
	}()
	go func() { time.Sleep(10 * time.Millisecond); close(queued) }()
	for i, j := range jobs {
		<-j.done
		if failed := errors.Is(j.err, refused); failed != (i == 1 || i == 5 || i == 11) || j.err != nil && !failed {
			t.Errorf("transaction %d: %v", i, j.err)
		}
	}
	if n, err := db.VerifyAudit(t.Context()); n != 9 || err != nil {
		t.Errorf("the chain holds %d events: %v", n, err)
	}
	// Another process has written meanwhile.
	other, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for i, d := range []*DB{other, db, db, other} {
		if err := d.InTx(t.Context(), func(q *Queries) error {
			return q.Audit(t.Context(), AuditEvent{At: Time(100 + i), Actor: "system", Action: "test", Subject: "s"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.VerifyAudit(t.Context()); n != 13 || err != nil {
		t.Errorf("the chain of two processes holds %d events: %v", n, err)
	}
}
