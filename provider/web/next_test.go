package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"loge/provider/web"
)

// The next request brings what the browser would bring: the cookies it had, those
// it was just given, and none that was just deleted.
func TestNextRequestIsThatOfTheBrowser(t *testing.T) {
	r := httptest.NewRequest("POST", "/connexion?demande=1", strings.NewReader("mot_de_passe=secret"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "old phone")
	for _, c := range []string{"kept=1", "session=old", "gone=1"} {
		r.Header.Add("Cookie", c)
	}
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "older"})
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "new", Path: "/", HttpOnly: true})
	http.SetCookie(w, &http.Cookie{Name: "gone", MaxAge: -1})
	next, err := web.Next(w, r, web.AddressFor("/connexion/suite", "2"))
	if err != nil {
		t.Fatal(err)
	}
	if next.Method != "GET" || next.URL.Path != "/connexion/suite" || next.URL.Query().Get("demande") != "2" || next.RequestURI != "/connexion/suite?demande=2" {
		t.Errorf("%s %s (%s)", next.Method, next.URL, next.RequestURI)
	}
	if got := next.Header.Values("Cookie"); strings.Join(got, "; ") != "kept=1; session=new" {
		t.Errorf("cookies %q", got)
	}
	if next.UserAgent() != "old phone" || next.FormValue("mot_de_passe") != "" || next.ContentLength != 0 {
		t.Errorf("%v, form %v", next.Header, next.Form)
	}
	if got := r.Header["Cookie"]; len(got) != 3 || r.Method != "POST" || r.PostForm.Get("mot_de_passe") != "secret" {
		t.Errorf("the request itself has changed: %s %v", r.Method, got)
	}
}
