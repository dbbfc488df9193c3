//go:build browser

package browsertest

import (
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/demo"
	"loge/provider/life"
)

// The stories of people who cannot get in, each from the page that stops them to
// the page they wanted. Each ends well without anybody's help.

// storyScreens are those on which the stories are played: an old telephone and a
// desk.
var storyScreens = []screen{{320, 640, false}, {1280, 900, true}}

// play runs a story on each screen, with a demonstration of its own.
func play(t *testing.T, name string, story func(t *testing.T, v *visitor, d *demo.Demo, clock *clock), change ...func(*config.Config)) {
	t.Helper()
	browser := chromium(t)
	for _, s := range storyScreens {
		t.Run(s.String(), func(t *testing.T) {
			d, clock := demonstration(t, change...)
			story(t, visit(t, browser, s, "story-"+name), d, clock)
		})
	}
}

// fresh is the same person at another machine.
func (v *visitor) fresh() *visitor {
	v.t.Helper()
	return visit(v.t, v.tab, v.screen, v.name+"-elsewhere")
}

// activated has the person finish the first sign-in, in this browser.
func (v *visitor) activated(d *demo.Demo, p player) (identifier string) {
	v.t.Helper()
	identifier, provisional := v.credentials(d, p)
	v.finishes(d, p, identifier, provisional)
	return identifier
}

// finishes signs in for the first time and goes on to the partner's page.
func (v *visitor) finishes(d *demo.Demo, p player, identifier, provisional string) {
	v.t.Helper()
	v.hurry = true
	v.begin(d)
	v.signIn(identifier, provisional)
	v.firstSteps(d, p)
	v.press("Autoriser")
	v.received(p)
	v.hurry = false
}

// again waits for the newest message that holds about and brings a provisional
// password.
func (v *visitor) again(d *demo.Demo, p player, about string) (provisional string) {
	v.t.Helper()
	mailbox := v.another()
	mailbox.open(d.Mailbox + "/" + p.key)
	return mailbox.message(about, provisionalPattern)
}

// signOut ends the session in this browser.
func (v *visitor) signOut(d *demo.Demo) {
	v.t.Helper()
	v.open(d.Issuer + "/deconnexion")
	v.press("Me déconnecter")
}

// choose chooses a new password after a provisional one or a link.
func (v *visitor) choose(password string) {
	v.t.Helper()
	v.on("Choisissez un nouveau mot de passe")
	v.fill("nouveau_mot_de_passe", password)
	v.look("new-password")
	v.press("Enregistrer ce mot de passe")
}

// refused checks that the sign-in page says what is wrong.
func (v *visitor) refused(says string) {
	v.t.Helper()
	v.on("Connexion à l’Espace bailleur")
	if text := v.read("main"); !strings.Contains(plainSpaces(text), says) {
		v.t.Errorf("at %s: no %q in:\n%s", v.address(), says, text)
	}
}

// plainSpaces makes every space one that a test can write.
func plainSpaces(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \n\t\u00a0\u202f", r) }), " ")
}

const fresh = "trois moulins contre le vent"

// Marcel never signed in and lost the letter with the password: both come again,
// to the address the agency knows.
func TestLostLetter(t *testing.T) {
	play(t, "lost-letter", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier, lost := v.credentials(d, marcel)
		clock.forward(20 * 24 * time.Hour)
		v.open(d.Issuer + "/connexion")
		v.follow("Problème de connexion")
		v.answer("jamais")
		v.answer("courrier")
		v.answer("provisoire")
		v.on("Recevoir un nouveau courrier")
		v.press("Demander un courrier") // nothing typed: told what to type
		v.wrong("letter-empty", "numero", "Saisissez votre numéro utilisateur.")
		v.fill("numero", "99039 00002 0001")
		v.fill("code_postal", "39 990")
		v.look("letter")
		v.press("Demander un courrier")
		v.on("Votre demande est enregistrée")
		v.look("letter-asked")
		provisional := v.again(d, marcel, "Vous avez demandé un nouveau courrier")
		v.follow("Aller à la connexion")
		v.signIn(identifier, lost)
		v.refused("L’identifiant ou le mot de passe n’est pas correct")
		v.finishes(d, marcel, identifier, strings.ToLower(provisional))
	})
}

