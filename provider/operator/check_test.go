package operator_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/operator"
	"loge/provider/secret"
	"loge/storage"
	"loge/storage/storagetest"
)

const goodSecret = "0123456789abcdef0123456789abcdef"

// checked runs the check and returns the text of each subject, with "problem: "
// before those that are not good.
func checked(t *testing.T, cfg config.Config, db *storage.DB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, f := range operator.Check(t.Context(), cfg, db) {
		found[f.Subject] = f.Text
		if !f.OK {
			found[f.Subject] = "problem: " + f.Text
		}
	}
	return found
}

func wantFinding(t *testing.T, found map[string]string, subject, want string) {
	t.Helper()
	if !strings.HasPrefix(found[subject], want) {
		t.Errorf("%s: %q, want it to begin with %q", subject, found[subject], want)
	}
}

func TestCheck(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		cfg := config.Config{Secret: goodSecret, Mail: config.Mail{Directory: t.TempDir()}}
		found := checked(t, cfg, db)
		wantFinding(t, found, "database", "reachable")
		wantFinding(t, found, "secret", "no signing keys yet")
		wantFinding(t, found, "rules", "problem: no text published")
		wantFinding(t, found, "terms", "problem: no text published")
		wantFinding(t, found, "mail", "written to")

		if _, err := agency(db).PublishDocument(t.Context(), operator.NewDocument{Kind: storage.Rules, Text: "x"}); err != nil {
			t.Fatal(err)
		}
		master, err := secret.NewMaster([]byte(goodSecret))
		if err != nil {
			t.Fatal(err)
		}
		box, err := secret.NewBox(master.Derive("signing keys"))
		if err != nil {
			t.Fatal(err)
		}
		err = db.InTx(t.Context(), func(q *storage.Queries) error {
			return q.AddSigningKey(t.Context(), storage.SigningKey{KID: "k1", Alg: "RS256", Generation: 1, Sealed: box.Seal([]byte("key"), "signing_keys/k1"), Public: "{}"})
		})
		if err != nil {
			t.Fatal(err)
		}
		found = checked(t, cfg, db)
		wantFinding(t, found, "rules", "version 1")
		wantFinding(t, found, "secret", "opens 1 signing keys")
		cfg.Secret = goodSecret + "x"
		wantFinding(t, checked(t, cfg, db), "secret", "problem: signing key k1")
	})
}

func TestCheckFindsAnOldSchema(t *testing.T) {
	db, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found := checked(t, config.Config{Mail: config.Mail{Directory: t.TempDir()}}, db)
	wantFinding(t, found, "database", "problem: not up to date: run loge migrate")
}

// A relay that takes the connection and says nothing, and none at all.
func TestCheckWaitsForNoRelay(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	port := silent.Addr().(*net.TCPAddr).Port
	db := storagetest.Open(t)
	smtp := config.SMTP{Host: "127.0.0.1", Port: port, TLS: "none", Timeout: 300 * time.Millisecond}
	began := time.Now()
	wantFinding(t, checked(t, config.Config{Mail: config.Mail{SMTP: smtp}}, db), "mail", "problem: 127.0.0.1:")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("check waited %v for a relay that is silent", took)
	}
	silent.Close()
	wantFinding(t, checked(t, config.Config{Mail: config.Mail{SMTP: smtp}}, db), "mail", "problem: 127.0.0.1:")
}
