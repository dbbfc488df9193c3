package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"loge/provider/password"
	"loge/storage"
)

// BenchmarkSignIn is POST /connexion with the right password, on a durable
// SQLite database and without a network: everything but Argon2id, then with it.
func BenchmarkSignIn(b *testing.B) {
	for _, bench := range []struct {
		name   string
		params password.Params
	}{
		{"without-argon2", password.Params{Memory: 8, Time: 1, Threads: 1}},
		{"argon2-19MiB", password.Default},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w := newWorld(b, nil)
			w.Hasher = password.NewHasher(0, bench.params)
			w.publish(storage.Rules, "1", "r")
			u := w.active("odile@example.org")
			post := prepared(w, u, b)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if got := post(); got.Code != http.StatusSeeOther {
						b.Errorf("status %d", got.Code)
						return
					}
				}
			})
		})
	}
}

// BenchmarkPending is what it costs to read who is at the browser and to find that
// nothing is left to ask.
func BenchmarkPending(b *testing.B) {
	w := newWorld(b, nil)
	w.client()
	w.publish(storage.Rules, "1", strings.Repeat("règles ", 2000))
	w.publish(storage.Terms, "1", strings.Repeat("conditions ", 2000))
	u := w.active("odile@example.org")
	browser := w.browser()
	browser.get("/depart").submit("identifiant", u.Identifier, "mot_de_passe", own).press("Autoriser").shows("arrived as " + u.ID)
	sessions, err := w.DB.SessionsOfUser(b.Context(), u.ID)
	if err != nil || len(sessions) == 0 {
		b.Fatal(err)
	}
	flow := storage.Flow{ClientID: "loyers", Scopes: "openid profile bailleur"}
	b.ReportAllocs()
	for b.Loop() {
		visitor, err := w.DB.VisitorOfCookie(b.Context(), sessions[0].IDHash, "loyers", storage.At(w.Now()))
		if err != nil {
			b.Fatal(err)
		}
		if page, err := w.Pending(b.Context(), &visitor, flow); err != nil || page != "" {
			b.Fatal(page, err)
		}
	}
}

// prepared returns a function that posts the sign-in form once.
func prepared(w *world, u storage.User, b *testing.B) func() *httptest.ResponseRecorder {
	b.Helper()
	page := httptest.NewRecorder()
	if err := w.Login(page, httptest.NewRequest("GET", "/connexion", nil)); err != nil {
		b.Fatal(err)
	}
	cookies := page.Result().Cookies()
	form := url.Values{"identifiant": {u.Identifier}, "mot_de_passe": {own}}.Encode()
	handler := w.Pages.Handle(w.SubmitLogin)
	return func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/connexion", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
}