// Odile's provisional password has expired, and so has Marcel's and his code for
// the e-mail address: each page says until when it was valid and leads to another.
func TestExpiredCode(t *testing.T) {
	play(t, "expired", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier, expired := v.credentials(d, odile)
		clock.forward(8 * 24 * time.Hour)
		v.begin(d)
		v.signIn(identifier, expired)
		v.on("Ce mot de passe provisoire n’est plus valable")
		v.look("expired-mail")
		v.follow("Recevoir un nouveau mot de passe provisoire")
		v.on("Mot de passe oublié")
		v.fill("email", "odile.perrin@courriel.example")
		v.press("Recevoir un mot de passe provisoire")
		v.on("Regardez vos e-mails")
		v.look("sent")
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + odile.key)
		provisional := mailbox.otherThan(provisionalPattern, expired)
		v.finishes(d, odile, identifier, provisional)

		v = v.fresh()
		identifier, expired = v.credentials(d, marcel)
		clock.forward(31 * 24 * time.Hour)
		v.begin(d)
		v.signIn(identifier, expired)
		v.on("Ce mot de passe provisoire n’est plus valable")
		v.look("expired-letter")
		v.follow("Demander un courrier")
		v.fill("numero", marcel.number)
		v.fill("code_postal", "39990")
		v.press("Demander un courrier")
		provisional = v.again(d, marcel, "Vous avez demandé un nouveau courrier")
		v.begin(d)
		v.signIn(identifier, provisional)
		v.on("Vérifiez vos renseignements")
		v.fill("email", marcel.email)
		v.press("Continuer")
		v.on("Confirmez votre adresse e-mail")
		late := v.code(d, marcel)
		clock.forward(29 * time.Minute)
		v.reload()
		v.on("Confirmez votre adresse e-mail")
		clock.forward(2 * time.Minute)
		v.fill("code", late)
		v.press("Continuer")
		v.wrong("code-expired", "code", "Ce code n’est pas correct ou n’est plus valable.")
		v.press("Renvoyer le code")
		v.look("code-again")
		mailbox = v.another()
		mailbox.open(d.Mailbox + "/" + marcel.key)
		v.fill("code", mailbox.otherThan(codePattern, late))
		v.press("Continuer")
		v.on("Choisissez votre mot de passe")
	})
}

// otherThan waits for a newest message that matches with something else than known.
func (v *visitor) otherThan(pattern *regexp.Regexp, known string) string {
	v.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if found := v.message("", pattern); found != known {
			return found
		}
		v.reload()
	}
	v.t.Fatalf("at %s: nothing else than %q comes", v.address(), known)
	return ""
}

// Odile forgot her password: a provisional one comes by e-mail, and the one she
// has goes on until she uses it.
func TestForgottenPassword(t *testing.T) {
	play(t, "forgotten", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier := v.activated(d, odile)
		elsewhere := v.fresh()
		elsewhere.begin(d)
		elsewhere.signIn(identifier, "je ne sais plus lequel")
		elsewhere.refused("L’identifiant ou le mot de passe n’est pas correct")
		elsewhere.follow("Mot de passe oublié")
		elsewhere.look("forgotten")
		elsewhere.press("Recevoir un mot de passe provisoire")
		elsewhere.wrong("forgotten-empty", "email", "Saisissez votre adresse e-mail.")
		elsewhere.fill("email", "Odile.Perrin@courriel.example")
		elsewhere.press("Recevoir un mot de passe provisoire")
		elsewhere.on("Regardez vos e-mails")
		elsewhere.look("sent")
		provisional := elsewhere.again(d, odile, "Quelqu’un a demandé un nouveau mot de passe")

		v.signOut(d)
		v.open(d.Issuer + "/connexion")
		v.signIn(identifier, odile.password) // it still works
		v.on("Mon Compte Partenaire")

		elsewhere.begin(d)
		elsewhere.signIn(identifier, strings.ReplaceAll(provisional, "-", " "))
		elsewhere.choose(fresh)
		elsewhere.received(odile)
		v.open(d.Issuer)
		v.on("Votre session a expiré") // the other browser is signed out
		v.begin(d)
		v.signIn(identifier, odile.password)
		v.refused("L’identifiant ou le mot de passe n’est pas correct")
		v.signIn(identifier, fresh)
		v.received(odile)
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + odile.key)
		mailbox.message("Vos autres appareils ont été déconnectés", regexp.MustCompile(`(99039000010001)`))
		mailbox.look("mailbox")
	})
}

