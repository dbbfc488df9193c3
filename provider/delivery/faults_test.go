package delivery

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"loge/provider/mail"
	"loge/storage"
)

// breakTable has every write to a table fail, as a full disk would, until the
// returned function is called.
func (o *office) breakTable(t *testing.T, table string) (repair func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", strings.TrimPrefix(o.url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	execute := func(query string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	for _, act := range []string{"INSERT", "UPDATE"} {
		execute(`CREATE TRIGGER fault_` + act + ` BEFORE ` + act + ` ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'injected fault'); END`)
	}
	return func() {
		t.Helper()
		for _, act := range []string{"INSERT", "UPDATE"} {
			execute(`DROP TRIGGER fault_` + act)
		}
	}
}

// again queues one more provisional password.
func (o *office) again(t *testing.T, u storage.User, channel string) {
	t.Helper()
	o.write(t, func(ctx context.Context, q *storage.Queries) error {
		now := storage.At(o.clock())
		return q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: channel, AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
	})
}

// TestFailedWriteOfASendingLeavesAWorkingPassword breaks each table before the
// message is taken and behind the relay.
func TestFailedWriteOfASendingLeavesAWorkingPassword(t *testing.T) {
	for _, table := range []string{"messages", "provisionals", "audit", "audit_head"} {
		for _, when := range []string{"before", "behind the relay"} {
			t.Run(table+" "+when, func(t *testing.T) {
				o := open(t, "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
				o.Separation = 0
				u := o.landlord(t, 1, storage.ByEmail)
				o.run(t, 2)
				former := found(t, passwordShape, o.smtp.last(t).text)
				o.again(t, u, storage.ByEmail)
				var repair func()
				relay := o.Sender
				if when == "before" {
					repair = o.breakTable(t, table)
				} else {
					o.Sender = senderFunc(func(ctx context.Context, m *mail.Mail) error {
						err := relay.Send(ctx, m)
						repair = o.breakTable(t, table)
						return err
					})
				}
				_, err := o.Run(t.Context())
				o.Sender = relay
				if len(o.smtp.taken()) == 3 {
					if arrived := found(t, passwordShape, o.smtp.last(t).text); o.opens(t, u, arrived) != 1 {
						t.Error("the password that arrived opens nothing")
					}
				} else if o.opens(t, u, former) != 1 {
					t.Error("no password has left and the former one opens nothing")
				}
				if when == "behind the relay" && err == nil {
					t.Error("nobody is told of the fault")
				}
				repair()
				o.wait(leaseTime)
				if _, err := o.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				newest := found(t, passwordShape, o.smtp.last(t).text)
				live, err := o.DB.LiveProvisionals(t.Context(), u.ID, storage.At(o.clock()))
				if err != nil || len(live) != 1 || newest == former || o.opens(t, u, newest) != 1 {
					t.Errorf("%d live, %v; want the newest alone", len(live), err)
				}
				o.keepsSecret(t, former, newest)
			})
		}
	}
}

// TestFailedWriteOfAPrintLeavesTheFormerPassword breaks each table before the run.
func TestFailedWriteOfAPrintLeavesTheFormerPassword(t *testing.T) {
	for _, table := range []string{"print_runs", "messages", "provisionals", "audit", "audit_head"} {
		t.Run(table, func(t *testing.T) {
			o := open(t, "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
			kept, dir := o.keep(), t.TempDir()
			u := o.landlord(t, 1, storage.ByLetter)
			o.print(t, dir)
			former := (*kept)[1][0].Secret
			o.again(t, u, storage.ByLetter)
			before := len(names(t, dir))
			repair := o.breakTable(t, table)
			if _, err := o.Print(t.Context(), dir, "agent:odile"); err == nil {
				t.Error("a run counts as printed that is not recorded")
			}
			if o.opens(t, u, former) != 1 {
				t.Error("the former password opens nothing although no other was printed")
			}
			repair()
			o.print(t, dir)
			newest := (*kept)[len(*kept)-1][0].Secret
			if o.opens(t, u, newest) != 1 || o.opens(t, u, former) != 0 {
				t.Error("want the newest alone")
			}
			if got := len(names(t, dir)); got != before+2 {
				t.Errorf("files: %v", names(t, dir))
			}
			o.keepsSecret(t, former, newest)
		})
	}
}
