//go:build browser

package browsertest

import (
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"loge/provider/config"
	"loge/provider/demo"
)

// player is somebody of the demonstration and what they will do.
type player struct {
	key          string // in the mailbox
	number       string // numéro utilisateur of the account to sign in to
	name         string // as the partner will greet
	given        string // typed when the agency does not know it
	family       string
	email        string // typed when the agency does not know it, then confirmed by a code
	organisation bool   // the first person becomes administrator
	password     string // chosen
}

var (
	odile   = player{key: "odile", number: "99039000010001", name: "Odile Perrin", password: "quatre tilleuls sous la neige"}
	marcel  = player{key: "marcel", number: "99039000020001", name: "Marcel Aubry", email: "marcel.aubry@courriel.example", password: "le moulin tourne encore"}
	habitat = player{key: "habitat", number: "99039000030001", name: "Samira Benali", given: "Samira", family: "Benali",
		email: "samira.benali@trois-rivieres.example", organisation: true, password: "quatre barques dans le matin gris"}
	jeanneJura  = player{key: "jeanne", number: "99039000040001", name: "Jeanne Vasseur", password: "vignes hautes du coteau"}
	jeanneDoubs = player{key: "jeanne", number: "99025000040001", name: "Jeanne Vasseur", password: "horloge arrêtée à midi"}
)

// clock is the time of a demonstration, which a test may move on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) forward(by time.Duration) { c.ahead.Add(int64(by)) }

// demonstration starts one for the test, on free ports.
func demonstration(t *testing.T, change ...func(*config.Config)) (*demo.Demo, *clock) {
	t.Helper()
	var c clock
	d, err := demo.Start(t.Context(), demo.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Out: io.Discard,
		Now: c.now,
		Change: func(cfg *config.Config) {
			for _, do := range change {
				do(cfg)
			}
		},
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Errorf("stop demonstration: %v", err)
		}
	})
	return d, &c
}

var (
	identifierPattern  = regexp.MustCompile(`LOG[\s\x{a0}]?([0-9A-Z]{8})\b`)
	provisionalPattern = regexp.MustCompile(`\b([CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4}-[CDFGHJKMNPQRTVWXY3479]{4})\b`)
	codePattern        = regexp.MustCompile(`code[\s\x{a0}]*:[\s\x{a0}]*(\d{6})\b`)
)

// message waits at the person's mailbox for the newest message that holds
// about and matches the pattern, loading the page again as somebody who waits
// does, and returns what the pattern's group found.
func (v *visitor) message(about string, pattern *regexp.Regexp) string {
	v.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		messages := get(v, "read messages", chromedp.Evaluate[[]string](`[...document.querySelectorAll("article")].map(a => a.textContent)`))
		for _, message := range messages {
			if found := pattern.FindStringSubmatch(message); found != nil && strings.Contains(message, about) {
				return found[1]
			}
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("at %s: none of %d messages about %q matches %s%s", v.address(), len(messages), about, pattern, v.lastSight())
		}
		time.Sleep(200 * time.Millisecond)
		v.reload()
	}
}

// credentials reads the identifier and the provisional password in the mailbox.
func (v *visitor) credentials(d *demo.Demo, p player) (identifier, provisional string) {
	v.t.Helper()
	v.open(d.Mailbox + "/" + p.key)
	return "LOG" + v.message(p.number, identifierPattern), v.message(p.number, provisionalPattern)
}

// code reads an e-mail code in a tab of its own, as people do.
func (v *visitor) code(d *demo.Demo, p player) string {
	v.t.Helper()
	mailbox := v.another()
	mailbox.open(d.Mailbox + "/" + p.key)
	return mailbox.message(p.email, codePattern)
}

// begin goes from the partner's page to the sign-in page.
func (v *visitor) begin(d *demo.Demo) {
	v.t.Helper()
	v.open(d.Partner)
	v.follow("Se connecter avec Mon Compte Partenaire")
	v.on("Connexion à l’Espace bailleur")
}

// signedOutOf opens the partner's page until it knows nobody any more: it is
// told of a sign-out in the background, a moment later.
func (v *visitor) signedOutOf(d *demo.Demo) {
	v.t.Helper()
	for range 50 {
		v.open(d.Partner)
		if !strings.HasPrefix(v.heading(), "Bonjour ") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	v.t.Fatal("the partner was not told of the sign-out")
}

// signIn fills the sign-in page in and sends it.
func (v *visitor) signIn(identifier, password string) {
	v.t.Helper()
	v.fill("identifiant", identifier)
	v.fill("mot_de_passe", password)
	v.press("Connexion")
}

// firstSteps walks from the first page after the sign-in to the consent page,
// and looks at every page.
func (v *visitor) firstSteps(d *demo.Demo, p player) {
	v.t.Helper()
	if p.organisation {
		v.on("Vous allez devenir administrateur")
		v.look("administrator")
		v.press("Je continue")
	}
	v.on("Vérifiez vos renseignements")
	for field, value := range map[string]string{"prenom": p.given, "nom": p.family, "email": p.email} {
		if value != "" {
			v.fill(field, value)
		}
	}
	v.look("details")
	v.press("Continuer")
	if p.email != "" {
		v.on("Confirmez votre adresse e-mail")
		v.look("email")
		v.fill("code", v.code(d, p))
		v.press("Continuer")
	}
	v.on("Choisissez votre mot de passe")
	v.fill("nouveau_mot_de_passe", p.password)
	v.look("password")
	v.press("Enregistrer ce mot de passe")
	v.on("Acceptez les règles d’usage")
	v.look("rules")
	v.tick("accepte")
	v.press("Accepter et continuer")
	v.on("Acceptez les conditions d’utilisation")
	v.look("terms")
	v.tick("accepte")
	v.press("Accepter et terminer")
	v.on("Loyers demande vos renseignements")
	v.look("consent")
}

// received checks the partner's page: the greeting, the account and that every
// check of the tokens is listed.
func (v *visitor) received(p player) {
	v.t.Helper()
	v.on("Bonjour " + p.name)
	page := v.read("main")
	want := []string{p.number, "La signature RS256 est juste", "state, nonce et PKCE", "userinfo parle de la même personne"}
	if p.organisation {
		want = append(want, "Habitat des Trois Rivières", "99900000300015", "Administrateur")
	}
	if p.email != "" {
		want = append(want, p.email+" (confirmée)")
	}
	if missing := slices.DeleteFunc(want, func(s string) bool { return strings.Contains(page, s) }); len(missing) > 0 {
		v.t.Errorf("the partner's page does not show %q%s", missing, v.lastSight())
	}
}