// The same where a link is sent: it works once, and looking at it changes nothing.
func TestForgottenPasswordByLink(t *testing.T) {
	play(t, "link", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier := v.activated(d, odile)
		v.signOut(d)
		v.open(d.Issuer + "/connexion")
		v.follow("Mot de passe oublié")
		v.look("forgotten")
		v.fill("email", "odile.perrin@courriel.example")
		v.press("Recevoir un lien")
		v.on("Regardez vos e-mails")
		v.look("sent")
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + odile.key)
		link := mailbox.message("Choisissez un nouveau mot de passe avec ce lien", regexp.MustCompile(`(http://\S+/mot-de-passe-oublie/choisir\?lien=[-0-9A-Za-z_.]+)`))
		scanner := v.fresh()
		scanner.open(link)
		scanner.on("Choisissez un nouveau mot de passe")
		v.open(link)
		v.fill("nouveau_mot_de_passe", "court")
		v.press("Enregistrer ce mot de passe")
		v.wrong("link-short", "nouveau_mot_de_passe", "Il en a 5.")
		v.choose(fresh)
		v.on("Votre mot de passe est changé")
		v.look("changed")
		v.follow("Aller à la connexion")
		v.signIn(identifier, fresh)
		v.on("Mon Compte Partenaire")
		v.open(link)
		v.on("Ce lien ne marche plus")
		v.look("link-dead")
		v.follow("Demander un nouveau lien")
		v.on("Mot de passe oublié")
	}, func(c *config.Config) { c.Security.Reset = config.ResetLink })
}

// A stranger types wrong passwords until the account waits: in the browser she
// knows Odile goes on; elsewhere she comes in with another password.
func TestLockedOutByAStranger(t *testing.T) {
	play(t, "stranger", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier := v.activated(d, odile)
		v.signOut(d)
		stranger := v.fresh()
		stranger.open(d.Issuer + "/connexion")
		for range 5 {
			stranger.signIn(identifier, "un mot de passe faux")
		}
		stranger.look("third-failure")
		stranger.signIn(identifier, "un mot de passe faux")
		stranger.refused("Trop d’essais. Par sécurité, attendez 2 minutes, puis recommencez.")
		stranger.look("wait")

		v.open(d.Issuer + "/connexion")
		v.signIn(identifier, odile.password)
		v.on("Mon Compte Partenaire")

		elsewhere := v.fresh()
		elsewhere.begin(d)
		elsewhere.signIn(identifier, odile.password) // the right one, in a browser nobody knows
		elsewhere.refused("Trop d’essais.")
		elsewhere.follow("Mot de passe oublié")
		elsewhere.fill("email", "odile.perrin@courriel.example")
		elsewhere.press("Recevoir un mot de passe provisoire")
		provisional := elsewhere.again(d, odile, "Quelqu’un a demandé un nouveau mot de passe")
		elsewhere.begin(d)
		elsewhere.signIn(identifier, provisional)
		elsewhere.choose(fresh)
		elsewhere.received(odile)

		clock.forward(3 * time.Minute) // and waiting helps as well
		last := v.fresh()
		last.begin(d)
		last.signIn(identifier, fresh)
		last.received(odile)
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + odile.key)
		mailbox.message("la connexion à votre compte", regexp.MustCompile(`a été arrêtée après plusieurs (mots de passe) faux`))
	})
}

