package signin_test

import (
	"net/http"
	"testing"
	"time"

	"loge/provider/signin"
	"loge/storage"
)

// left is the time limit that the page's script is told, "" when the page has none.
func (p page) left() string { return p.Find("dialog").AttrOr("data-left", "") }

func TestPagesOfASessionWarnBeforeItEnds(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	w.publish(storage.Rules, "1", "r")
	w.publish(storage.Terms, "1", "c")
	for _, here := range stages {
		b, _, demande := at(w, here)
		p := b.get(here.path + "?demande=" + demande).shows(here.h1)
		if here.step == signin.Login {
			if p.left() != "" {
				t.Error("the sign-in page warns of the end of no session")
			}
			continue
		}
		want := "/connexion/expiration?demande=" + demande
		if got := p.Find("dialog").AttrOr("data-over", ""); got != want {
			t.Errorf("%s: after the end comes %q, want %q", here.step, got, want)
		}
		w.move(20 * time.Second) // used less than a minute ago: not noted again
		if got := b.get(here.path + "?demande=" + demande).left(); got != "1780" {
			t.Errorf("%s: %q s left, want 1780", here.step, got)
		}
		w.move(time.Minute)
		if got := b.get(here.path + "?demande=" + demande).left(); got != "1800" {
			t.Errorf("%s: %q s left, want 1800", here.step, got)
		}
	}
}

func TestPagesAfterTheEndDoNotWarn(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	u := w.active("odile@example.org")
	b := w.browser()
	account := b.login(u, own).shows(onAccount)
	ask := b.get("/deconnexion").shows("Voulez-vous vous déconnecter ?")
	if account.left() == "" || ask.left() == "" {
		t.Error("the pages of a session do not warn")
	}
	if p := b.get("/depart?prompt=login").shows(onLogin); p.left() != "" {
		t.Error("a page that asks for a fresh sign-in warns of the end of the old one")
	}
	if p := ask.submit().shows("Vous êtes déconnecté"); p.left() != "" {
		t.Error("the page of who has signed out warns")
	}
	b.login(u, own).shows(onAccount)
	w.set(u, storage.StateSuspended)
	if p := b.get("/").shows("L’accès à ce compte est suspendu"); p.left() != "" {
		t.Error("the page of who was signed out warns")
	}
}

// remaining asks for the time left and returns status and seconds.
func (b *browser) remaining(method string) (int, string) {
	b.w.t.Helper()
	r, err := http.NewRequest(method, b.w.server.URL+"/connexion/prolonger", nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	answer.Body.Close()
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		b.w.t.Errorf("%s: Cache-Control %q", method, got)
	}
	return answer.StatusCode, answer.Header.Get("Session-Remaining")
}

func TestStayingPutsTheEndOffAsOftenAsWished(t *testing.T) {
	w := newWorld(t, nil)
	b := w.browser()
	u := w.active("odile@example.org")
	b.login(u, own).shows(onAccount)
	expect := func(method string, status int, seconds string) {
		t.Helper()
		if gotStatus, got := b.remaining(method); gotStatus != status || got != seconds {
			t.Errorf("%s: %d with %q s left, want %d with %q", method, gotStatus, got, status, seconds)
		}
	}
	w.move(30 * time.Second)
	expect("GET", 204, "1770")
	expect("POST", 204, "1800") // within the minute, too
	for range 24 {              // 11 h 36 min
		w.move(29 * time.Minute)
		expect("GET", 204, "60")
		expect("GET", 204, "60") // asking is no use
		expect("POST", 204, map[bool]string{true: "1800", false: "0"}[w.Now().Before(w.begun(u).Add(11*time.Hour+30*time.Minute))])
	}
	if p := b.get("/").shows(onAccount); p.left() != "" {
		t.Error("a page promises to put the absolute end off")
	}
	w.move(24 * time.Minute)
	expect("POST", 410, "")
	expect("GET", 410, "")
}

// begun is when the user's newest session began.
func (w *world) begun(u storage.User) time.Time {
	w.t.Helper()
	sessions, err := w.DB.SessionsOfUser(w.t.Context(), u.ID)
	if err != nil || len(sessions) == 0 {
		w.t.Fatalf("sessions %v, %v", sessions, err)
	}
	return sessions[0].AuthenticatedAt.Time()
}

// TestEveryTabIsToldThatTheSessionExpired: the first tab loses the browser's
// cookie, the second is told all the same, and neither loses its request.
func TestEveryTabIsToldThatTheSessionExpired(t *testing.T) {
	w := newWorld(t, nil)
	w.client()
	b, _, demande := at(w, stages[2])
	over := "/connexion/expiration?demande=" + demande
	b.get(over).shows(stages[2].h1) // it has not
	w.move(30 * time.Minute)
	for tab := range 2 {
		if status, _ := b.remaining("POST"); status != http.StatusGone {
			t.Errorf("tab %d: status %d, want 410", tab, status)
		}
		p := b.get(over).shows("Votre session a expiré").says("après 30 minutes sans activité")
		if p.status != http.StatusForbidden || p.left() != "" {
			t.Errorf("tab %d: status %d, %q s left", tab, p.status, p.left())
		}
		again, _ := p.Find("main a.button").Attr("href")
		b.get(again).shows(onLogin).says("Vous venez de : Loyers.")
	}
	w.move(time.Hour)
	b.get(over).shows("Cette demande de connexion a expiré").says("Retournez dans Loyers")
	if status, _ := w.browser().remaining("POST"); status != http.StatusGone {
		t.Errorf("a browser that was never signed in: status %d, want 410", status)
	}
}
