package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/letter"
	"loge/provider/mail"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/provider/text"
	"loge/storage"
	"loge/storage/storagetest"
	"loge/templates"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

// office is an agency with its database, its relay and a clock that is moved.
type office struct {
	*Delivery
	url  string
	smtp *relay
	log  *lockedBuffer

	mu  sync.Mutex
	now time.Time
}

var opening = time.Date(2026, time.November, 23, 14, 20, 0, 0, time.UTC)

// forEach runs test with an office on SQLite and on PostgreSQL.
func forEach(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	storagetest.ForEachURL(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

func open(t testing.TB, url string) *office {
	t.Helper()
	o := &office{url: url, smtp: startRelay(t), log: &lockedBuffer{}, now: opening}
	o.Delivery = o.replica(t)
	return o
}

// replica is one more process on the same database.
func (o *office) replica(t testing.TB) *Delivery {
	t.Helper()
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	service := config.Service{
		Name: "Espace bailleur", AccountName: "Mon Compte Partenaire", Operator: "l’Agence du logement de Valmont",
		Support: config.Support{Mail: "aide@agence.example", Phone: "01 99 00 12 34", Hours: "de 9 h à 17 h"},
		Colours: config.Colours{Main: "#1d4f7c"},
	}
	composer, err := mail.NewComposer(mail.Composer{Texts: texts, Service: service, Issuer: "https://connexion.agence.example", From: "noreply@agence.example", Now: o.clock})
	if err != nil {
		t.Fatal(err)
	}
	master, err := secret.NewMaster([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return New(Delivery{
		DB:         storagetest.OpenURL(t, o.url),
		Composer:   composer,
		Sender:     &mail.SMTP{Config: o.smtp.config()},
		Letters:    letter.Composer{Texts: texts, Service: service, Letters: config.Letters{Place: "Valmont"}, Issuer: "https://connexion.agence.example"},
		Master:     master,
		Security:   config.Security{ProvisionalByEmail: 7 * 24 * time.Hour, ProvisionalByLetter: 30 * 24 * time.Hour, EmailCode: 30 * time.Minute},
		Separation: 2 * time.Minute,
		Now:        o.clock,
		Log:        slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// write runs fn in a transaction.
func (o *office) write(t testing.TB, fn func(ctx context.Context, q *storage.Queries) error) {
	t.Helper()
	if err := o.DB.InTx(t.Context(), func(q *storage.Queries) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}

// landlord opens account number n and enqueues its credentials.
func (o *office) landlord(t testing.TB, n int, channel string, change ...func(a *storage.Account, u *storage.User)) storage.User {
	t.Helper()
	a := storage.Account{ID: storage.NewID(), Number: fmt.Sprintf("4567532038%04d", n), Kind: storage.Individual, Department: "69", Channel: channel,
		Address: "12 rue des Lilas\n69003 Lyon", CreatedAt: storage.At(o.clock())}
	u := storage.User{ID: storage.NewID(), AccountID: a.ID, Identifier: account.NewIdentifier(), Title: "Mme", GivenName: "Odile", FamilyName: "Tessier",
		Role: storage.RoleHolder, State: storage.StateIssued, CreatedAt: storage.At(o.clock())}
	if channel == storage.ByEmail {
		u.Email = fmt.Sprintf("odile%d@exemple.example", n)
		u.EmailKey = u.Email
	}
	for _, c := range change {
		c(&a, &u)
	}
	o.write(t, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateAccount(ctx, a), q.CreateUser(ctx, u), q.EnqueueCredentials(ctx, a, u, storage.At(o.clock())))
	})
	return u
}

// run lets what is due leave, and fails the test when it does not.
func (o *office) run(t *testing.T, want int) {
	t.Helper()
	if n, err := o.Run(t.Context()); n != want || err != nil {
		t.Fatalf("Run = %d, %v; want %d mails\n%s", n, err, want, o.log)
	}
}

// message returns the user's message of that kind.
func (o *office) message(t *testing.T, u storage.User, kind string) storage.Message {
	t.Helper()
	list, err := o.DB.MessagesOf(t.Context(), u.ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Kind == kind {
			return m
		}
	}
	t.Fatalf("no message of kind %s", kind)
	return storage.Message{}
}

// opens tells how many of the user's live passwords the typed one is.
func (o *office) opens(t *testing.T, u storage.User, typed string) int {
	t.Helper()
	code, ok := password.Normalize(typed)
	if !ok {
		t.Fatalf("%q is no provisional password", typed)
	}
	live, err := o.DB.LiveProvisionals(t.Context(), u.ID, storage.At(o.clock()))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range live {
		if password.Equal(p.Hash, password.Hash(o.Master.Derive("provisional passwords"), u.ID, code)) {
			n++
		}
	}
	return n
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestEndOfValidity(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now      string
		validity time.Duration
		end, day string
	}{
		{"2026-11-23 15:20", 7 * 24 * time.Hour, "2026-12-01 00:00", "30 novembre 2026"},
		{"2026-11-23 00:00", 7 * 24 * time.Hour, "2026-12-01 00:00", "30 novembre 2026"},
		{"2026-11-23 23:59", 30 * 24 * time.Hour, "2026-12-24 00:00", "23 décembre 2026"},
		{"2027-03-26 12:00", 7 * 24 * time.Hour, "2027-04-03 00:00", "2 avril 2027"}, // the clock moves on 28 March
		{"2026-12-31 23:30", time.Hour, "2027-01-01 00:30", "1er janvier 2027"},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, paris)
		if err != nil {
			t.Fatal(err)
		}
		got := end(now, c.validity)
		if got.In(paris).Format("2006-01-02 15:04") != c.end {
			t.Errorf("%s valid for %s ends %s, want %s", c.now, c.validity, got.In(paris), c.end)
		}
		if day := strings.ReplaceAll(text.Date(lastDay(got)), "\u00a0", " "); day != c.day {
			t.Errorf("%s valid for %s is said to end on %s, want %s", c.now, c.validity, day, c.day)
		}
	}
}

func TestWakeNeverBlocks(t *testing.T) {
	o := open(t, "sqlite:"+filepath.Join(t.TempDir(), "loge.db"))
	o.Wake()
	o.Wake()
	<-o.Woken()
	select {
	case <-o.Woken():
		t.Error("two calls woke twice")
	default:
	}
}

func TestDirectoryInsteadOfRelay(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		dir := t.TempDir()
		o.Sender, o.Separation = &mail.Directory{Path: dir}, 0
		u := o.landlord(t, 1, storage.ByEmail)
		o.run(t, 2)
		files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil || len(files) != 2 {
			t.Fatalf("files = %v, %v; want two", files, err)
		}
		var texts []string
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, parse(t, raw).text)
		}
		found(t, identifierShape, texts[0])
		plain := found(t, passwordShape, texts[1])
		if o.opens(t, u, plain) != 1 {
			t.Errorf("the password of the file opens nothing")
		}
		o.keepsSecret(t, plain)
	})
}
