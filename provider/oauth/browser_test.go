package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"loge/storage"
)

// browser is a person's browser: its cookies, and who is signed in.
type browser struct {
	*op
	cookies map[string]string
	user    storage.User
	account storage.Account
	session storage.Session
}

var people atomic.Int64

// person stores an account whose user has finished the first sign-in.
func (o *op) person(t testing.TB, change func(*storage.Account, *storage.User)) *browser {
	t.Helper()
	n := people.Add(1)
	b := &browser{op: o, cookies: map[string]string{}}
	b.account = storage.Account{ID: storage.NewID(), Number: fmt.Sprintf("4567532038%04d", n), Kind: storage.Individual, Department: "69",
		Channel: storage.ByEmail, Address: "12 RUE DES LILAS\n69003 LYON", CreatedAt: 1, UpdatedAt: 1}
	b.user = storage.User{ID: storage.NewID(), AccountID: b.account.ID, Identifier: fmt.Sprintf("LOG%08d", n), GivenName: "Odile", FamilyName: "Marchand",
		Email: fmt.Sprintf("odile%d@example.org", n), EmailKey: fmt.Sprintf("odile%d@example.org", n), EmailVerifiedAt: 5, Phone: "+33612345678", DetailsAt: 7,
		Role: storage.RoleHolder, State: storage.StateActive, PasswordHash: "$argon2id$", CreatedAt: 1}
	if change != nil {
		change(&b.account, &b.user)
	}
	o.write(t, func(ctx context.Context, q *storage.Queries) error {
		return errors.Join(q.CreateAccount(ctx, b.account), q.CreateUser(ctx, b.user))
	})
	return b
}

// signIn gives the browser a session, a new one each time.
func (b *browser) signIn(t testing.TB) *browser {
	t.Helper()
	b.write(t, func(ctx context.Context, q *storage.Queries) error {
		s, cookie, err := b.op.session.Start(ctx, q, httptest.NewRequest("POST", "/connexion", nil), storage.Session{UserID: b.user.ID, AMR: "pwd"})
		if err == nil {
			b.session, b.cookies[cookie.Name] = s, cookie.Value
		}
		return err
	})
	return b
}

// consents lets the client see these scopes.
func (b *browser) consents(t testing.TB, clientID, scopes string) *browser {
	t.Helper()
	b.write(t, func(ctx context.Context, q *storage.Queries) error {
		return q.SaveConsent(ctx, storage.Consent{UserID: b.user.ID, ClientID: clientID, Scopes: scopes, GrantedAt: b.at()})
	})
	return b
}

// do sends a request with the browser's cookies and keeps those it gets.
func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return w
}

func (b *browser) get(address string) *httptest.ResponseRecorder {
	return b.do(httptest.NewRequest("GET", address, nil))
}

func challenge(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// with changes a form: pairs of name and value, "-" deletes.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			form.Del(pairs[i])
		} else {
			form.Set(pairs[i], pairs[i+1])
		}
	}
	return form
}

// asks is a good authorization request of a client.
func asks(clientID string, pairs ...string) url.Values {
	return with(url.Values{"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {"openid email"},
		"state": {"state-1"}, "nonce": {"nonce-1"}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}}, pairs...)
}

// authorize sends an authorization request and returns what the client gets at
// its redirect URI, or the answer when there is no redirect to it.
func (b *browser) authorize(t testing.TB, query url.Values) (url.Values, *httptest.ResponseRecorder) {
	t.Helper()
	w := b.get("/oauth2/authorize?" + query.Encode())
	return answered(t, w), w
}

func answered(t testing.TB, w *httptest.ResponseRecorder) url.Values {
	t.Helper()
	if w.Code != http.StatusSeeOther {
		return nil
	}
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatalf("Location: %v", err)
	}
	if to.Scheme == "" {
		return nil // a page of ours
	}
	return to.Query()
}

// code gets a code for a client.
func (b *browser) code(t testing.TB, clientID string, pairs ...string) string {
	t.Helper()
	got, w := b.authorize(t, asks(clientID, pairs...))
	if got.Get("code") == "" {
		t.Fatalf("no code: %d %s %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	return got.Get("code")
}
