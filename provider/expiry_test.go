package provider_test

import (
	"testing"
	"time"

	"loge/provider/providertest"
	"loge/storage"
)

// set moves the clock to an exact second, which lies ahead.
func set(t *testing.T, c *providertest.Clock, to storage.Time) {
	t.Helper()
	if by := to.Time().Sub(c.Now()); by >= 0 {
		c.Advance(by)
		return
	}
	t.Fatalf("%s is past", to.Time())
}

// moments are the second before the end of something, its end, and the second
// after: what ends at a time is refused from that very second on.
var moments = []struct {
	name  string
	after storage.Time
	live  bool
}{{"a second before", -1, true}, {"at its end", 0, false}, {"a second after", 1, false}}

// class 17
func TestProvisionalPasswordEndsOnTime(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			live, err := w.DB.LiveProvisionals(t.Context(), w.user().ID, storage.At(w.Clock.Now()))
			if err != nil || len(live) != 1 {
				t.Fatalf("%d live provisional passwords, %v", len(live), err)
			}
			// One browser is in the middle of the steps, another comes now.
			set(t, w.Clock, live[0].ExpiresAt-600)
			_, open := w.at(onPassword)
			set(t, w.Clock, live[0].ExpiresAt+m.after)
			_, page := w.at(onLogin)
			page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
			const over = "Ce mot de passe provisoire n’est plus valable"
			if m.live {
				expect(t, page, onPassword)
				expect(t, open.Submit("nouveau_mot_de_passe", own), onRules)
				return
			}
			if expect(t, page, over); page.Status != 403 || !page.Says("o•••@e•••.fr") && !page.Says("•••") {
				t.Errorf("status %d:\n%s", page.Status, page.Text())
			}
			expect(t, open.Submit("nouveau_mot_de_passe", own), over)
			if w.user().PasswordHash != "" {
				t.Error("a password was set with a provisional one that has expired")
			}
		})
	}
}

// class 17
func TestEmailCodeEndsOnTime(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b, page := w.at(onDetails)
			page = page.Submit("email", "odile.m@exemple.fr")
			code := w.Code("odile.m@exemple.fr")
			change, err := w.DB.EmailChangeOf(t.Context(), w.user().ID, storage.OwnAddress)
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(15 * time.Minute)
			expect(t, b.Get(w.URL+"/connexion/code"), onEmail) // the session lives as long
			set(t, w.Clock, change.ExpiresAt+m.after)
			page = page.Submit("code", code)
			if m.live {
				expect(t, page, onPassword)
				return
			}
			if expect(t, page, onEmail); !page.Says("n’est plus valable. Demandez un nouveau code.") {
				t.Errorf("the page says:\n%s", page.Text())
			}
			page = page.Press("Renvoyer le code")
			expect(t, page.Submit("code", w.Code("odile.m@exemple.fr")), onPassword)
		})
	}
}

// class 17
func TestRequestEndsOnTime(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b, page := w.at(onLogin)
			demande := page.URL.Query().Get("demande")
			f, err := w.DB.Flow(t.Context(), demande)
			if err != nil {
				t.Fatal(err)
			}
			set(t, w.Clock, f.ExpiresAt+m.after)
			page = page.Submit("identifiant", w.identifier, "mot_de_passe", w.provisional)
			if m.live {
				expect(t, page, onDetails)
				return
			}
			if expect(t, page, onFlowExpired); !page.Says("Retournez dans Loyers et recommencez.") {
				t.Errorf("the page says:\n%s", page.Text())
			}
			expect(t, b.Get(w.URL+"/oauth2/authorize/suite?demande="+demande), onFlowExpired)
			expect(t, b.Get(w.URL+"/"), onLogin) // nobody was signed in
		})
	}
}

// class 17
func TestCodeAndTokenEndOnTime(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b := w.activate()
			w.partner.Hold = true
			b.Get(w.partner.URL + "/login")
			issued := storage.At(w.Clock.Now())
			set(t, w.Clock, issued+60+m.after)
			answer := w.partner.Redeem(t, w.URL, w.partner.Last())
			if !m.live && (answer.Status != 400 || answer.JSON["error"] != "invalid_grant") || m.live && answer.Status != 200 {
				t.Errorf("the code: %+v", answer)
			}

			expect(t, b.Get(w.partner.URL+"/login"), onPartner)
			answer = w.partner.Redeem(t, w.URL, w.partner.Last())
			token, _ := answer.JSON["access_token"].(string)
			set(t, w.Clock, storage.At(w.Clock.Now())+3600+m.after)
			if info := w.partner.UserInfo(t, w.URL, token); m.live != (info.Status == 200) || !m.live && info.JSON["error"] != "invalid_token" {
				t.Errorf("the token: %+v", info)
			}
		})
	}
}

// class 17
func TestSessionEndsOnTime(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w := newWorld(t, providertest.Options{})
			b := w.activate()
			set(t, w.Clock, storage.At(w.Clock.Now())+30*60+m.after)
			want := onExpired
			if m.live {
				want = onAccount
			}
			expect(t, b.Get(w.URL+"/"), want)
		})
	}
}