// Odile's e-mail address is no longer hers and she forgot the password: letters
// go to the address the agency knows.
func TestLostEmailAddress(t *testing.T) {
	play(t, "lost-address", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier := v.activated(d, odile)
		v = v.fresh()
		v.open(d.Issuer + "/connexion")
		v.follow("Problème de connexion")
		v.answer("email")
		v.answer("nom")
		v.answer("oui")
		v.on("Connectez-vous") // who knows the password changes the address there
		v.look("knows-the-password")
		v.follow("Question précédente")
		v.answer("non")
		v.on("Recevoir un nouveau courrier")
		v.look("letters")
		v.fill("numero", odile.number)
		v.fill("code_postal", "39990")
		v.press("Demander un courrier")
		v.on("Votre demande est enregistrée")
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + odile.key)
		provisional := mailbox.message("Vous avez demandé un nouveau courrier", provisionalPattern)
		if got := "LOG" + mailbox.message("Vous avez demandé un nouveau courrier", identifierPattern); got != identifier {
			t.Errorf("the letter brings %s, not %s", got, identifier)
		}
		mailbox.look("mailbox")
		v.begin(d)
		v.signIn(identifier, provisional)
		v.choose(fresh)
		v.received(odile)

		// Inside, she gives the address that is hers.
		v.open(d.Issuer + "/compte/adresse-e-mail")
		v.fill("email", "odile@ailleurs.example")
		v.fill("mot_de_passe", fresh)
		v.look("new-address")
		v.press("Recevoir un code")
		code := v.another()
		code.open(d.Mailbox + "/adresse?a=odile@ailleurs.example")
		v.fill("code", code.message("", codePattern))
		v.press("Continuer")
		if !strings.Contains(v.read("main"), "odile@ailleurs.example") {
			t.Errorf("« Mon compte » does not show the new address:\n%s", v.read("main"))
		}
		mailbox.open(d.Mailbox + "/adresse?a=odile.perrin@courriel.example")
		mailbox.message("", regexp.MustCompile(`(o•••@a•••\.example)`)) // the former address is told
		mailbox.look("mailbox-told")
	})
}

// Nobody signed in for two years: after two warnings the access ends, and new
// codes open it again.
func TestDormantAccess(t *testing.T) {
	play(t, "dormant", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier := v.activated(d, odile)
		v.signOut(d)
		mailbox, announced := v.another(), ""
		for i, days := range []time.Duration{701, 24, 8} {
			clock.forward(days * 24 * time.Hour)
			l := life.Life{DB: d.DB, Retention: config.Default().Retention, Now: clock.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			if err := l.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if warning := regexp.MustCompile(`avant le\s(.{4,20}), l’accès sera désactivé`); i < 2 {
				mailbox.open(d.Mailbox + "/" + odile.key)
				announced = mailbox.otherThan(warning, announced)
			}
		}
		mailbox.look("mailbox")
		v.begin(d)
		v.signIn(identifier, odile.password)
		v.on("Ce compte a été désactivé")
		v.look("dormant")
		v.follow("Demander de nouveaux codes")
		v.fill("numero", odile.number)
		v.fill("code_postal", "39990")
		v.press("Demander un courrier")
		v.on("Votre demande est enregistrée")
		provisional := v.again(d, odile, "Vous avez demandé un nouveau courrier")
		v.begin(d)
		v.signIn(identifier, provisional)
		v.choose(fresh)
		v.received(odile)
	})
}

// Jeanne mixes up two accounts: the questions lead her to the identifier that
// goes with the password she has.
func TestWrongAccountOfTwo(t *testing.T) {
	play(t, "two-accounts", func(t *testing.T, v *visitor, d *demo.Demo, clock *clock) {
		identifier, provisional := v.credentials(d, jeanneJura)
		other, _ := v.credentials(d, jeanneDoubs)
		v.begin(d)
		v.signIn(other, provisional)
		v.refused("L’identifiant ou le mot de passe n’est pas correct")
		v.follow("Problème de connexion")
		v.answer("message")
		v.answer("incorrect")
		v.on("L’identifiant ou le mot de passe n’est pas correct")
		v.look("message")
		v.open(d.Issuer + problem)
		v.answer("plusieurs")
		v.on("Retrouver vos comptes")
		v.look("accounts")
		v.follow("Retrouver un identifiant")
		v.fill("numero", jeanneJura.number)
		v.fill("email", "jeanne.jura@courriel.example")
		v.press("Recevoir mon identifiant")
		v.on("Regardez vos e-mails")
		v.look("sent")
		mailbox := v.another()
		mailbox.open(d.Mailbox + "/" + jeanneJura.key)
		if got := "LOG" + mailbox.message("Vous avez demandé votre identifiant", identifierPattern); got != identifier {
			t.Errorf("the mail brings %s, not %s", got, identifier)
		}
		v.finishes(d, jeanneJura, identifier, provisional)
	})
}
