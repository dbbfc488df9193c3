package provider_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loge/provider/account"
	"loge/provider/letter"
	"loge/provider/operator"
	"loge/provider/providertest"
	"loge/provider/text"
)

// says tells whether a letter holds a sentence.
func says(l letter.Letter, sentence string) bool {
	var b strings.Builder
	for _, p := range slices.Concat(l.Before, l.After) {
		for _, s := range p {
			b.WriteString(s.Text)
		}
		b.WriteString("\n")
	}
	return strings.Contains(b.String(), sentence)
}

// A letter that comes again says why, and that the former codes are dead; the
// first one does not.
func TestLettersSayThatTheyComeAgain(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import(marcel)
	const dead = "Les codes du courrier précédent ne marchent plus."
	printed := func(want int, sentence string) []letter.Letter {
		t.Helper()
		letters := p.Print()
		if len(letters) != want {
			t.Fatalf("%d letters, want %d", len(letters), want)
		}
		for _, l := range letters {
			if (sentence != "") != says(l, dead) || !says(l, sentence) {
				t.Errorf("« %s » does not say %q: %+v", l.Object, sentence, l.Before)
			}
		}
		return letters
	}
	order(t, p, account.Reissue, "45675320380002") // nothing has been posted yet
	printed(2, "")
	p.Clock.Advance(40 * 24 * time.Hour)
	asked := p.Clock.Now()
	page := p.Browser().Get(p.URL+problem+"/courrier").Submit("numero", "45675320380002", "code_postal", "38000")
	expect(t, page, "Votre demande est enregistrée")
	p.Deliver()
	p.Clock.Advance(3 * 24 * time.Hour)
	printed(2, "Vous avez demandé un nouveau courrier le "+text.Date(asked)+". "+dead)
	p.Clock.Advance(24 * time.Hour)
	if _, err := p.Delivery.Reprint(t.Context(), "4", "agent:test"); err != nil { // the day of asking stays
		t.Fatal(err)
	}
	printed(1, "Vous avez demandé un nouveau courrier le "+text.Date(asked)+". "+dead)
	order(t, p, account.Reset, "45675320380002")
	printed(1, "L’agence de Valmont vous envoie un nouveau courrier. "+dead)
	order(t, p, account.Reissue, "45675320380002")
	printed(2, "L’agence de Valmont vous envoie un nouveau courrier. "+dead)
}

// New codes of an organisation's administrator are for her: the letter says so,
// and no longer that whoever comes first becomes administrator.
func TestNewCodesOfAnOrganisationNameThePerson(t *testing.T) {
	t.Parallel()
	p := providertest.New(t)
	p.Import("45675320380004;moral;69;Régie du Parc;12345678900029;;;;;5 avenue du Parc;69006 Lyon;;;;;",
		"45675320380005;moral;69;Régie du Quai;12345678900037;;;;;Bâtiment A;Entrée 2;Résidence du Port;5 quai du Port;69006 Lyon;;")
	secrets := map[string][]string{} // by number: identifier and provisional password
	for _, l := range p.Print() {
		number := l.Number[len(l.Number)-14:]
		secrets[number] = append(secrets[number], l.Secret)
		if strings.Contains(l.Object, "identifiant") && !says(l, "La première personne qui se connecte devient administrateur") {
			t.Errorf("the first letter does not say what signing in means: %+v", l)
		}
	}
	for number, recipient := range map[string][]string{
		"45675320380004": {"REGIE DU PARC", "A L ATTENTION DE CLAIRE VIDAL", "5 AVENUE DU PARC", "69006 LYON"},
		"45675320380005": {"REGIE DU QUAI", "BATIMENT A", "ENTREE 2", "RESIDENCE DU PORT", "5 QUAI DU PORT", "69006 LYON"}, // no line is left
	} {
		w := visitor(t, p)
		w.email, w.password = "claire@"+number+".example", "seize caractères au moins pour elle"
		w.walk(tryPassword(p, p.Browser(), secrets[number][0], secrets[number][1]), onAccount)
		p.Print() // the notice of the administrator
		if _, err := p.Operator.Do(t.Context(), operator.Order{Act: account.Reissue, Target: find(t, p, number), Letter: true}); err != nil {
			t.Fatal(err)
		}
		letters := p.Print()
		for _, l := range letters {
			if !slices.Equal(l.Recipient, recipient) || says(l, "La première personne") {
				t.Errorf("« %s » goes to %q: %+v", l.Object, l.Recipient, l.After)
			}
		}
		if len(letters) != 2 {
			t.Errorf("%d letters", len(letters))
		}
	}
}

func find(t *testing.T, p *providertest.Provider, whom string) operator.Target {
	t.Helper()
	target, err := p.Operator.Find(t.Context(), whom)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
