package signin_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"loge/provider/password"
	"loge/provider/terms"
	"loge/storage"
)

// exec changes the database from outside, as an agent's command will. It works
// on the SQLite database that newWorld made.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	outside, err := sql.Open("sqlite3", "file:"+w.file+"?_busy_timeout=5000")
	if err != nil {
		w.t.Fatal(err)
	}
	defer outside.Close()
	if _, err := outside.ExecContext(context.Background(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

var numbers sync.Mutex

var number = 100

// person stores an account with one user, whose provisional password has been sent.
func (w *world) person(kind, email string) storage.User {
	w.t.Helper()
	numbers.Lock()
	number++
	n := number
	numbers.Unlock()
	a := storage.Account{ID: storage.NewID(), Number: fmt.Sprintf("45675320380%03d", n), Kind: kind, Department: "69", Channel: storage.ByEmail, CreatedAt: 1, UpdatedAt: 1}
	if kind == storage.Organisation {
		a.CompanyName = "SCI des Tilleuls"
	}
	if email == "" {
		a.Channel = storage.ByLetter
	}
	u := storage.User{AccountID: a.ID, Identifier: fmt.Sprintf("LOG1A2B3%03d", n), GivenName: "Odile", FamilyName: "Martin", Email: email, EmailKey: email,
		Role: storage.RoleHolder, State: storage.StateIssued, CreatedAt: 1}
	if kind == storage.Organisation {
		u.Role = storage.RoleMember
	}
	w.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateAccount(ctx, a) })
	return w.user(u)
}

// user stores a user and sends him the provisional password.
func (w *world) user(u storage.User) storage.User {
	w.t.Helper()
	u.ID = storage.NewID()
	w.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateUser(ctx, u) })
	w.send(u, provisional)
	return u
}

// send stores a provisional password of seven days, as delivery does.
func (w *world) send(u storage.User, plain string) {
	w.t.Helper()
	normal, _ := password.Normalize(plain)
	now := storage.At(w.Now())
	p := storage.Provisional{ID: storage.NewID(), UserID: u.ID, Hash: password.Hash(w.Master.Derive("provisional passwords"), u.ID, normal),
		Channel: storage.ByEmail, EmailKey: u.EmailKey, CreatedAt: now, ExpiresAt: now + 7*86400}
	if u.EmailKey == "" {
		p.Channel = storage.ByLetter
	}
	w.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateProvisional(ctx, p) })
}

// deliver stores the e-mail code, as delivery does when the mail leaves.
func (w *world) deliver(u storage.User) {
	w.t.Helper()
	now := storage.At(w.Now())
	w.write(func(ctx context.Context, q *storage.Queries) error {
		change, err := q.EmailChangeOf(ctx, u.ID, storage.OwnAddress)
		if err != nil {
			return err
		}
		_, err = q.SetEmailCode(ctx, u.ID, storage.OwnAddress, password.HashCode(w.Master.Derive("e-mail codes"), u.ID, change.EmailKey, code), now+1800, now)
		return err
	})
}

// publish publishes a version of a text.
func (w *world) publish(kind, version, body string) storage.Document {
	w.t.Helper()
	d, err := terms.New(kind, version, "les horaires de l’aide", body, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(func(ctx context.Context, q *storage.Queries) error { return q.PublishDocument(ctx, d) })
	return d
}

// client stores the application Loyers.
func (w *world) client() {
	w.t.Helper()
	c := storage.Client{ID: "loyers", Name: "Loyers", Publisher: "Loyers SARL", Purpose: "déclarer vos loyers", PolicyURI: "https://loyers.example.org/vie-privee",
		RedirectURIs: []string{redirectURI}, Scopes: "openid profile bailleur", AuthMethod: storage.AuthNone, SubjectType: storage.SubjectPairwise,
		IDTokenAlg: "RS256", RequirePKCE: true, Consent: storage.ConsentAsk, CreatedAt: 1, UpdatedAt: 1}
	w.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateClient(ctx, c) })
}

// reload reads the user's row.
func (w *world) reload(u storage.User) storage.User {
	w.t.Helper()
	u, err := w.DB.User(context.Background(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// actions lists what the journal says about the user, newest first.
func (w *world) actions(u storage.User) (list []string) {
	w.t.Helper()
	events, err := w.DB.AuditOf(context.Background(), u.ID, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		list = append(list, e.Action)
	}
	return list
}
